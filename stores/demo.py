"""A field day: products, must-have lists, two sellers with their stores, visits, unknown products.

Everything goes the way that people and phones go, so that history and flags are there, too.
"""

import datetime as dt
import hashlib
import io
import uuid
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.contrib.auth import get_user_model
from django.utils import timezone

from core.roles import Role
from stores import drawing, reference
from stores.constants import PhotoType
from stores.figures import counting
from stores.files import importing
from stores.models import (
    City,
    Establishment,
    Portfolio,
    Product,
    Region,
    Typology,
    UnrecognisedGroup,
)
from stores.photos.headers import Announcement
from stores.services import assignments, establishments, portfolios, uploads, visits
from stores.sync import batch
from users.constants import DEMO_PASSWORD
from users.services import create_user

SELLERS = (("ana@plaza.example", "Ana", "Restrepo"), ("luis@plaza.example", "Luis", "Cárdenas"))
# How many of our products a list has.
MUST_HAVES = {"supermarket": 24, "minimarket": 12}


class Strange(NamedTuple):
    """Something that a phone could not name; ``code`` is on the package, for who looks closely."""

    text: str
    gtin: str = ""
    code: str = ""
    has_photo: bool = True


# Both sellers see the first one; the code on the second is one of our products.
STRANGE = (
    Strange("yogur griego frutos rojos", "9529999000019", "9529999000019"),
    Strange("leche entera en caja azul", code="9520010000018"),
    Strange("kumis botella nueva"),
    Strange("queso campesino en hoja", has_photo=False),
    Strange("yogurt griego de frutos rojos", "9529999000019", "9529999000019"),
)


def load() -> str:
    """Make the demo catalogue and field day, unless there are products already."""
    reference.load()
    if Product.objects.exists():
        return "products are here already"
    with (reference.DATA / "products.csv").open("rb") as file:
        importing.import_file("products", file)
    make_portfolios()
    sellers = {email: make_seller(email, name, last_name) for email, name, last_name in SELLERS}
    strange = [*STRANGE]
    for number, row in enumerate(reference.rows_of("establishments")):
        seller = sellers[row["seller"]]
        store = make_establishment(row, seller)
        if number % 5:  # two are left to visit
            visit(store, seller, number, strange.pop(0) if strange else None)
    for count in (counting.count_days, counting.count_areas, counting.count_months):
        count()  # as the tasks will, so that figures are there from the first look on
    return (
        f"{Product.objects.count()} products, {Portfolio.objects.count()} portfolios, "
        f"{Establishment.objects.count()} establishments of {' and '.join(sellers)}, "
        f"{UnrecognisedGroup.objects.count()} products that nobody recognised"
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


def visit(store: Establishment, seller: Any, number: int, strange: Strange | None) -> None:
    """Push a visit of this morning, as the seller's phone would, and what that could not name."""
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
        **(declared(strange) if strange else {}),
        "outcome": "done",
        "note": "",
        "app_version": "demo",
    }
    body = orjson.dumps([{"newDocumentState": document}])
    visits.receive(seller_id=seller.pk, documents=batch.read(body))
    for photo in document.get("photos", ()):
        send(photo, picture_of(strange), seller.pk)


def declared(strange: Strange) -> dict[str, Any]:
    """Return what a visit says of something that its phone could not name."""
    item: dict[str, Any] = {"id": str(uuid.uuid4()), "gtin": strange.gtin, "text": strange.text}
    if not strange.has_photo:
        return {"unrecognised": [item]}
    data = picture_of(strange)
    photo = {
        "id": str(uuid.uuid4()),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "type": PhotoType.JPEG.value,
        "kind": "shelf",
    }
    item |= {"photo": photo["id"], "box": [0.3, 0.3, 0.35, 0.3]}
    return {"unrecognised": [item], "photos": [photo]}


@cache
def picture_of(strange: Strange) -> bytes:
    """Return the photo of something that no phone could name."""
    return drawing.jpeg(drawing.shelf(strange.code, size=(800, 600), seed=len(strange.text)))


def send(photo: dict[str, Any], data: bytes, seller_id: int) -> None:
    """Send a photo, as the seller's phone would."""
    key = uuid.UUID(photo["id"])
    said = Announcement(
        id=key,
        bytes=len(data),
        sha256=photo["sha256"],
        type=photo["type"],
        visit_id=None,
        kind=photo["kind"],
    )
    announced, is_new = uploads.announce(seller_id=seller_id, said=said)
    if is_new:
        uploads.append(photo=announced, offset=0, body=io.BytesIO(data))
