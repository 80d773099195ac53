"""What the admin's search finds of stores: codes of establishments, SKUs and GTINs, visits."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest

from core.admin.search import Found, hits
from core.text import name_key
from core.values import parse_uuid
from stores.models import Establishment, Product, Visit
from stores.values import gtin_key


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find establishments and products by how their code begins, products and visits by number."""
    key = name_key(text)
    places = Establishment.objects.filter(code_key__startswith=key).order_by("code_key")
    yield from hits(request, places, lambda place: place.get_state_display())
    wanted = Q(sku_key__startswith=key)
    if text.isdecimal() and text.isascii():
        wanted |= Q(gtin_key=gtin_key(text))
    products = Product.objects.filter(wanted).order_by("sku_key")
    yield from hits(request, products, lambda product: product.get_state_display())
    try:
        visits = Visit.objects.filter(pk=parse_uuid(text))
    except ValueError:
        return
    yield from hits(request, visits, lambda visit: visit.get_state_display())
