"""Products as JSON."""

from typing import Any

from rest_framework.fields import empty

from core.api.serializers import ModelSerializer, StrictCharField
from stores.models import Product
from stores.validators import gtin


class GtinField(StrictCharField):
    """A GTIN. None has it null in answers, and null, "" or nothing at all in requests."""

    by_value = True
    pattern = "^([0-9]{8}|[0-9]{12,14})?$"  # for the contract; the check digit is not in it

    def __init__(self, **kwargs: Any) -> None:
        options = {"required": False, "allow_null": True, "allow_blank": True}
        super().__init__(**{**options, "validators": [gtin], **kwargs})

    def run_validation(self, data: Any = empty) -> str:
        """Return the number as it is stored: no number is an empty text."""
        return super().run_validation(data) or ""

    def to_representation(self, value: Any) -> Any:
        """Return the number, or null."""
        return value or None


class ProductSerializer(ModelSerializer):
    """A product, ours or a competitor's. The SKU of a new one is made when it brings none."""

    gtin = GtinField(help_text="8, 12, 13 or 14 digits with the check digit.")

    class Meta:
        model = Product
        fields = ("id", "sku", "gtin", "name", "brand", "category", "is_competitor", "state")
