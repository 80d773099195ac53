"""Establishments and assignments in the admin: who visits what, and since when."""

import pytest

from stores import clock
from stores.models import Assignment, Establishment
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    SellerFactory,
    TypologyFactory,
    today,
)
from stores.tests.helpers_admin import (
    ADMIN,
    act,
    confirm,
    done,
    errors_of,
    history_of,
    inline,
    listed,
    page,
    signed_in,
)
from stores.tests.helpers_dates import day, iso
from stores.tests.helpers_unchanged import nothing_changes
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = f"{ADMIN}establishment/"
ASSIGNMENTS = f"{ADMIN}assignment/"


@pytest.fixture
def boss():
    return signed_in()


def form(rows=0, **fields):
    return {
        "code": "EST-1",
        "name": "Minimercado La 33",
        "address": "Calle 33 # 65-10",
        "city": CityFactory().pk,
        "typology": TypologyFactory().pk,
        "lat": "6.2442",
        "lon": "-75.5812",
        "geofence_m": "150",
        **inline("assignments", rows),
        **fields,
    }


# -- A1: establishments ------------------------------------------------------------------------
def test_an_establishment_is_added_and_stamped(boss):
    done(boss.post(f"{LIST}add/", form()))
    made = Establishment.objects.get()
    assert (made.code, made.city_id, made.typology_id, made.lat, made.lon) == (
        "EST-1",
        "05001",
        "minimarket",
        6.2442,
        -75.5812,
    )
    assert made.seq == clock.reading().seq > 0
    assert [line[:2] for line in history_of(made)] == [("create", boss.user.pk)]


def test_a_code_is_offered_for_one_that_brings_none(boss):
    html = page(boss.get(f"{LIST}add/"))
    assert 'value="E-' in html


# A8: what a phone shows follows from the row's version
def test_a_change_writes_what_changed_and_stamps_it(boss):
    row = EstablishmentFactory(code="EST-1", name="Minimercado La 33")
    TypologyFactory(code="bakery", name="Panadería")
    done(boss.post(f"{LIST}{row.pk}/change/", form(typology="bakery")))
    assert Establishment.objects.get().seq == clock.reading().seq == row.seq + 1
    changes = {"typology": ["minimarket", "bakery"]}
    assert history_of(row) == [("change", boss.user.pk, changes, "")]
    with nothing_changes():
        done(boss.post(f"{LIST}{row.pk}/change/", form(typology="bakery")))


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"code": "est-2"}, {"code": ["There is already an establishment with this code."]}),
        ({"lat": ""}, {"lat": ["A position has a latitude and a longitude."]}),
        ({"lon": ""}, {"lon": ["A position has a latitude and a longitude."]}),
        ({"lat": "91"}, {"lat": ["Ensure this value is less than or equal to 90."]}),
        ({"lat": "nan"}, {"lat": ["Enter a number."]}),
        (
            {"geofence_m": "0"},
            {"geofence_m": ["Ensure this value is greater than or equal to 1."]},
        ),
        ({"city": "99999"}, {"city": None}),
        ({"city": "\x00"}, {"city": None}),
        ({"typology": "x"}, {"typology": None}),
        ({"portfolio": "99999999999999999999"}, {"portfolio": None}),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(boss, fields, errors):
    EstablishmentFactory(code="EST-2")
    data = form(**fields)
    with nothing_changes():
        response = boss.post(f"{LIST}add/", data)
    found = errors_of(response)
    assert list(found) == list(errors)
    for name, texts in errors.items():
        assert texts is None or found[name] == texts


def test_without_a_position(boss):
    done(boss.post(f"{LIST}add/", form(lat="", lon="")))
    assert Establishment.objects.get().lat is None


def test_its_page_says_whose_it_is_and_which_portfolio_holds(boss):
    given = AssignmentFactory(establishment__code="EST-1")
    PortfolioFactory(name="Infaltables Antioquia")
    html = page(boss.get(f"{LIST}{given.establishment_id}/change/"))
    assert given.seller.email in html
    assert "Infaltables Antioquia" in html
    assert f"{ASSIGNMENTS}{given.pk}/change/" in html


@pytest.mark.parametrize("term", ["ángel", "ANGEL", "est-77", "carrera 7"])
def test_search_by_code_name_and_address(boss, term):
    found = EstablishmentFactory(code="EST-77", name="El Ángel", address="Carrera 7 # 1-2")
    EstablishmentFactory(code="EST-8", name="Otro")
    assert listed(boss.get(LIST, {"q": term})) == [found]


@pytest.mark.parametrize(
    "query",
    [
        {"city": "abejorral"},
        {"city": "Abejorrál"},
        {"city": "05002"},
        {"typology": "bakery"},
        {"state__exact": "inactive"},
    ],
)
def test_filters(boss, query):
    found = EstablishmentFactory(
        city=CityFactory(code="05002", name="Abejorral", search_key="abejorral"),
        typology=TypologyFactory(code="bakery", name="Panadería"),
        state="inactive",
    )
    EstablishmentFactory()
    assert listed(boss.get(LIST, query)) == [found]
    assert len(listed(boss.get(LIST, {"region": "antioquia-eje"}))) == 2
    assert listed(boss.get(LIST, {"region": "caribe"})) == []


def test_inactive_ends_assignments_and_active_brings_none_back(boss):
    given = AssignmentFactory()
    row, other = given.establishment, EstablishmentFactory()
    assert act(boss, LIST, "make_inactive", row) == ["1 establishment made inactive."]
    row.refresh_from_db()
    given.refresh_from_db()
    assert (row.state, given.state, given.released_on) == ("inactive", "ended", today())
    assert {row.seq, given.seq} == {clock.reading().seq - 1, clock.reading().seq}
    changes = {"state": ["active", "inactive"]}
    assert history_of(row) == [("delete", boss.user.pk, changes, "")]
    assert history_of(given)[0][:2] == ("change", boss.user.pk)
    assert act(boss, LIST, "make_active", row, other) == ["1 establishment made active."]
    row.refresh_from_db()
    assert row.state == "active"
    assert not Assignment.objects.active().exists()


def test_nobody_deletes_an_establishment_or_an_assignment(boss):
    given = AssignmentFactory()
    with nothing_changes():
        for path in (f"{LIST}{given.establishment_id}", f"{ASSIGNMENTS}{given.pk}"):
            assert boss.post(f"{path}/delete/", {"post": "yes"}).status_code == 403


# -- assignments -------------------------------------------------------------------------------
def given_form(seller, establishment, **fields):
    return {
        "seller": seller.pk,
        "establishment": establishment.pk,
        "valid_from": iso(),
        "valid_until": "",
        **fields,
    }


def test_the_link_leads_to_a_form_with_the_establishment_chosen(boss):
    row = EstablishmentFactory(name="El Ángel")
    response = boss.get(f"{LIST}{row.pk}/assign/")
    assert response["Location"] == f"{ASSIGNMENTS}add/?establishment={row.pk}"
    html = page(boss.get(response["Location"]))
    assert f'<option value="{row.pk}" selected>' in html
    assert f'value="{iso()}"' in html


def test_an_establishment_is_assigned(boss):
    seller, row = SellerFactory(), EstablishmentFactory()
    done(boss.post(f"{ASSIGNMENTS}add/", given_form(seller, row, valid_until=iso(9))))
    made = Assignment.objects.get()
    assert (made.seller, made.establishment, made.valid_from, made.valid_until, made.state) == (
        seller,
        row,
        today(),
        day(9),
        "active",
    )
    assert made.seq == clock.reading().seq
    assert [line[:2] for line in history_of(made)] == [("create", boss.user.pk)]
    with nothing_changes():
        said = done(boss.post(f"{ASSIGNMENTS}add/", given_form(seller, row)))
    assert said == ["The seller has this establishment already."]


def test_only_active_sellers_have_active_establishments(boss):
    seller, row = SellerFactory(), EstablishmentFactory()
    for field, value in (
        ("seller", UserFactory().pk),
        ("seller", SellerFactory(is_active=False).pk),
        ("establishment", EstablishmentFactory(state="inactive").pk),
        ("valid_from", "x"),
        ("valid_from", "0001-01-01"),
        ("valid_until", iso(-1)),
        ("seller", "99999999999999999999"),
    ):
        data = {**given_form(seller, row), field: value}
        with nothing_changes():
            assert list(errors_of(boss.post(f"{ASSIGNMENTS}add/", data))) == [field]


def test_its_period_changes_and_nothing_else(boss):
    given = AssignmentFactory(valid_from=day(-3))
    other = given_form(SellerFactory(), EstablishmentFactory(), valid_from=iso(-5))
    done(boss.post(f"{ASSIGNMENTS}{given.pk}/change/", other))
    stored = Assignment.objects.get()
    assert (stored.seller, stored.establishment) == (given.seller, given.establishment)
    assert (stored.valid_from, stored.seq) == (day(-5), clock.reading().seq)
    changes = {"valid_from": [iso(-3), iso(-5)]}
    assert history_of(given) == [("change", boss.user.pk, changes, "")]


def test_one_that_ended_stays_as_it_was(boss):
    given = AssignmentFactory(ended=True)
    data = {"valid_from": iso(-9), "valid_until": iso(5)}
    with nothing_changes():
        said = done(boss.post(f"{ASSIGNMENTS}{given.pk}/change/", data))
    assert said == ["The assignment has ended; make a new one."]


def test_assignments_end_today(boss):
    first, second, over = (*AssignmentFactory.create_batch(2), AssignmentFactory(ended=True))
    assert act(boss, ASSIGNMENTS, "end_today", first, second, over) == ["2 assignments ended."]
    for row in (first, second):
        row.refresh_from_db()
        assert (row.state, row.valid_until, row.released_on) == ("ended", today(), today())
        assert [line[:2] for line in history_of(row)] == [("change", boss.user.pk)]
    assert {first.seq, second.seq} == {clock.reading().seq - 1, clock.reading().seq}
    assert history_of(over) == []


@pytest.mark.parametrize("term", ["ana@example.com", "ANA@", "est-77", "ángel"])
def test_assignments_are_found_by_seller_and_establishment(boss, term):
    found = AssignmentFactory(
        seller__email="ana@example.com",
        establishment__code="EST-77",
        establishment__name="El Angel",
    )
    AssignmentFactory()
    assert listed(boss.get(ASSIGNMENTS, {"q": term})) == [found]


def test_assignments_are_filtered_by_state_and_city(boss):
    city = CityFactory(code="05002", name="Abejorral", search_key="abejorral")
    found, over = AssignmentFactory(establishment__city=city), AssignmentFactory(ended=True)
    assert listed(boss.get(ASSIGNMENTS, {"city": "abejo"})) == [found]
    assert listed(boss.get(ASSIGNMENTS, {"state__exact": "ended"})) == [over]


# -- A6, A39: reassigning ----------------------------------------------------------------------
@pytest.fixture
def given():
    return AssignmentFactory(seller__email="ana@example.com")


@pytest.fixture
def to():
    return SellerFactory(email="eva@example.com")


def asked(given, to, on=0):
    return {"former": str(given.seller_id), "to": to.email.upper(), "on": iso(on)}


def test_at_once(boss, given, to):
    path = f"{LIST}{given.establishment_id}/reassign/"
    html = page(boss.get(path))
    assert "ana@example.com" in html
    with nothing_changes():
        shown = boss.post(path, asked(given, to))
    assert shown.context["lines"] == ["It goes from ana@example.com to eva@example.com at once."]
    _shown, said = confirm(boss, path, asked(given, to))
    assert len(said) == 1
    assert said[0].startswith("eva@example.com has it from ")
    given.refresh_from_db()
    made = Assignment.objects.get(seller=to)
    assert (given.state, given.released_on) == ("ended", today())
    assert (made.state, made.valid_from, made.valid_until) == ("active", today(), None)
    assert {given.seq, made.seq} == {clock.reading().seq - 1, clock.reading().seq}
    assert [line[:2] for line in history_of(given)] == [("change", boss.user.pk)]
    assert [line[:2] for line in history_of(made)] == [("create", boss.user.pk)]


def test_later(boss, given, to):
    path = f"{LIST}{given.establishment_id}/reassign/"
    shown, _said = confirm(boss, path, asked(given, to, 5))
    former, later = shown.context["lines"]
    assert former.startswith("ana@example.com keeps it until ")
    assert later.startswith("eva@example.com has it from ")
    given.refresh_from_db()
    assert (given.state, given.valid_until) == ("active", day(4))
    assert Assignment.objects.get(seller=to).valid_from == day(5)


def test_nothing_but_what_was_previewed_is_done(boss, given, to):
    path = f"{LIST}{given.establishment_id}/reassign/"
    seal = boss.post(path, asked(given, to, 5)).context["previewed"]
    with nothing_changes():
        answer = boss.post(path, {**asked(given, to), "previewed": seal, "confirm": "1"})
        assert answer.status_code == 200
        answer = boss.post(path, {**asked(given, to, 5), "confirm": "1"})
        assert answer.status_code == 200


def test_what_cannot_be_reassigned_is_told(boss, given, to):
    path = f"{LIST}{given.establishment_id}/reassign/"
    for field, value in (
        ("to", UserFactory().email),
        ("to", SellerFactory(is_active=False).email),
        ("to", "nobody"),
        ("to", ""),
        ("to", "\x00"),
        ("former", str(to.pk)),
        ("former", "x"),
        ("on", "soon"),
    ):
        with nothing_changes():
            response = boss.post(path, {**asked(given, to), field: value})
        assert list(errors_of(response)) == [field]
    for data, reason in (
        (asked(given, to, -1), "The date lies in the past."),
        (asked(given, given.seller), "The seller has this establishment already."),
    ):
        seal = boss.post(path, data).context["previewed"]
        with nothing_changes():
            said = done(boss.post(path, {**data, "previewed": seal, "confirm": "1"}))
        assert said == [reason]


def test_one_that_nobody_has_is_assigned_instead(boss, to):
    row = EstablishmentFactory()
    with nothing_changes():
        response = boss.post(
            f"{LIST}{row.pk}/reassign/", {"former": "1", "to": to.email, "on": iso()}
        )
    assert list(errors_of(response)) == ["former"]
