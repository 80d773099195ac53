"""Many phones, one yoghurt; support decides while they push. With the cases app that runs here."""

import uuid

import orjson
import pytest
from django.db import transaction

from core import cases
from core.tests.helpers_threads import together
from stores import case_kinds
from stores.models import (
    SellerCase,
    Unrecognised,
    UnrecognisedGroup,
    Visit,
)
from stores.services import groups, visits
from stores.services.visits import receive
from stores.sync import batch
from stores.tests.factories import AssignmentFactory, ProductFactory, SellerFactory, VersionFactory
from stores.tests.helpers_cases import GTIN, waiting, with_items, work
from stores.tests.helpers_push import rows

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PHONES = 8


@pytest.fixture(params=["in memory", "cases"])
def support(request):
    """Each keeper of cases that there is."""
    if request.param == "in memory":
        return request.getfixturevalue("keeper")
    found = cases.keeper()
    if found is None:
        pytest.skip("the cases app is off")  # the keeper in memory is tried all the same
    return found


def documents(*found):
    return batch.read(orjson.dumps(rows(*found)))


def stores_of(count):
    """Return establishments, each of another seller."""
    return [AssignmentFactory(seller=SellerFactory()) for _ in range(count)]


@pytest.mark.usefixtures("support")
def test_many_phones_with_one_yoghurt_make_one_case():
    found = stores_of(PHONES)

    def push(number):
        theirs = found[number]
        for names in (["b", GTIN, "a"], ["a", "b", GTIN]):
            sent = documents(with_items(theirs.establishment, *names))
            receive(seller_id=theirs.seller_id, documents=sent)
            for pk in UnrecognisedGroup.objects.filter(status="pending").values_list("pk"):
                groups.work_on(pk=pk[0])

    assert together(PHONES, push) == [None] * PHONES
    for _sweep in range(3):
        work()
    assert waiting() == 0
    assert UnrecognisedGroup.objects.count() == 3
    group = UnrecognisedGroup.objects.get(value=f"0{GTIN}")
    assert (group.occurrences, group.sellers) == (PHONES * 2, PHONES)
    assert SellerCase.objects.filter(group=group, case_id=group.case_id).count() == PHONES
    assert SellerCase.objects.exclude(number="").count() == PHONES * 3


@pytest.mark.usefixtures("support")
def test_what_comes_while_support_decides_is_recognised_all_the_same():
    product = ProductFactory()
    VersionFactory(products=[product])
    found = stores_of(PHONES)

    def act(number):
        if number == 0:
            group = UnrecognisedGroup.objects.get(value=f"0{GTIN}")
            groups.resolve_groups([group], "alias_of", {"product": product.pk}, "Es el kumis.")
            groups.work_on(pk=group.pk)
        else:
            sent = documents(with_items(found[number].establishment, GTIN))
            receive(seller_id=found[number].seller_id, documents=sent)

    receive(
        seller_id=found[0].seller_id, documents=documents(with_items(found[0].establishment, GTIN))
    )
    work()
    assert together(PHONES, act) == [None] * PHONES
    for _sweep in range(3):
        work()
    assert waiting() == 0
    assert set(Visit.objects.values_list("present", flat=True)) == {1}
    assert Visit.objects.count() == PHONES
    assert set(Unrecognised.objects.values_list("product", "state")) == {(product.pk, "matched")}
    assert not UnrecognisedGroup.objects.filter(state="open").exists()


def test_a_group_that_is_decided_while_it_is_reported_leaves_no_open_case(keeper, monkeypatch):
    theirs = stores_of(1)[0]
    receive(seller_id=theirs.seller_id, documents=documents(with_items(theirs.establishment, GTIN)))
    group = UnrecognisedGroup.objects.get()
    real = groups.count

    def decided(one):
        counted = real(one)
        with transaction.atomic():
            case_kinds.KINDS[0].resolve(str(one.pk), "unreadable", {}, "borrosa")
        return counted

    monkeypatch.setattr(groups, "count", decided)
    groups.work_on(pk=group.pk)
    group.refresh_from_db()
    assert (group.state, group.resolution, group.case_id) == ("resolved", "unreadable", None)
    assert Unrecognised.objects.get().state == "unreadable"
    assert keeper.reports, "it had been reported, in the transaction that was taken back"


def test_one_id_from_two_phones_at_once_is_one_item_each(keeper):
    found, key = stores_of(PHONES), str(uuid.uuid4())

    def push(number):
        theirs = found[number]
        sent = with_items(theirs.establishment, "a") | {"id": key if number < 2 else None}
        sent["id"] = sent["id"] or str(uuid.uuid4())
        return visits.receive(seller_id=theirs.seller_id, documents=documents(sent))

    results = together(PHONES, push)
    assert all(isinstance(result, list) for result in results), results
    assert Visit.objects.count() == Unrecognised.objects.count() == PHONES - 1
    work()
    assert UnrecognisedGroup.objects.get().occurrences == PHONES - 1
    assert len(keeper.views) == 1
