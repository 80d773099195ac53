"""Row versions: given out last, in the order of commits, lost by nobody."""

import random
import time
import uuid
from contextlib import suppress

import pytest
from django.db import transaction

from core.tests.helpers_threads import together
from stores import clock
from stores.models import Clock, Product
from stores.tests.factories import EstablishmentFactory, ProductFactory, VisitFactory


@pytest.mark.django_db
def test_rows_of_several_tables_get_consecutive_numbers_in_the_order_of_table_and_key():
    products = [ProductFactory() for _ in range(3)]
    store = EstablishmentFactory()
    before = clock.reading().seq
    with transaction.atomic():
        clock.stamp(products[2], store, products[0])
    assert [store.seq, products[0].seq, products[2].seq] == [before + 1, before + 2, before + 3]
    stored = dict(Product.objects.values_list("pk", "seq"))
    assert stored[products[0].pk] == before + 2
    assert stored[products[2].pk] == before + 3
    assert stored[products[1].pk] == products[1].seq <= before
    assert clock.reading().seq == before + 3


@pytest.mark.django_db
def test_the_visits_of_each_seller_have_a_clock_of_their_own():
    first, second = VisitFactory(), VisitFactory()
    assert (first.seq, second.seq) == (1, 1)
    again = VisitFactory(seller=first.seller)
    assert again.seq == 2
    keys = Clock.objects.filter(key__startswith="seller:").values_list("key", "seq", "epoch")
    assert sorted(keys) == sorted(
        [
            (clock.seller_key(first.seller_id), 2, None),
            (clock.seller_key(second.seller_id), 1, None),
        ]
    )


@pytest.mark.django_db
def test_a_clock_that_is_not_there_is_set_going_once():
    reading = clock.reading()
    assert reading.seq == 0
    assert isinstance(reading.epoch, uuid.UUID)
    assert clock.reading() == reading


@pytest.mark.django_db
def test_nothing_to_stamp_moves_no_clock():
    reading = clock.reading()
    clock.stamp()
    assert clock.reading() == reading


@pytest.mark.django_db(transaction=True)
def test_a_stamp_without_a_transaction_is_refused():
    product = ProductFactory()
    with pytest.raises(transaction.TransactionManagementError):
        clock.stamp(product)
    assert Product.objects.get().seq == product.seq


@pytest.mark.django_db
def test_an_update_past_the_clock_is_refused():
    product = ProductFactory(name="Kumis")
    with pytest.raises(TypeError, match=r"stores\.clock\.stamp"):
        Product.objects.filter(pk=product.pk).update(name="Arequipe")
    assert Product.objects.get().name == "Kumis"


class RolledBackError(Exception):
    """A writer changes its mind."""


def write(number: int, seconds: float) -> list[int]:
    """Insert products for so long, undo every twentieth, and return the keys of the rest."""
    chance = random.Random(number)
    deadline = time.monotonic() + seconds
    written = []
    while time.monotonic() < deadline:
        with suppress(RolledBackError), transaction.atomic():
            product = Product(sku=f"S-{uuid.uuid4().hex}", name="Kumis")
            product.save(force_insert=True)
            clock.stamp(product)
            if chance.random() < 0.05:
                raise RolledBackError
            written.append(product.pk)
    return written


def poll(seconds: float) -> list[int]:
    """Ask for what came after the latest version seen, for so long; return all that was seen."""
    deadline = time.monotonic() + seconds
    seen: list[int] = []
    cursor, is_last = 0, False
    while not is_last:
        is_last = time.monotonic() > deadline
        found = Product.objects.filter(seq__gt=cursor).order_by("seq").values_list("pk", "seq")
        for pk, seq in found:
            seen.append(pk)
            cursor = seq
    return seen


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_polling_reader_loses_nothing_that_forty_writers_commit():
    results = together(41, lambda number: write(number, 3) if number else poll(5))
    written = sorted(pk for keys in results[1:] for pk in keys)
    assert len(written) > 40
    assert results[0] == list(Product.objects.order_by("seq").values_list("pk", flat=True)), (
        "each row once, in the order of the commits"
    )
    assert sorted(results[0]) == written
