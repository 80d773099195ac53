"""A field day: products, must-have lists, two sellers with their establishments, and some visits.

Everything goes the way that people and phones go, so that history and flags are there, too.
"""

import datetime as dt
import uuid
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.utils import timezone

from core.roles import Role
from stores import reference
from stores.files import importing
from stores.models import City, Establishment, Portfolio, Product, Region, Typology
from stores.services import assignments, establishments, portfolios, visits
from stores.sync import batch
from users.constants import DEMO_PASSWORD
from users.services import create_user

SELLERS = (("ana@plaza.example", "Ana", "Restrepo"), ("luis@plaza.example", "Luis", "Cárdenas"))
# How many of our products a list has.
MUST_HAVES = {"supermarket": 24, "minimarket": 12}


def load() -> str:
    """Make the demo catalogue and field day, unless there are products already."""
    reference.load()
    if Product.objects.exists():
        return "products are here already"
    with (reference.DATA / "products.csv").open("rb") as file:
        importing.import_file("products", file)
    make_portfolios()
    sellers = {email: make_seller(email, name, last_name) for email, name, last_name in SELLERS}
    for number, row in enumerate(reference.rows_of("establishments")):
        seller = sellers[row["seller"]]
        store = make_establishment(row, seller)
        if number % 5:  # two are left to visit
            visit(store, seller, number)
    return (
        f"{Product.objects.count()} products, {Portfolio.objects.count()} portfolios, "
        f"{Establishment.objects.count()} establishments of {' and '.join(sellers)}"
    )


def make_portfolios() -> None:
    """Publish a must-have list for supermarkets and minimarkets of every region."""
    skus = list(
        Product.objects.filter(is_competitor=False).order_by("pk").values_list("sku", flat=True)
    )
    for region in Region.objects.order_by("pk"):
        for typology in Typology.objects.filter(pk__in=MUST_HAVES).order_by("pk"):
            portfolio = portfolios.create_portfolio(
                name=f"Infaltables {typology.name.lower()} {region.name}",
                typology=typology,
                region=region,
                products=skus[: MUST_HAVES[typology.pk]],
            )
            portfolios.publish(portfolio=portfolio)


def make_seller(email: str, name: str, last_name: str) -> Any:
    """Return a field seller who signs in with the demo password."""
    users = get_user_model()._default_manager
    found = users.filter(email=email).first()
    return found or create_user(
        email=email, password=DEMO_PASSWORD, name=name, last_name=last_name, role=Role.SELLER
    )


def make_establishment(row: dict[str, str], seller: Any) -> Establishment:
    """Return a new establishment that the seller visits."""
    made = establishments.create_establishment(
        code=row["code"],
        name=row["name"],
        address=row["address"],
        city=City.objects.get(pk=row["city"]),
        typology=Typology.objects.get(pk=row["typology"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
    )
    assignments.assign(seller_id=seller.pk, establishment_id=made.pk)
    return made


def visit(store: Establishment, seller: Any, number: int) -> None:
    """Push a visit of this morning, as the seller's phone would."""
    seen = list(Product.objects.order_by("pk").values_list("pk", flat=True)[number::2][:20])
    begun = timezone.localtime() - dt.timedelta(minutes=20 * (number + 1))
    document = {
        "id": str(uuid.uuid4()),
        "establishment": str(store.pk),
        "captured_at": begun.isoformat(timespec="milliseconds"),
        "ended_at": (begun + dt.timedelta(minutes=12)).isoformat(timespec="milliseconds"),
        "clock_offset_ms": 0,
        "location": {"lat": store.lat, "lon": store.lon, "accuracy_m": 12, "source": "gps"},
        "seen": seen,
        "outcome": "done",
        "note": "",
        "app_version": "demo",
    }
    body = orjson.dumps([{"newDocumentState": document}])
    visits.receive(seller_id=seller.pk, documents=batch.read(body))
