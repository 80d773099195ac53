"""What a recogniser is: something that looks at a picture and says what it found.

An adapter is a module with a function ``recognise``; :mod:`stores.recognition.adapters` knows them
by name. What is found is a suggestion for a person, whatever its confidence.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, NamedTuple, Protocol

from stores.constants import NameKind
from stores.models import Product, ProductAlias
from stores.values import gtin_key

MAX_FOUND = 200  # on one photo; a fridge has fewer
VALUE_LENGTH = 200


class Box(NamedTuple):
    """Where something is: shares of the width and height of the picture as people see it."""

    x: float
    y: float
    width: float
    height: float


class Found(NamedTuple):
    """One thing on a picture. ``product_id`` is None where no product is known by the value.

    ``confidence`` is between 0 and 1, and None where the adapter has none to tell.
    """

    product_id: int | None
    kind: str
    value: str
    box: Box | None = None
    confidence: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what is stored, and shown by the API."""
        return {
            "product": self.product_id,
            "kind": self.kind,
            "value": self.value,
            "box": None if self.box is None else list(self.box),
            "confidence": self.confidence,
        }


class Recogniser(Protocol):
    """An adapter."""

    def recognise(self, picture: BytesIO) -> list[Found]:
        """Return what is on a picture.

        Raises:
            UnreadablePictureError: nobody can look at it, now or later.
            UpstreamError: the service that looks at pictures did not answer usably.
        """


class UnreadablePictureError(Exception):
    """The file is no picture, or one that is too large to be decoded; trying again is no use."""


def products_of_gtins(values: Iterable[str]) -> dict[str, int]:
    """Return the key of the product of each GTIN that one has, as its own or by an alias."""
    keys = {gtin_key(value): value for value in values}
    if not keys:
        return {}
    aliases = ProductAlias.objects.filter(kind=NameKind.GTIN, value__in=keys)
    own = Product.objects.filter(gtin_key__in=keys)
    found = {
        **dict(aliases.values_list("value", "product_id")),
        **dict(own.values_list("gtin_key", "pk")),
    }
    return {keys[key]: pk for key, pk in found.items()}


def existing_products(keys: Iterable[int]) -> set[int]:
    """Return those of some keys that a product has."""
    return set(Product.objects.filter(pk__in=set(keys)).values_list("pk", flat=True))
