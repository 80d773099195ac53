"""The overview of the field: who sees it, what it says, and what it says of bad addresses."""

import datetime as dt
from html import unescape

import pytest
from django.db import OperationalError, connection

from core.roles import Role
from stores.models import Visit
from stores.overview import numbers, sections, worst
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    SellerFactory,
    today,
)
from stores.tests.helpers_admin import listed, page, signed_in
from stores.tests.helpers_figures import (
    count_figures,
    missing_by_hand,
)
from stores.tests.helpers_overview import PAGE, number_in, part, sums
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db
FIGURES = "/api/stores/figures"
SPANISH = {"accept-language": "es"}
MONTH = today().replace(day=1)
FOREVER = {
    "postgresql": "SELECT pg_sleep(30)",
    "sqlite": (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    ),
}


@pytest.fixture
def admin():
    return signed_in(Role.ADMIN)


# -- who sees what -----------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINICIAN, Role.SELLER, Role.USER])
def test_the_page_is_not_for_others(role):
    client = signed_in(role)
    answer = client.get(PAGE)
    assert answer.status_code == (403 if role == Role.SUPPORT else 302)
    home = client.get("/admin/")
    assert home.status_code == 302 or PAGE not in page(home)


def test_the_page_wants_a_session_and_takes_no_writes(client, admin):
    assert client.get(PAGE)["Location"] == f"/admin/login/?next={PAGE}"
    with nothing_changes():
        assert admin.post(PAGE).status_code == 405
        assert "no-store" in admin.get(PAGE)["Cache-Control"]
    assert PAGE in page(admin.get("/admin/"))


def test_an_analyst_reads_no_name_and_no_link_to_visits(country, admin):
    idle = AssignmentFactory(seller=SellerFactory(name="Quimbaya")).seller
    analyst = signed_in(Role.ANALYST).get(PAGE)
    assert part(analyst, "sellers")["number"] == 1
    text = page(analyst)
    assert "Quimbaya" not in text
    assert "/admin/stores/visit/" not in text
    full = page(admin.get(PAGE))
    assert f'href="/admin/users/user/{idle.pk}/change/">Quimbaya' in full
    assert "/admin/stores/visit/?" in full


# -- what it says ------------------------------------------------------------------------------
def test_tiles_hold_the_last_day_against_the_week_before(field, admin, settings):
    settings.STORES_COMPLIANCE_TARGET = 80
    week = dt.timedelta(days=7)
    given = AssignmentFactory.create_batch(3)
    for number in range(3):
        field.visit(given[0].establishment, given[number].seller, (0, 1, 2))
    field.visit(given[1].establishment, given[1].seller, (), day=today() - week)
    field.visit(given[1].establishment, given[1].seller, state="void")
    count_figures()
    answer = admin.get(PAGE, {"from": str(today() - week)})
    tiles = [*part(answer, "tiles"), part(answer, "coverage")]
    found = {tile.name: tile for tile in tiles}
    shown = {name: (tile.value, tile.note.rpartition(": ")[2]) for name, tile in found.items()}
    assert shown["visits"] == ("3", "1")
    assert shown["sellers"] == ("3", "1")
    assert shown["compliance"] == ("56.2 %", "80.0 %")  # 9 of 16
    assert shown["effectiveness"] == ("100.0 %", "of 4")
    assert shown["coverage"][1].partition(" of ")[2] == "3"
    assert len(listed(admin.get(found["visits"].link))) == 3


def test_links_lead_to_exactly_the_visits_that_a_number_counts(field, country, admin):
    first = admin.get(PAGE)
    visits = Visit.objects.exclude(state="void")
    assert len(listed(admin.get(first.context["visits"]))) == visits.count() == 20
    narrowed = admin.get(PAGE, {"department": "05", "typology": "minimarket"})
    here = visits.filter(city__startswith="05", typology="minimarket")
    assert len(listed(admin.get(narrowed.context["visits"]))) == here.count()
    line = part(narrowed, "products")["lines"][0]
    product, rows = number_in(line.link, "product"), listed(admin.get(line.visits_link))
    assert len(rows) == int(line.missing)
    assert all(product in row.missing for row in rows)
    line = part(narrowed, "stores")["lines"][0]
    rows = listed(admin.get(line.visits_link))
    assert {row.establishment.code for row in rows} == {line.code}
    assert sum(row.must_have - row.present for row in rows) == int(line.missing)
    point = part(narrowed, "trend")["points"][0]
    assert len(listed(admin.get(point.link))) == int(point.visits)


def test_one_product_narrows_every_table(field, country, admin):
    product, expected = field.ids[0], missing_by_hand("city")
    shown = admin.get(PAGE, {"department": "05", "typology": "minimarket", "product": product})
    cities = {line.code: sums(line) for line in part(shown, "cities")["lines"]}
    assert cities == {
        city: value for (key, city), value in expected.items() if key == product and value[1]
    }
    stores = {line.code: sums(line) for line in part(shown, "stores")["lines"]}
    assert stores == {
        store.code: value
        for store in country
        for (key, pk), value in missing_by_hand("establishment").items()
        if (key, pk) == (product, store.pk) and value[1]
    }
    must, gone = (sum(value[place] for key, value in expected.items() if key[0] == product)
                  for place in (0, 1))  # fmt: skip
    [row] = part(shown, "heat")["rows"]
    assert row["cells"][0].value == f"{100 * (must - gone) / must:.1f} %"
    assert [sums(line) for line in part(shown, "products")["lines"]] == [[must, gone]]
    assert field.products[0].name in page(shown)


def test_the_trend_has_each_day_and_the_target(field, seller, admin, settings):
    settings.STORES_COMPLIANCE_TARGET = 80
    first = today() - dt.timedelta(days=2)
    field.visit(field.store(), seller, (0, 1, 2), day=first)
    field.visit(field.store(), seller, (0, 1, 2, 3))
    count_figures()
    shown = part(admin.get(PAGE, {"from": str(first)}), "trend")
    assert '"data": [75.0, null, 100.0]' in shown["chart"]
    assert '"data": [80, 80, 80]' in shown["chart"]
    assert [(point.share, point.grade) for point in shown["points"]] == [
        ("75.0 %", "fair"),
        ("100.0 %", "good"),
    ]


def test_the_map_has_a_dot_where_each_city_lies(field, seller, admin):
    for city, seen in ((field.medellin, (0, 1, 2, 3)), (field.bello, ())):
        field.visit(field.store(city), seller, seen)
    field.visit(field.store(), seller)
    count_figures()
    big, small = part(admin.get(PAGE, headers=SPANISH), "cities")["map"]["dots"]
    x, y = (field.medellin.lon + 82.4) * 40, (13.7 - field.medellin.lat) * 40
    assert (big.x, big.y) == (f"{x:.1f}", f"{y:.1f}")
    assert float(big.radius) == 26
    assert float(small.radius) < 26
    assert (big.grade, small.grade) == ("fair", "bad")
    assert small.title == "Bello: 0,0 %"


def test_days_that_are_no_month_have_no_stores_and_say_so(country, admin):
    shown = admin.get(PAGE, {"from": str(MONTH), "to": str(MONTH)})
    assert part(shown, "stores") == {"lines": [], "is_whole": False, "is_few": True}
    assert part(shown, "products")["lines"]
    assert page(shown).count("Establishments are counted by whole months") == 2


def test_too_many_stores_are_not_looked_into(country, admin, monkeypatch):
    monkeypatch.setattr(worst, "MAX_LOOKS", 12)  # four products in three months of stores
    shown = admin.get(PAGE)
    assert not any(line.stores for line in part(shown, "products")["lines"])
    assert part(shown, "stores")["lines"]
    assert page(shown).count("There are too many establishments") == 1
    monkeypatch.setattr(worst, "MAX_STORE_MONTHS", 3)
    assert page(admin.get(PAGE)).count("There are too many establishments") == 2


def test_a_page_without_visits_says_so(admin):
    shown = page(admin.get(PAGE))
    for text in (
        "No visits with a must-have list in this period.",
        "Nothing was missing in this period.",
        "Counted until",
    ):
        assert text in shown


def test_what_waits_to_be_counted_is_told(field, seller, admin):
    field.visit(field.store(), seller)
    assert "1 seller's day waits." in page(admin.get(PAGE))


def test_the_page_speaks_spanish(country, admin):
    shown = page(admin.get(PAGE, headers=SPANISH))
    for text in (
        "Panorama del campo",
        "Infaltables",
        "Vendedores sin visitas a las 10:00",
        "Mapa de ciudades",
    ):
        assert text in shown
    for text in ("Must-have", "Establishment", "Missing", "Cities", "Overview"):
        assert text not in shown


# -- what it does with bad addresses and databases ---------------------------------------------
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-11-02&to=2026-11-01", "The last day lies before the first one."),
        ("from=2025-01-01&to=2026-01-02", "At most 366 days."),
        ("from=1-1-2026", "“1-1-2026” is no day."),
        ("to=2026-02-30", "“2026-02-30” is no day."),
        ("region=shelf", "Nothing has the code “shelf”."),
        ("typology=%00", "Nothing has the code"),
        ("department=🦙", "Nothing has the code “🦙”."),
        ("city=0_001", "Nothing has the code “0_001”."),
        ("city=99999", "Nothing has the code “99999”."),
        ("product=0", "Nothing has the code “0”."),
        ("product=99999999999999999999", "Nothing has the code"),
        ("region=%ff%fe", "Nothing has the code"),
        ("group_by=shelf", "There is no filter “group_by”."),
        (f"product={'9' * 10_000}", "Nothing has the code"),
    ],
)
def test_what_cannot_be_asked_is_told(admin, query, said):
    answer = admin.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    text = unescape(answer.content.decode())
    assert said in text
    assert 'role="alert"' in text
    assert len(text) < 100_000
    assert "scope" not in answer.context


def test_empty_filters_are_none(country, admin):
    shown = admin.get(f"{PAGE}?from=&to=&region=&department=&typology=")
    assert shown.status_code == 200
    assert shown.context["scope"].filters == {}


def broken(*_arguments):
    raise OperationalError("relation does not exist")


def slow(*_arguments):
    with connection.cursor() as cursor:
        cursor.execute(FOREVER[connection.vendor])


def test_a_part_without_an_answer_says_so_and_the_page_stands(country, admin, monkeypatch):
    monkeypatch.setattr(numbers, "heat", broken)
    shown = admin.get(PAGE)
    assert shown.context["heat"].failed
    assert page(shown).count("could not be counted") == 1
    assert part(shown, "products")["lines"]


def test_a_part_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(sections, "CARD_SECONDS", 0.1)
    assert sections.section("slow", slow).failed
    assert sections.section("quick", lambda: 7) == sections.Section(7)


def test_the_page_asks_as_often_for_many_rows(field, seller, admin, django_assert_max_num_queries):
    counts = []
    for number in (1, 9, 40):
        for place in range(number):
            city = CityFactory(code=f"05{number:02}{place % 10}") if number > 1 else None
            given = AssignmentFactory(establishment=field.store(city))
            field.visit(given.establishment, seller)
        count_figures()
        with django_assert_max_num_queries(90) as queries:  # with each part's limit of time
            assert admin.get(PAGE).status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
