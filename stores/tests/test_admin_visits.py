"""Visits and rejected uploads in the admin: everything is shown, little is changed."""

import datetime as dt
import hashlib
import json
import uuid

import orjson
import pytest
from django.utils import timezone

from core.roles import Role
from stores import clock
from stores.models import Clock, DirtyDay, RejectedUpload, SyncSeen, Visit, VisitRevision
from stores.services.sent import read
from stores.services.visits import receive
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
    today,
)
from stores.tests.helpers_admin import (
    ADMIN,
    act,
    cells,
    confirm,
    done,
    errors_of,
    history_of,
    listed,
    notices,
    page,
    signed_in,
)
from stores.tests.helpers_dates import day, iso
from stores.tests.helpers_push import visit
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db

LIST = f"{ADMIN}visit/"
REJECTED = f"{ADMIN}rejectedupload/"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def support():
    return signed_in(Role.SUPPORT)


def seq_of(seller):
    """Return what the clock of a seller's visits shows, without moving it."""
    return Clock.objects.get(key=clock.seller_key(seller.pk)).seq


# -- the list ----------------------------------------------------------------------------------
def test_flags_are_badges_and_compliance_a_share(support):
    VisitFactory(
        state="flagged",
        flags=["far", "text_repaired"],
        must_have=12,
        present=5,
        compliance="0.4167",
        establishment__code="EST-7",
    )
    html = page(support.get(LIST))
    for text in ("far from the establishment", "text repaired", "41.7 %", "EST-7", "Flagged"):
        assert text.lower() in html.lower()


def test_filters_by_flag_state_and_day(support):
    far = VisitFactory(state="flagged", flags=["clock", "far"], day=day(-1))
    late = VisitFactory(state="flagged", flags=["clock"], day=day(-2))
    plain = VisitFactory(day=today())
    for query, found in (
        ({"flag": "far"}, [far]),
        ({"flag": "clock"}, [far, late]),
        ({"flag": "lock"}, [plain, far, late]),
        ({"flag": "%"}, [plain, far, late]),
        ({"state__exact": "accepted"}, [plain]),
        ({"day_from": iso(-1)}, [plain, far]),
        ({"day_from": iso(-2), "day_to": iso(-1)}, [far, late]),
        ({"day_to": "soon"}, [plain, far, late]),
        ({"day_from": "9999-12-31"}, []),
    ):
        assert listed(support.get(LIST, query)) == found, query
    for query in ({"day_from": "\x00"}, {"doc__contains": "x"}, {"day__year": "0"}):
        assert support.get(LIST, query).status_code == 400


def test_filters_by_place_product_and_whether_a_visit_counts(support):
    milk, cheese = ProductFactory(sku="M-1"), ProductFactory()
    place = {"city": "05001", "region": "antioquia-eje", "typology": "minimarket"}
    CityFactory()
    here = VisitFactory(**place, missing=[cheese.pk, milk.pk], day=day(-1))
    void = VisitFactory(**place, missing=[milk.pk * 10], state="void", day=day(-2))
    there = VisitFactory(city="11001", region="centro", typology="bakery", day=day(-3))
    everything = [here, void, there]
    for query, found in (
        ({"counted": "yes"}, [here, there]),
        ({"counted": "no"}, [void]),
        ({"counted": "maybe"}, everything),
        ({"region": "antioquia-eje"}, [here, void]),
        ({"department": "11"}, [there]),
        ({"typology": "bakery"}, [there]),
        ({"city": "05001"}, [here, void]),
        ({"missing": " m-1 "}, [here]),
        ({"missing": "no such SKU"}, []),
        ({"missing": ""}, everything),
        ({"region": "antioquia-eje", "counted": "yes", "missing": "M-1"}, [here]),
    ):
        assert listed(support.get(LIST, query)) == found, query
    for name in ("region", "department", "missing"):
        assert support.get(LIST, {name: "\x00"}).status_code == 400


def test_search_by_id_seller_and_establishment(support):
    found = VisitFactory(seller__email="ana@example.com", establishment__code="EST-77")
    VisitFactory()
    for term in (str(found.pk), str(found.pk).upper(), "ANA@example.com", "est-77", " EST-77 "):
        assert listed(support.get(LIST, {"q": term})) == [found], term
    for term in (str(uuid.uuid4()), "ana@", "EST-7", "%", "' OR 1=1 --"):
        assert listed(support.get(LIST, {"q": term})) == [], term


# -- the page ----------------------------------------------------------------------------------
def test_a_page_shows_what_the_phone_said_and_what_was_made_of_it(support):
    milk, cheese = ProductFactory(sku="LEC", name="Leche"), ProductFactory(sku="Q", name="Queso")
    row = VisitFactory(seen=[milk.pk, 999_999, 2**62], missing=[cheese.pk])
    html = page(support.get(f"{LIST}{row.pk}/change/"))
    for text in ("LEC Leche", "unknown: 999999", f"unknown: {2**62}", "Q Queso"):
        assert text in html
    assert "&quot;outcome&quot;: &quot;done&quot;" in html
    assert 'name="_save"' not in html


def test_what_people_wrote_is_text(support):
    doc = {"note": SCRIPT, "établi": "año", "half": "\ud800"}
    row = VisitFactory(doc=json.dumps(doc), establishment__name=SCRIPT)
    VisitRevision.objects.create(
        visit_id=row.pk,
        number=1,
        digest="x",
        doc=json.dumps({"note": f"{SCRIPT}2"}),
        received_at=timezone.now(),
    )
    for path in ("change", "apply-revision", "apply-revision/?number=1", "void", "history"):
        html = page(
            support.get(f"{LIST}{row.pk}/{path}".rstrip("/") + ("" if "?" in path else "/"))
        )
        assert "<script>alert" not in html
    html = page(support.get(f"{LIST}{row.pk}/change/"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_many_products_are_not_all_shown(support):
    products = ProductFactory.create_batch(103)
    row = VisitFactory(seen=[product.pk for product in products])
    html = page(support.get(f"{LIST}{row.pk}/change/"))
    assert str(products[99]) in html
    assert str(products[100]) not in html
    assert "and 3 more" in html


def test_a_document_that_nobody_can_read_is_shown_as_it_came(support):
    row = VisitFactory(doc="{<b>not json")
    assert "{&lt;b&gt;not json" in page(support.get(f"{LIST}{row.pk}/change/"))


@pytest.mark.parametrize(
    "key",
    [
        "0195c1c8-0000-7000-8000-000000000000",
        "x",
        "1",
        "_00",
        "a" * 300,
        "00000000000000000000000000000000",
    ],
)
def test_a_visit_that_is_not_there(support, key):
    assert support.get(f"{LIST}{key}/change/").status_code == 302
    for job in ("void", "apply-revision"):
        with nothing_changes():
            assert support.post(f"{LIST}{key}/{job}/", {"reason": "x"}).status_code == 404


# -- corrections -------------------------------------------------------------------------------
@pytest.fixture
def revised():
    """A visit of which the phone later said something else."""
    given = AssignmentFactory(establishment__lat=6.2442, establishment__lon=-75.5812)
    milk, cheese = ProductFactory(sku="LEC"), ProductFactory(sku="QUE")
    VersionFactory(products=[milk, cheese])
    first = visit(given.establishment, seen=[milk.pk], note="a")
    for document in (first, {**first, "seen": [milk.pk, cheese.pk], "note": SCRIPT}):
        sent = read(orjson.dumps(document).decode())
        receive(seller_id=given.seller_id, documents=[sent])
    made = Visit.objects.get()
    assert (made.present, VisitRevision.objects.count()) == (1, 1)
    return made


def test_the_page_leads_to_a_revision_that_says_what_differs(support, revised):
    path = f"{LIST}{revised.pk}/apply-revision/"
    assert f'href="{path}?number=1"' in page(support.get(f"{LIST}{revised.pk}/change/"))
    milk, cheese = (row.pk for row in revised.portfolio_version.products.order_by("pk"))
    with nothing_changes():
        shown = support.get(path, {"number": "1"})
    assert cells(shown) == [
        ["seen", f"[{milk}]", f"[{milk}, {cheese}]"],
        ["note", "&quot;a&quot;", "&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;"],
    ]


def test_a_revision_is_applied(support, revised):
    DirtyDay.objects.all().delete()
    seq = revised.seq
    path = f"{LIST}{revised.pk}/apply-revision/"
    _shown, said = confirm(support, path, {"number": "1"})
    assert said == ["Revision 1 applied."]
    revised.refresh_from_db()
    assert (revised.present, str(revised.compliance)) == (2, "1.0000")
    assert revised.seq == seq_of(revised.seller) > seq
    assert DirtyDay.objects.get().day == revised.day
    assert VisitRevision.objects.get(number=1).applied_at is not None
    [(action, actor, changes, reason)] = history_of(revised)
    assert (action, actor, reason) == ("change", support.user.pk, "revision 1")
    assert changes["present"] == [1, 2]
    html = page(support.get(f"{LIST}{revised.pk}/change/"))
    assert f'href="{path}?number=2"' in html, "what it said before is a revision now"


def test_nothing_but_what_was_previewed_is_applied(support, revised):
    path = f"{LIST}{revised.pk}/apply-revision/"
    seal = support.get(path, {"number": "1"}).context["previewed"]
    VisitRevision.objects.create(
        visit_id=revised.pk, number=2, digest="x", doc="{}", received_at=timezone.now()
    )
    with nothing_changes():
        answer = support.post(path, {"number": "2", "previewed": seal, "confirm": "1"})
        assert answer.status_code == 200
        assert support.post(path, {"number": "1", "confirm": "1"}).status_code == 200
    answer = support.post(path, {"number": "2"})
    with nothing_changes():
        seal = answer.context["previewed"]
        said = done(support.post(path, {"number": "2", "previewed": seal, "confirm": "1"}))
    assert said[0].startswith("No visit can be made of this upload yet. ")
    assert "captured_at: required" in said[0]


@pytest.mark.parametrize("number", ["9", "x", "\x00", "99999999999999999999"])
def test_a_revision_that_is_not_there_is_told(support, revised, number):
    with nothing_changes():
        response = support.post(f"{LIST}{revised.pk}/apply-revision/", {"number": number})
    assert list(errors_of(response)) == ["number"]


def test_a_visit_without_revisions_has_none_to_apply(support):
    row = VisitFactory()
    said = done(support.get(f"{LIST}{row.pk}/apply-revision/"))
    assert said == ["The visit has no revision."]


def test_a_visit_is_void_with_a_reason(support):
    row = VisitFactory()
    path = f"{LIST}{row.pk}/void/"
    with nothing_changes():
        for reason in ("", " ", "a\x00", "x" * 501, "\u202e"):
            assert list(errors_of(support.post(path, {"reason": reason}))) == ["reason"]
    assert done(support.post(path, {"reason": "a test of the phone"})) == ["The visit is void."]
    seq = row.seq
    row.refresh_from_db()
    assert (row.state, row.seq) == ("void", seq + 1)
    assert DirtyDay.objects.get().seller == row.seller
    changes = {"state": ["accepted", "void"]}
    assert history_of(row) == [("change", support.user.pk, changes, "a test of the phone")]
    with nothing_changes():
        assert done(support.post(path, {"reason": "again"})) == ["The visit is void."]
    assert "a test of the phone" in page(support.get(f"{LIST}{row.pk}/history/"))


# -- rejected uploads --------------------------------------------------------------------------
def upload(seller, document, **fields):
    """Store a row of which no visit could be made when it came."""
    raw = document if isinstance(document, str) else orjson.dumps(document).decode()
    return RejectedUpload.objects.create(
        seller=seller,
        visit_id=fields.pop("visit_id", None),
        digest=hashlib.sha256(raw.encode()).hexdigest(),
        raw=raw,
        problems=[{"field": "seen", "code": "required"}],
        received_at=timezone.now() - dt.timedelta(hours=1),
        **fields,
    )


def test_a_rejected_upload_is_shown_as_it_came(support):
    row = upload(SellerFactory(email="ana@example.com"), f'{{"note": "{SCRIPT}"}}')
    html = page(support.get(f"{REJECTED}{row.pk}/change/"))
    assert "<script>alert" not in html
    assert "{&quot;note&quot;: &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;}" in html
    assert "seen: required" in html
    assert 'name="_save"' not in html
    assert "seen: required" in page(support.get(REJECTED))


def test_a_huge_row_is_clipped(support):
    row = upload(SellerFactory(), "x" * 1_000_000)
    assert len(support.get(f"{REJECTED}{row.pk}/change/").content) < 300_000


def test_rejected_uploads_are_found_and_filtered(support):
    key = uuid.uuid4()
    found = upload(SellerFactory(email="ana@example.com"), "{}", visit_id=key)
    old = upload(SellerFactory(), "[]", processed_at=timezone.now())
    for term in ("ana@example", str(key)):
        assert listed(support.get(REJECTED, {"q": term})) == [found]
    assert listed(support.get(REJECTED, {"processed_at__isempty": "0"})) == [old]


def test_each_row_that_is_processed_again_says_what_happened(support):
    given = AssignmentFactory()
    seller = given.seller
    good_doc = visit(given.establishment)
    good, bad = upload(seller, good_doc), upload(seller, {**good_doc, "seen": "x"})
    first, second = act(support, REJECTED, "process_again", good, bad)
    made = Visit.objects.get()
    assert first == f"Upload {good.pk} ({seller}) is visit {made.pk}, {made.get_state_display()}."
    assert second.startswith(
        f"Upload {bad.pk} ({seller}): No visit can be made of this upload yet."
    )
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (made.received_at, made.seller) == (good.received_at, seller)
    assert good.processed_at is not None
    assert bad.processed_at is None
    assert made.seq == seq_of(seller) == 1
    assert [line[:2] for line in history_of(good)] == [("change", support.user.pk)]
    [(action, actor, _changes, reason)] = history_of(made)
    assert (action, actor, reason) == ("create", support.user.pk, f"rejected upload {good.pk}")
    with nothing_changes():
        [said] = act(support, REJECTED, "process_again", good)
    assert "id: id_taken" in said


# -- phones and days ---------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["syncseen", "dirtyday"])
def test_phones_and_days_are_found_by_seller(support, name):
    sellers = [SellerFactory(email="ana@example.com"), SellerFactory()]
    for seller in sellers:
        SyncSeen.objects.create(seller=seller, app_version=SCRIPT, backlog=3)
        DirtyDay.objects.create(seller=seller, day=today(), marked_at=timezone.now())
    html = page(support.get(f"{ADMIN}{name}/"))
    assert "<script>alert" not in html
    [row] = listed(support.get(f"{ADMIN}{name}/", {"q": "ana@"}))
    assert row.seller == sellers[0]


def test_an_establishment_nobody_knows_is_none(support):
    row = VisitFactory(establishment=None, flags=["unknown_establishment"], state="flagged")
    assert listed(support.get(LIST)) == [row]
    assert "unknown establishment" in page(support.get(f"{LIST}{row.pk}/change/"))
    assert notices(support.get(f"{LIST}{row.pk}/change/")) == []
    assert not EstablishmentFactory._meta.model.objects.exists()
