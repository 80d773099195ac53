"""Whatever writes a row that phones copy stamps it: every way in, one by one."""

import datetime as dt
from io import BytesIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from core.roles import Role
from stores import clock
from stores.files import importing
from stores.models import (
    Assignment,
    Clock,
    Establishment,
    PortfolioVersion,
    Product,
    SellerCase,
    UnrecognisedGroup,
    Visit,
)
from stores.services import assignments, groups, portfolios
from stores.tests import helpers_cases
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
)

pytestmark = pytest.mark.django_db
STAMPED = (Product, PortfolioVersion, Establishment, Assignment, Visit, SellerCase)
OF_THE_SELLER = ("Visit", "SellerCase")
TODAY = timezone.localdate
DAY = dt.timedelta(days=1)


class World:
    """One row of everything, and an administrator."""

    def __init__(self, client_for):
        self.admin = client_for(Role.ADMIN)
        self.product, self.other = ProductFactory(sku="A"), ProductFactory(sku="B")
        self.portfolio = PortfolioFactory()
        self.version = VersionFactory(
            portfolio=self.portfolio, number=1, products=[self.product, self.other]
        )
        self.store = EstablishmentFactory(code="E-1")
        self.assignment = AssignmentFactory(establishment=self.store)
        self.visit = VisitFactory(seller=self.assignment.seller, establishment=self.store)

    def send(self, method, path, body=None):
        answer = getattr(self.admin, method)(f"/api/{path}", body, format="json")
        assert answer.status_code < 300, answer.content
        return answer

    def push(self, client_for, **fields):
        row = {"id": "0195c1c8-5f0e-7d7a-9b1e-3f6f3a1f0001", "seen": [self.product.pk], **fields}
        row |= {"establishment": str(self.store.pk), "location": None}
        row["captured_at"] = timezone.now().isoformat()
        phone = client_for(self.assignment.seller)
        return phone.post("/api/sync/visits", [{"newDocumentState": row}], format="json")

    def file(self, client_for):
        row = {"id": "0195c1c8-5f0e-7d7a-9b1e-3f6f3a1f0002", "kind": "service_failure"}
        phone = client_for(self.assignment.seller)
        rows = [{"newDocumentState": {**row, "subject": "No abre"}}]
        assert phone.post("/api/sync/cases", rows, format="json").status_code == 200
        helpers_cases.work()

    def decide(self, client_for):
        self.push(client_for, unrecognised=[{"text": "kumis"}])
        helpers_cases.work()
        group = UnrecognisedGroup.objects.get()
        groups.resolve_groups([group], "alias_of", {"product": self.other.pk}, "Es el otro.")
        helpers_cases.work()


def state():
    """Return the columns of every stamped row, without its version, and the versions."""
    columns, versions = {}, {}
    for model in STAMPED:
        for row in model.objects.values():
            key = (model.__name__, row.get("id"))
            versions[key] = row.pop("seq")
            columns[key] = row
    return columns, versions


def imported(name, text):
    return importing.import_file(name, BytesIO(text.encode()))


def overdue(world):
    yesterday = TODAY() - DAY
    row = world.assignment
    Assignment.objects.bulk_update([_with(row, valid_until=yesterday)], ["valid_until"])
    return assignments.end_what_is_over()


def outdated(world):
    until = TODAY() - 40 * DAY
    PortfolioVersion.objects.bulk_update([_with(world.version, valid_until=until)], ["valid_until"])
    return portfolios.retire_what_is_over()


def _with(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def with_draft(world, then):
    world.send("put", f"portfolios/{world.portfolio.pk}/draft", {"products": ["A"]})
    return then()


PRODUCTS = "sku,gtin,name,brand,category,is_competitor,state\nA,,Nuevo,,,false,active\n"
STORES = "code,name,address,city,typology,portfolio,lat,lon,geofence_m,state\n"
WRITES = {
    "POST product": lambda w, _: w.send("post", "products", {"name": "Kumis"}),
    "PATCH product": lambda w, _: w.send("patch", f"products/{w.product.pk}", {"name": "Kumis"}),
    "DELETE product": lambda w, _: w.send("delete", f"products/{w.product.pk}?force=true"),
    "bulk products": lambda w, _: w.send(
        "post", "products/bulk", [{"sku": "A", "name": "Kumis"}, {"sku": "C", "name": "Avena"}]
    ),
    "import products": lambda *_: imported("products", PRODUCTS),
    "publish": lambda w, _: with_draft(
        w, lambda: w.send("post", f"portfolios/{w.portfolio.pk}/publish")
    ),
    "retire": lambda w, _: w.send("post", f"portfolios/{w.portfolio.pk}/versions/1/retire"),
    "retire by time": lambda w, _: outdated(w),
    "POST establishment": lambda w, _: w.send(
        "post",
        "establishments",
        {"name": "La 33", "address": "Calle 33", "city": "05001", "typology": "minimarket"},
    ),
    "PATCH establishment": lambda w, _: w.send(
        "patch", f"establishments/{w.store.pk}", {"name": "La 34"}
    ),
    "DELETE establishment": lambda w, _: w.send("delete", f"establishments/{w.store.pk}"),
    "bulk establishments": lambda w, _: w.send(
        "post", "establishments/bulk", [{"code": "E-1", "state": "inactive"}]
    ),
    "POST assignment": lambda w, _: w.send(
        "post", "assignments", {"seller": SellerFactory().pk, "establishment": w.store.pk}
    ),
    "PATCH assignment": lambda w, _: w.send(
        "patch", f"assignments/{w.assignment.pk}", {"valid_until": str(TODAY() + DAY)}
    ),
    "DELETE assignment": lambda w, _: w.send("delete", f"assignments/{w.assignment.pk}"),
    "bulk assignments": lambda w, _: w.send(
        "post",
        "assignments/bulk",
        [{"seller": SellerFactory().email, "establishment": "E-1", "valid_from": str(TODAY())}],
    ),
    "end by time": lambda w, _: overdue(w),
    "reassign": lambda w, _: w.send(
        "post",
        f"establishments/{w.store.pk}/reassign",
        {"from": w.assignment.seller_id, "to": SellerFactory().pk},
    ),
    "remove the seller": lambda w, _: w.send("delete", f"users/{w.assignment.seller_id}"),
    "push": lambda w, client_for: w.push(client_for),
    "file a case": lambda w, client_for: w.file(client_for),
    "decide what was not recognised": lambda w, client_for: w.decide(client_for),
    "void": lambda w, _: w.send("post", f"visits/{w.visit.pk}/void", {"reason": "a test"}),
}


@pytest.mark.parametrize("name", WRITES)
def test_every_way_to_write_stamps_what_it_writes(client_for, name):
    world = World(client_for)
    columns, versions = state()
    clocks = dict(Clock.objects.values_list("key", "seq"))
    WRITES[name](world, client_for)
    columns_after, versions_after = state()
    written = [key for key, row in columns_after.items() if columns.get(key) != row]
    assert any(model in {one.__name__ for one in STAMPED} for model, _key in written)
    for key in written:
        row = columns_after[key]
        if row.get("state") == "draft" or is_erased(name, key):
            continue  # no phone has it
        shown_by = clock.CATALOGUE
        if key[0] in OF_THE_SELLER:
            shown_by = clock.seller_key(row["seller_id"])
        assert versions_after[key] > clocks.get(shown_by, 0), key
    untouched = [key for key in columns if key not in written]
    assert [key for key in untouched if versions[key] != versions_after[key]] == []
    numbers = [(key[0] in OF_THE_SELLER, seq) for key, seq in versions_after.items() if seq]
    assert len(numbers) == len(set(numbers)), "no number twice"


def is_erased(name, key):
    """Tell whether the row is a removed seller's visit: their phone may pull no more."""
    return name == "remove the seller" and key[0] == "Visit"


def test_the_command_that_judges_again_stamps_by_the_sellers_clock(client_for):
    world = World(client_for)
    world.push(client_for)
    key = clock.seller_key(world.assignment.seller_id)
    before = Clock.objects.get(key=key).seq
    with_other_dates = _with(world.assignment, valid_from=TODAY() + DAY)
    Assignment.objects.bulk_update([with_other_dates], ["valid_from"])
    call_command("recheck_visits")
    changed = Visit.objects.filter(seq__gt=before)
    assert {flag for visit in changed for flag in visit.flags} >= {"not_assigned"}
    assert Clock.objects.get(key=key).seq == before + changed.count()
