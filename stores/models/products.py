"""What is sold."""

import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FoldedField, SearchKeyField
from core.validators import plain_text
from stores.constants import KEY_LENGTH, NAME_LENGTH, SEARCH_LENGTH, SKU_LENGTH, WORD_LENGTH, State
from stores.models.base import Stamped
from stores.validators import gtin, usable_code
from stores.values import gtin_key


def new_sku() -> str:
    """Return the stock-keeping unit of a product that brought none."""
    return f"P-{secrets.token_hex(5).upper()}"


class Product(Stamped):
    """One product, ours or a competitor's. Made inactive, never deleted.

    ``gtin`` is a GS1 number of 8, 12, 13 or 14 digits; two spellings of one number that differ by
    leading zeros are one number, which is what ``gtin_key`` says.
    """

    sku = models.CharField(
        _("SKU"), max_length=SKU_LENGTH, default=new_sku, validators=[plain_text, usable_code]
    )
    sku_key = FoldedField(source="sku", max_length=KEY_LENGTH)
    gtin = models.CharField(_("GTIN"), max_length=14, blank=True, default="", validators=[gtin])
    gtin_key = FoldedField(source="gtin_14", max_length=14)
    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    brand = models.CharField(
        _("brand"), max_length=WORD_LENGTH, blank=True, default="", validators=[plain_text]
    )
    category = models.CharField(
        _("category"), max_length=WORD_LENGTH, blank=True, default="", validators=[plain_text]
    )
    is_competitor = models.BooleanField(_("competitor's"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE)
    inactive_on = models.DateField(_("inactive since"), null=True, editable=False)
    search_key = SearchKeyField(
        sources=("sku", "gtin", "name", "brand", "category"), max_length=SEARCH_LENGTH * 4
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        indexes: ClassVar = [
            models.Index(fields=["seq"], name="stores_product_seq"),
            models.Index(fields=["name", "id"], name="stores_product_name"),
            models.Index(fields=["category", "id"], name="stores_product_category"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sku_key"], name="stores_product_sku_unique"),
            models.UniqueConstraint(
                fields=["gtin_key"],
                name="stores_product_gtin_unique",
                condition=~models.Q(gtin_key=""),
            ),
            models.CheckConstraint(
                condition=~models.Q(sku_key="") & ~models.Q(name=""), name="stores_product_named"
            ),
            models.CheckConstraint(
                condition=models.Q(state=State.ACTIVE, inactive_on__isnull=True)
                | models.Q(state=State.INACTIVE, inactive_on__isnull=False),
                name="stores_product_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def gtin_14(self) -> str:
        """Return the number as all numbers compare: with 14 digits, or nothing."""
        return gtin_key(self.gtin)
