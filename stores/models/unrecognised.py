"""What phones could not name: each item, the groups that support decides on, and what that taught.

Items are the same thing when they have the same GTIN or, without a usable one, the same text
(``stores.services.names``). ``value`` is a GTIN of 14 digits or a folded text.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import SearchKeyField
from stores.constants import (
    ITEM_ID_LENGTH,
    ITEM_TEXT_LENGTH,
    NAME_KEY_LENGTH,
    SEARCH_LENGTH,
    GroupState,
    ItemState,
    JobStatus,
    NameKind,
    Resolution,
)
from stores.models.base import Job
from stores.models.products import Product

ALIAS_KINDS = [kind for kind in NameKind if kind != NameKind.PHOTO]
GROUP_KINDS = [kind for kind in NameKind if kind != NameKind.LABEL]
WITH_PRODUCT = (Resolution.ALIAS_OF, Resolution.NEW_PRODUCT)


class ProductAlias(models.Model):
    """Another name of a product: items with it are that product, also later ones."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="aliases", verbose_name=_("product")
    )
    kind = models.CharField(
        _("kind"), max_length=5, choices=[(kind.value, kind.label) for kind in ALIAS_KINDS]
    )
    value = models.CharField(_("value"), max_length=NAME_KEY_LENGTH)
    source_case = models.BigIntegerField(_("learnt from case"), null=True, blank=True)
    created_at = models.DateTimeField(_("learnt"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("product alias")
        verbose_name_plural = _("product aliases")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "value"], name="stores_alias_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=ALIAS_KINDS) & ~Q(value=""), name="stores_alias_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class UnrecognisedGroup(Job):
    """Equal items of all sellers: what support decides on, once for all of them.

    ``text`` is what the first of them said. The numbers are those of items in visits that count, as
    they were last counted. While nobody keeps cases ``case_id`` is null.
    """

    kind = models.CharField(
        _("kind"), max_length=5, choices=[(kind.value, kind.label) for kind in GROUP_KINDS]
    )
    value = models.CharField(_("value"), max_length=NAME_KEY_LENGTH)
    text = models.CharField(_("text"), max_length=ITEM_TEXT_LENGTH, blank=True, default="")
    search_key = SearchKeyField(sources=("value", "text"), max_length=SEARCH_LENGTH * 4)
    state = models.CharField(_("state"), max_length=8, choices=GroupState, default=GroupState.OPEN)
    resolution = models.CharField(
        _("resolution"), max_length=13, choices=Resolution, blank=True, default=""
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("product"),
    )
    occurrences = models.PositiveIntegerField(_("occurrences"), default=0)
    sellers = models.PositiveIntegerField(_("sellers"), default=0)
    cities = models.PositiveIntegerField(_("cities"), default=0)
    case_id = models.BigIntegerField(_("case"), null=True, blank=True, editable=False)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("unrecognised product")
        verbose_name_plural = _("unrecognised products")
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="stores_group_state"),
            models.Index(
                fields=["due_at"],
                name="stores_group_pending",
                condition=Q(status=JobStatus.PENDING),
            ),
            models.Index(
                fields=["case_id"], name="stores_group_case", condition=Q(case_id__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="stores_group_open_unique",
                condition=Q(state=GroupState.OPEN),
            ),
            models.CheckConstraint(
                condition=Q(
                    state=GroupState.OPEN,
                    resolution="",
                    product__isnull=True,
                    resolved_at__isnull=True,
                )
                | Q(
                    state=GroupState.RESOLVED,
                    resolution__in=WITH_PRODUCT,
                    product__isnull=False,
                    resolved_at__isnull=False,
                )
                | Q(
                    state=GroupState.RESOLVED,
                    resolution__in=[Resolution.NOT_A_PRODUCT, Resolution.UNREADABLE],
                    product__isnull=True,
                    resolved_at__isnull=False,
                ),
                name="stores_group_decided",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=GROUP_KINDS) & ~Q(value=""), name="stores_group_named"
            ),
            models.CheckConstraint(
                condition=Q(status__in=JobStatus.values), name="stores_group_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.text or self.value


class Unrecognised(models.Model):
    """Something in a visit that its phone could not name.

    ``item`` is the phone's own id of it, or ``#`` and its place in the visit: two sellers may use
    the same id, and one may use it twice. ``kind`` and ``value`` are empty where nothing names it.
    """

    visit_id = models.UUIDField(_("visit"))
    item = models.CharField(_("item"), max_length=ITEM_ID_LENGTH)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    photo_id = models.UUIDField(_("photo"), null=True, blank=True)
    kind = models.CharField(
        _("kind"),
        max_length=5,
        choices=[(kind.value, kind.label) for kind in GROUP_KINDS],
        blank=True,
        default="",
    )
    value = models.CharField(_("value"), max_length=NAME_KEY_LENGTH, blank=True, default="")
    text = models.CharField(_("text"), max_length=ITEM_TEXT_LENGTH, blank=True, default="")
    box = models.JSONField(_("place on the photo"), null=True, blank=True)
    group = models.ForeignKey(
        UnrecognisedGroup,
        models.PROTECT,
        related_name="items",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("unrecognised product"),
    )
    state = models.CharField(_("state"), max_length=13, choices=ItemState, default=ItemState.OPEN)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("product"),
    )

    # What a seller wrote goes with the account, before the journal does.
    journal_secret: ClassVar = ("text", "value", "photo_id")

    class Meta:
        verbose_name = _("unrecognised item")
        verbose_name_plural = _("unrecognised items")
        indexes: ClassVar = [
            models.Index(fields=["group", "seller"], name="stores_item_group"),
            models.Index(fields=["seller"], name="stores_item_seller"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit_id", "item"], name="stores_item_unique"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ItemState.MATCHED, ItemState.NEW_PRODUCT], product__isnull=False
                )
                | Q(
                    state__in=[ItemState.OPEN, ItemState.NOT_A_PRODUCT, ItemState.UNREADABLE],
                    product__isnull=True,
                ),
                name="stores_item_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.item}"
