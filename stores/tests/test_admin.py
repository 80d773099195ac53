"""What every page of the app in the admin keeps: who may, what it costs, odd addresses."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from stores.models import (
    Assignment,
    City,
    Clock,
    CoverageMonth,
    DailyFigure,
    DirtyDay,
    Establishment,
    FigureMark,
    PortfolioItem,
    PortfolioVersion,
    Product,
    RegionDay,
    RejectedUpload,
    SellerCase,
    StoreMonth,
    SyncSeen,
    Unrecognised,
    Visit,
    VisitRevision,
)
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
    SellerFactory,
    TypologyFactory,
    VersionFactory,
    VisitFactory,
    today,
)
from stores.tests.helpers_admin import ADMIN, act, listed, page, signed_in
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db

CATALOGUE = ("product", "portfolio", "establishment", "assignment")
READ_ONLY = (
    *("region", "department", "city", "typology", "portfolioversion"),
    *("visit", "rejectedupload", "syncseen", "dirtyday"),
)
HIDDEN = {
    *(CoverageMonth, DailyFigure, FigureMark, RegionDay, StoreMonth, Clock, PortfolioItem),
    *(VisitRevision, SellerCase, Unrecognised),  # the page of a group shows them
}


def uploaded(number, seller):
    return RejectedUpload.objects.create(
        seller=seller, digest=str(number), raw="{}", received_at=timezone.now()
    )


@pytest.fixture
def rows():
    """One row of everything, by its model's name."""
    given = AssignmentFactory()
    visit = VisitFactory(establishment=given.establishment, seller=given.seller)
    version = VersionFactory(products=[ProductFactory()])
    city = given.establishment.city
    return {
        "product": Product.objects.get(),
        "portfolio": version.portfolio,
        "portfolioversion": version,
        "establishment": given.establishment,
        "assignment": given,
        "region": city.department.region,
        "department": city.department,
        "city": city,
        "typology": given.establishment.typology,
        "visit": visit,
        "rejectedupload": uploaded(1, given.seller),
        "syncseen": SyncSeen.objects.create(seller=given.seller),
        "dirtyday": DirtyDay.objects.create(
            seller=given.seller, day=today(), marked_at=timezone.now()
        ),
    }


def test_every_table_has_its_page_or_stands_on_anothers():
    figures = {"areaday", "productday", "productmonth"}  # test_figures_admin
    shown = {
        *figures,
        "photo",
        "unrecognisedgroup",
        "recognition",
        "productalias",
    }  # each has its own tests
    models = set(apps.get_app_config("stores").get_models())
    registered = {model for model in admin.site._registry if model in models}
    assert models - registered == HIDDEN
    assert {model._meta.model_name for model in registered} == {*CATALOGUE, *READ_ONLY, *shown}


# -- who may -----------------------------------------------------------------------------------
JOBS = {
    "portfolio": ("draft", "publish"),
    "portfolioversion": ("retire",),
    "establishment": ("assign", "reassign"),
}


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_others_see_nothing(rows, role):
    client = signed_in(role)
    for name, row in rows.items():
        for path in ("", "add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
            response = client.get(f"{ADMIN}{name}/{path}")
            assert response.status_code == 302, (name, path)
            assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_each_list_and_page_is_shown(rows, role):
    client = signed_in(role)
    for name, row in rows.items():
        assert listed(client.get(f"{ADMIN}{name}/")), name
        html = page(client.get(f"{ADMIN}{name}/{row.pk}/change/"))
        may_change = role == Role.ADMIN and name in CATALOGUE
        assert ('name="_save"' in html) == may_change, name
        page(client.get(f"{ADMIN}{name}/{row.pk}/history/"))


def test_support_writes_nothing_of_the_catalogue(rows):
    support = signed_in(Role.SUPPORT)
    with nothing_changes():
        for name in CATALOGUE:
            path = f"{ADMIN}{name}/"
            for address in ("add/", f"{rows[name].pk}/change/", f"{rows[name].pk}/delete/"):
                response = support.post(path + address, {"name": "x", "post": "yes"})
                assert response.status_code == 403, (name, address)
        for name, jobs in JOBS.items():
            for job in jobs:
                path = f"{ADMIN}{name}/{rows[name].pk}/{job}/"
                for response in (support.get(path), support.post(path, {"confirm": "1"})):
                    assert response.status_code == 403, path
        for name, action in (
            ("product", "make_inactive"),
            ("product", "make_inactive_anyway"),
            ("establishment", "make_inactive"),
            ("assignment", "end_today"),
            ("product", "delete_selected"),
        ):
            data = {"action": action, "_selected_action": [rows[name].pk], "post": "yes"}
            assert support.post(f"{ADMIN}{name}/", data).status_code in {200, 302}
    assert Product.objects.get().state == "active"
    html = page(support.get(f"{ADMIN}portfolio/{rows['portfolio'].pk}/change/"))
    assert "/compare/" in html
    assert "/publish/" not in html


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_what_code_writes_has_no_form(rows, role):
    client = signed_in(role)
    with nothing_changes():
        for name in READ_ONLY:
            path = f"{ADMIN}{name}/"
            for address in ("add/", f"{rows[name].pk}/change/", f"{rows[name].pk}/delete/"):
                response = client.post(path + address, {"state": "void", "post": "yes"})
                assert response.status_code == 403, (name, address)


def test_support_judges_visits(rows):
    support = signed_in(Role.SUPPORT)
    html = page(support.get(f"{ADMIN}visit/{rows['visit'].pk}/change/"))
    assert "/void/" in html
    assert "/apply-revision/" in html
    assert act(support, f"{ADMIN}rejectedupload/", "process_again", rows["rejectedupload"])


def test_pages_are_not_kept_by_browsers(rows):
    boss = signed_in()
    for name, jobs in {**JOBS, "visit": ("void",)}.items():
        for job in set(jobs) - {"assign", "publish"}:
            response = boss.get(f"{ADMIN}{name}/{rows[name].pk}/{job}/")
            assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", [*CATALOGUE, *READ_ONLY])
def test_rows_are_exported_and_the_journal_says_so(rows, name):
    support = signed_in(Role.SUPPORT)
    data = {"action": "export_csv", "_selected_action": [rows[name].pk]}
    response = support.post(f"{ADMIN}{name}/", data)
    assert response["Content-Type"].startswith("text/csv")
    _header, *lines = response.getvalue().decode().splitlines()
    assert len(lines) == 1
    assert "raw" not in _header
    assert "doc" not in _header
    entry = JournalEntry.objects.latest("id")
    assert (entry.action, entry.actor_id, entry.count) == ("export", support.user.pk, 1)


def test_a_file_of_the_admin_imports_again(rows):
    boss = signed_in()
    data = {"action": "export_csv", "_selected_action": [rows["assignment"].pk]}
    text = boss.post(f"{ADMIN}assignment/", data).getvalue().decode()
    assert text.splitlines()[0] == "seller,establishment,valid_from,valid_until"


# -- odd addresses -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "key", ["0", "01", "x", "%00", "999", "99999999999999999999", "-1", "1.0", "_31", "%ED%A0%80"]
)
def test_a_row_that_cannot_be(key):
    boss = signed_in()
    with nothing_changes():
        for name in CATALOGUE:
            assert boss.get(f"{ADMIN}{name}/{key}/change/").status_code == 302
        for name, jobs in {**JOBS, "portfolio": ("draft", "publish", "compare")}.items():
            for job in jobs:
                path = f"{ADMIN}{name}/{key}/{job}/"
                assert boss.get(path).status_code == 404, path
                assert boss.post(path, {"confirm": "1"}).status_code == 404, path


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("establishment", "typology=%00"),
        ("establishment", "city=%00"),
        ("establishment", "city__department__region__code=caribe"),
        ("product", "search_key__startswith=a"),
        ("assignment", "seller__password__startswith=a"),
        ("visit", "flag=%00"),
        ("rejectedupload", "raw__contains=a"),
    ],
)
def test_an_address_asks_no_more_than_the_filters_offer(name, query):
    assert signed_in().get(f"{ADMIN}{name}/?{query}").status_code == 400


def test_choices_among_many_are_found_as_people_type_them():
    boss = signed_in()
    CityFactory()
    EstablishmentFactory(name="El Ángel")
    SellerFactory(email="ana@example.com")
    for model, field, term, found in (
        ("establishment", "city", "medellin", "Medellín"),
        ("establishment", "typology", "minimercado", "Minimercado"),
        ("assignment", "establishment", "angel", "El Ángel"),
        ("assignment", "seller", "ana@", "ana@example.com"),
    ):
        query = {"app_label": "stores", "model_name": model, "field_name": field, "term": term}
        [choice] = boss.get("/admin/autocomplete/", query).json()["results"]
        assert found in choice["text"]


# -- what a list costs -------------------------------------------------------------------------
def versions(count):
    portfolios = [
        PortfolioFactory(name=f"P {number}", typology=TypologyFactory(code=f"t{number}"))
        for number in range(PortfolioVersion.objects.count(), count)
    ]
    for portfolio in portfolios:
        VersionFactory(portfolio=portfolio, products=[ProductFactory()])


def cities(count):
    for number in range(City.objects.count(), count):
        CityFactory(code=f"{5000 + number:05}", name=f"C {number}")


def phones(count):
    for _number in range(SyncSeen.objects.count(), count):
        SyncSeen.objects.create(seller=SellerFactory())


def days(count):
    for _number in range(DirtyDay.objects.count(), count):
        DirtyDay.objects.create(seller=SellerFactory(), day=today(), marked_at=timezone.now())


def uploads(count):
    for number in range(RejectedUpload.objects.count(), count):
        uploaded(number, SellerFactory())


def topped_up(model, make):
    """Return a function that makes rows until there are so many."""
    return lambda count: [make() for _number in range(model.objects.count(), count)]


GROW = {
    "product": topped_up(Product, ProductFactory),
    "portfolio": versions,
    "portfolioversion": versions,
    "establishment": topped_up(Establishment, EstablishmentFactory),
    "assignment": topped_up(Assignment, AssignmentFactory),
    "city": cities,
    "visit": topped_up(
        Visit,
        lambda: VisitFactory(flags=["far"], state="flagged", seen=[1, 2], missing=[3]),
    ),
    "rejectedupload": uploads,
    "syncseen": phones,
    "dirtyday": days,
}


def cost(client, path):
    with CaptureQueriesContext(connection) as queries:
        page(client.get(path))
    return len(queries)


@pytest.mark.parametrize("name", GROW)
def test_a_list_costs_the_same_at_any_length(name):
    support = signed_in(Role.SUPPORT)
    RegionFactory()
    costs = []
    for count in (1, 10, 50):
        GROW[name](count)
        costs.append(cost(support, f"{ADMIN}{name}/"))
        assert len(listed(support.get(f"{ADMIN}{name}/"))) == count
    assert costs == costs[:1] * 3
    assert costs[0] <= 9


def test_a_page_costs_the_same_however_much_stands_on_it():
    support = signed_in(Role.SUPPORT)
    portfolio, establishment = PortfolioFactory(), EstablishmentFactory()
    row = VisitFactory(establishment=establishment)
    paths = [
        f"{ADMIN}portfolio/{portfolio.pk}/change/",
        f"{ADMIN}establishment/{establishment.pk}/change/",
        f"{ADMIN}visit/{row.pk}/change/",
    ]
    costs = []
    for path in paths:
        page(support.get(path))  # what a process looks up once
    for count in (1, 10):
        while portfolio.versions.count() < count:
            number = portfolio.versions.count()
            VersionFactory(
                portfolio=portfolio,
                products=[ProductFactory()],
                published_by=SellerFactory(),
                valid_from=today() + dt.timedelta(days=2 * number),
                valid_until=today() + dt.timedelta(days=2 * number + 1),
            )
            AssignmentFactory(establishment=establishment)
            VisitRevision.objects.create(
                visit_id=row.pk, number=number, digest=number, doc="{}", received_at=timezone.now()
            )
        Visit.objects.bulk_update(
            [Visit(pk=row.pk, seen=list(Product.objects.values_list("pk", flat=True)))], ["seen"]
        )
        costs.append([cost(support, path) for path in paths])
    assert costs[0] == costs[1]
