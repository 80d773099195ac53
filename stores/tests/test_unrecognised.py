"""A24: what phones could not name becomes one case, and what support decides reaches the visits."""

import datetime as dt

import orjson
import pytest
from django.utils import timezone

from core.models import JournalEntry
from stores import clock
from stores.models import (
    Clock,
    DirtyDay,
    Product,
    ProductAlias,
    SellerCase,
    Unrecognised,
    UnrecognisedGroup,
    Visit,
)
from stores.services import groups
from stores.services.groups import resolve_groups
from stores.tests.factories import (
    AssignmentFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    today,
)
from stores.tests.helpers_cases import GTIN, items, waiting, with_items, work
from stores.tests.helpers_constraints import change
from stores.tests.helpers_push import pushed, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed():
    """The product that nobody recognised, on the list of every store, with another one."""
    product, other = ProductFactory(name="Yogur griego"), ProductFactory()
    VersionFactory(products=[other, product])
    return product


@pytest.fixture
def second(client_for):
    """Another seller's phone, and their establishment."""
    assignment = AssignmentFactory(seller=SellerFactory())
    return client_for(assignment.seller), assignment.establishment


def alias(group, product, reason="Es el yogur griego."):
    return resolve_groups([group], "alias_of", {"product": product.pk}, reason)


def test_two_items_of_a_gtin_are_one_case_and_its_end_corrects_both_visits(
    keeper, phone, store, second, listed
):
    (mine,) = pushed(phone, with_items(store, GTIN))
    (theirs,) = pushed(second[0], with_items(second[1], f"0{GTIN}"))
    assert (mine["must_have"], mine["present"], mine["compliance"]) == (2, 0, "0.0000")
    work()
    (group,) = UnrecognisedGroup.objects.all()
    assert (group.kind, group.value, group.state) == ("gtin", f"0{GTIN}", "open")
    assert (group.occurrences, group.sellers, group.cities) == (2, 2, 1)
    assert [one.state for one in keeper.views.values()] == ["new"]
    assert keeper.reports[-1].occurrences == 2
    assert keeper.reports[-1].object_id == str(group.pk)
    assert waiting() == 0
    before = dict(Clock.objects.values_list("key", "seq"))
    DirtyDay.objects.all().delete()

    assert alias(group, listed) == 1
    groups.work_on(pk=group.pk)  # one task run

    for document, client in ((mine, phone), (theirs, second[0])):
        found = Visit.objects.get(pk=document["id"])
        assert (found.must_have, found.present, str(found.compliance)) == (2, 1, "0.5000")
        assert listed.pk not in found.missing
        assert found.seen == []
        assert orjson.loads(found.doc)["seen"] == []
        assert found.seq > before[clock.seller_key(found.seller_id)]
        (case,) = client.get("/api/sync/cases").json()["documents"]
        assert (case["number"], case["state"]) == ("C-1", "resolved")
        assert case["answer"] == "Es el yogur griego."
        assert case["visit_id"] == document["id"]
    assert set(DirtyDay.objects.values_list("seller", "day")) == {
        (one.seller_id, today()) for one in Visit.objects.all()
    }
    states = Unrecognised.objects.values_list("state", "product")
    assert list(states) == [("matched", listed.pk)] * 2
    entries = JournalEntry.objects.filter(model="stores.Visit", reason="C-1")
    assert entries.count() == 2
    assert ProductAlias.objects.get().source_case == 1
    assert waiting() == 0


def test_a_later_visit_with_that_gtin_is_recognised_at_once(keeper, phone, store, listed):
    pushed(phone, with_items(store, GTIN))
    work()
    alias(UnrecognisedGroup.objects.get(), listed)
    work()
    (later,) = pushed(phone, with_items(store, GTIN, "pan"))
    assert (later["must_have"], later["present"], later["seen"]) == (2, 1, [])
    assert listed.pk not in later["missing"]
    found = Unrecognised.objects.filter(visit_id=later["id"]).order_by("item")
    assert list(found.values_list("state", "product", "group__value")) == [
        ("matched", listed.pk, None),
        ("open", None, "pan"),
    ]


def test_a_gtin_that_a_product_has_by_now_is_recognised_without_an_alias(phone, store):
    product = ProductFactory(gtin=GTIN)
    VersionFactory(products=[product])
    (document,) = pushed(phone, with_items(store, GTIN))
    assert (document["present"], document["missing"]) == (1, [])
    assert not UnrecognisedGroup.objects.exists()


def test_a_product_that_is_no_must_have_corrects_no_number_and_recounts_the_day(
    keeper, phone, store, listed
):
    (document,) = pushed(phone, with_items(store, "Yogur GRIEGO"))
    work()
    DirtyDay.objects.all().delete()
    alias(UnrecognisedGroup.objects.get(), ProductFactory())
    work()
    found = Visit.objects.get(pk=document["id"])
    assert (found.present, found.missing) == (0, document["missing"])
    assert DirtyDay.objects.count() == 1


def test_texts_are_the_same_whatever_their_case_blanks_and_encoding(phone, store):
    texts = ["Yogur  GRIEGO ñ", "yogur griego n\u0303", "\uff39OGUR griego Ñ"]
    pushed(phone, with_items(store, *texts))
    assert [one.value for one in UnrecognisedGroup.objects.all()] == ["yogur griego ñ"]


def test_a_gtin_wins_over_the_text_unless_its_check_digit_is_wrong(phone, store):
    row = {"text": "yogur griego"}
    unnamed = [{"gtin": GTIN, **row}, {"gtin": "9529999000018", **row}, {"gtin": "12", **row}]
    pushed(phone, visit(store, unrecognised=unnamed))
    named = Unrecognised.objects.order_by("item").values_list("item", "kind", "value")
    assert list(named) == [
        ("#0", "gtin", f"0{GTIN}"),
        ("#1", "text", "yogur griego"),
        ("#2", "text", "yogur griego"),
    ]


def test_an_item_on_a_photo_only_is_alone_and_one_of_nothing_is_kept(keeper, phone, store, listed):
    photo = "0195c1ca-0000-7000-8000-000000000001"
    unnamed = [{"photo": photo, "box": [0, 0, 1, 1]}, {"photo": photo}, {"text": " \u200b"}, {}]
    pushed(phone, visit(store, unrecognised=unnamed))
    assert Unrecognised.objects.count() == 4
    assert Unrecognised.objects.filter(group=None).count() == 2
    assert UnrecognisedGroup.objects.filter(kind="photo").count() == 2
    assert Unrecognised.objects.get(item="#0").box == [0.0, 0.0, 1.0, 1.0]
    work()
    alias(UnrecognisedGroup.objects.earliest("pk"), listed)
    work()
    assert Unrecognised.objects.filter(product=listed).count() == 1
    assert not ProductAlias.objects.exists()


def test_two_sellers_may_give_the_same_item_id_and_one_may_give_it_twice(phone, store, second):
    same = [{"id": "x", "text": "a"}, {"id": "x", "text": "b"}, {"id": "#0", "text": "c"}]
    pushed(phone, visit(store, unrecognised=same))
    pushed(second[0], visit(second[1], unrecognised=same))
    assert Unrecognised.objects.count() == 6
    assert set(Unrecognised.objects.values_list("item", flat=True)) == {"x", "#1", "#2"}


def test_a_new_product_gets_the_gtin_and_later_visits_see_it(keeper, phone, store, listed):
    (document,) = pushed(phone, with_items(store, GTIN))
    work()
    group = UnrecognisedGroup.objects.get()
    resolve_groups([group], "new_product", {"name": " Kumis 1 L "}, "Ya está en el catálogo.")
    work()
    product = Product.objects.get(name="Kumis 1 L")
    assert (product.gtin, product.state) == (GTIN, "active")
    assert product.seq > listed.seq
    item = Unrecognised.objects.get()
    assert (item.state, item.product_id) == ("new_product", product.pk)
    assert Visit.objects.get(pk=document["id"]).must_have == 2


@pytest.mark.parametrize("resolution", ["not_a_product", "unreadable"])
def test_what_is_no_product_ends_the_case_and_changes_no_number(
    keeper, phone, store, listed, resolution
):
    (document,) = pushed(phone, with_items(store, "bolsa"))
    work()
    resolve_groups([UnrecognisedGroup.objects.get()], resolution, {}, "Es una bolsa.")
    work()
    found = Visit.objects.get(pk=document["id"])
    assert (found.present, found.missing) == (0, document["missing"])
    assert Unrecognised.objects.get().state == resolution
    assert not ProductAlias.objects.exists()
    pushed(phone, with_items(store, "bolsa"))
    assert UnrecognisedGroup.objects.filter(state="open").count() == 1


def test_a_wrong_decision_is_decided_anew_and_its_visits_with_it(keeper, phone, store, listed):
    (document,) = pushed(phone, with_items(store, GTIN))
    work()
    group = UnrecognisedGroup.objects.get()
    alias(group, listed)
    work()
    group.refresh_from_db()
    other = ProductFactory()
    assert alias(group, other, "Era otro.") == 1
    work()
    found = Visit.objects.get(pk=document["id"])
    assert (found.present, found.missing) == (0, document["missing"])
    assert ProductAlias.objects.get().product == other
    alias(UnrecognisedGroup.objects.get(), listed)
    work()
    assert Visit.objects.get(pk=document["id"]).present == 1


def test_the_list_is_the_one_of_then_whatever_was_published_since(keeper, phone, store, listed):
    (document,) = pushed(phone, with_items(store, GTIN))
    work()
    version = Visit.objects.get().portfolio_version
    change(version, valid_until=today() - dt.timedelta(days=1))
    VersionFactory(products=[listed], portfolio=version.portfolio, valid_from=today())
    alias(UnrecognisedGroup.objects.get(), listed)
    work()
    found = Visit.objects.get(pk=document["id"])
    assert (found.portfolio_version, found.must_have, found.present) == (version, 2, 1)


def test_a_product_that_the_phone_saw_too_counts_once(keeper, phone, store, listed):
    (document,) = pushed(phone, with_items(store, GTIN, seen=[listed.pk]))
    work()
    alias(UnrecognisedGroup.objects.get(), listed)
    work()
    assert Visit.objects.get(pk=document["id"]).present == document["present"] == 1


def test_a_void_visits_items_do_not_count(keeper, phone, store, client_for):
    (document,) = pushed(phone, with_items(store, GTIN))
    pushed(phone, with_items(store, GTIN))
    support = client_for("SUPPORT")
    answer = support.post(f"/api/visits/{document['id']}/void", {"reason": "dos veces"})
    assert answer.status_code == 200, answer.content
    work()
    assert UnrecognisedGroup.objects.get().occurrences == 1
    assert Unrecognised.objects.count() == 1


def test_a_revision_that_is_applied_brings_its_own_items(keeper, phone, store, client_for, listed):
    first = with_items(store, GTIN, "pan")
    pushed(phone, first)
    pushed(phone, {**first, "unrecognised": items("leche")})
    assert Unrecognised.objects.count() == 2
    path = f"/api/visits/{first['id']}/apply-revision"
    answer = client_for("SUPPORT").post(path, {"number": 1})
    assert answer.status_code == 200, answer.content
    assert [one.value for one in Unrecognised.objects.all()] == ["leche"]
    work()
    occurrences = UnrecognisedGroup.objects.order_by("value").values_list("value", "occurrences")
    assert list(occurrences) == [(f"0{GTIN}", 0), ("leche", 1), ("pan", 0)]
    assert len(keeper.views) == 1


def test_a_group_whose_name_is_known_by_now_resolves_itself(keeper, phone, store, listed):
    (document,) = pushed(phone, with_items(store, GTIN))
    change(listed, gtin=GTIN, gtin_key=f"0{GTIN}")
    work()
    group = UnrecognisedGroup.objects.get()
    assert (group.state, group.resolution, group.product) == ("resolved", "alias_of", listed)
    assert Visit.objects.get(pk=document["id"]).present == 1
    assert keeper.views == {}


@pytest.mark.usefixtures("keeper")
def test_the_job_is_safe_twice_and_goes_on_where_it_was_killed(
    phone, store, second, listed, monkeypatch
):
    pushed(phone, with_items(store, GTIN))
    pushed(second[0], with_items(second[1], GTIN))
    work()
    group = UnrecognisedGroup.objects.get()
    alias(group, listed)
    real, calls = groups.bring, []

    def killed(group, seller_id, view):
        if calls:
            raise KeyboardInterrupt
        calls.append(seller_id)
        real(group, seller_id, view)

    monkeypatch.setattr(groups, "bring", killed)
    with pytest.raises(KeyboardInterrupt):
        groups.work_on(pk=group.pk)
    assert sorted(Visit.objects.values_list("present", flat=True)) == [0, 1]
    monkeypatch.setattr(groups, "bring", real)
    groups.work_on(pk=group.pk)  # somebody else has it, for all one knows
    assert sorted(Visit.objects.values_list("present", flat=True)) == [0, 1]
    change(group, due_at=timezone.now())  # the lease is over
    work()
    work()
    assert list(Visit.objects.values_list("present", flat=True)) == [1, 1]
    assert JournalEntry.objects.filter(model="stores.Visit", action="change").count() == 2
    assert SellerCase.objects.filter(state="resolved").count() == 2
