"""Products in bulk and in files. The key is the SKU, in any case."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail

from core.text import name_key
from stores.constants import State
from stores.errors import GtinTaken, InPortfolio
from stores.files.bulk import Bulk, Draft, type_values
from stores.models import Product
from stores.serializers.products import ProductSerializer
from stores.services import products
from stores.values import gtin_key

COLUMNS = ("sku", "gtin", "name", "brand", "category", "is_competitor", "state")
# Also as spreadsheets write them in Spanish.
FLAGS = {"true": True, "false": False, "verdadero": True, "falso": False}


class ProductBulk(Bulk):
    """Products by SKU."""

    model = Product
    serializer_class = ProductSerializer
    key_fields = ("sku",)
    errors = products.CONSTRAINT_ERRORS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.gtins: dict[str, str] = {}

    def key_of(self, values: type_values) -> str:
        """Return the SKU as all compare."""
        return name_key(values["sku"])

    def stored(self, keys: set[str]) -> dict[str, Product]:
        """Return the products with these SKUs."""
        return {one.sku_key: one for one in Product.objects.filter(sku_key__in=keys)}

    def set_fields(self, obj: Product, values: type_values) -> None:
        """Set what a row says; a stored SKU keeps its spelling."""
        known = {} if obj.pk is None else {"sku": obj.sku}
        products.set_fields(obj, {**values, **known})

    def judge(self, drafts: list[Draft]) -> Iterable[tuple[Draft, str, ErrorDetail]]:
        """Refuse GTINs of other products, and to retire what a published portfolio has."""
        yield from self.taken(drafts)
        yield from self.in_portfolios(drafts)

    def taken(self, drafts: list[Draft]) -> Iterator[tuple[Draft, str, ErrorDetail]]:
        """Yield the drafts whose GTIN an earlier row or another stored product has."""
        wanted = {gtin_key(draft.values.get("gtin", "")) for draft in drafts} - {""}
        owners = dict(
            Product.objects.filter(gtin_key__in=wanted).values_list("gtin_key", "sku_key")
        )
        for draft in drafts:
            gtin = gtin_key(draft.values.get("gtin", ""))
            key = str(draft.key)
            if gtin and {owners.get(gtin, key), self.gtins.setdefault(gtin, key)} != {key}:
                message = str(GtinTaken.default_detail)
                yield draft, "gtin", ErrorDetail(message, GtinTaken.default_code)

    def in_portfolios(self, drafts: list[Draft]) -> Iterator[tuple[Draft, str, ErrorDetail]]:
        """Yield the drafts that would make a must-have inactive."""
        leaving = {
            draft.stored.pk: draft
            for draft in drafts
            if draft.stored is not None
            and draft.stored.state == State.ACTIVE
            and draft.values.get("state") == State.INACTIVE
        }
        for product, portfolios in products.portfolios_with(leaving).items():
            message = _("The product is in the published portfolios %(ids)s.") % {
                "ids": ", ".join(map(str, portfolios))
            }
            yield leaving[product], "state", ErrorDetail(message, InPortfolio.default_code)


def row_of(cells: dict[str, str]) -> type_values:
    """Return the row that a line of a file says; an empty state or flag says nothing."""
    row: type_values = {**cells}
    flag = row.pop("is_competitor").lower()
    if flag:
        row["is_competitor"] = FLAGS.get(flag, flag)
    if not row["state"]:
        del row["state"]
    return row
