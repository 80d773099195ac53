"""What the clients find on their server: three sellers, 300 products, the must-have lists."""

import json
import sys

from core.roles import Role
from stores.constants import VersionState
from stores.models import Region, Typology, Visit
from stores.tests import helpers_cases
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    SellerFactory,
    TypologyFactory,
    VersionFactory,
)
from users.tests.factories import PASSWORD, UserFactory

PRODUCTS = 300
MUST_HAVES = 40
STORES = 40
SELLERS = 3
LOST_VISITS = 20


def main() -> None:
    """Make it all, and print as JSON who may sign in."""
    city, typology = CityFactory(), TypologyFactory()
    products = ProductFactory.create_batch(PRODUCTS)
    for place, region in enumerate(Region.objects.order_by("code")):
        for kind in Typology.objects.order_by("code"):
            start = place * 7
            VersionFactory(
                portfolio=PortfolioFactory(typology=kind, region=region),
                state=VersionState.PUBLISHED,
                number=1,
                products=products[start : start + MUST_HAVES],
            )
    sellers = [SellerFactory(email=f"seller{number}@example.com") for number in range(SELLERS)]
    for seller in sellers:
        for _ in range(STORES):
            store = EstablishmentFactory(city=city, typology=typology)
            AssignmentFactory(seller=seller, establishment=store)
    admin = UserFactory(role=Role.ADMIN, email="clients@example.com")
    sys.stdout.write(
        json.dumps(
            {
                "password": PASSWORD,
                "admin": {"email": admin.email},
                "sellers": [{"id": seller.pk, "email": seller.email} for seller in sellers],
            }
        )
    )


def lose(seller_id: int) -> None:
    """Forget some visits of a seller, as a database does that is restored from a backup."""
    for visit in Visit.objects.filter(seller=seller_id).order_by("-seq")[:LOST_VISITS]:
        visit.delete()


def work() -> None:
    """Do what waits of groups and cases: no worker runs beside the clients."""
    helpers_cases.work()
