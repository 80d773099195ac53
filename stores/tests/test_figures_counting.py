"""Figures follow the visits: exactly what is marked is counted, whatever came late or was wrong."""

import datetime as dt
import io
import threading
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from stores.figures import counting
from stores.figures.histograms import BUCKETS
from stores.models import (
    AreaDay,
    DailyFigure,
    DirtyDay,
    FigureMark,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
    Unrecognised,
    UnrecognisedGroup,
    Visit,
)
from stores.services import groups
from stores.services.corrections import apply_revision, void_visit
from stores.services.visits import mark_dirty
from stores.tests.factories import SellerFactory, TypologyFactory, today
from stores.tests.helpers_figures import Field, assert_figures_hold, count_figures, sums_of
from stores.tests.helpers_push import moment, pushed, visit

pytestmark = pytest.mark.django_db
EARLIER = today() - dt.timedelta(days=7)


def test_a_sellers_day_has_the_sums_of_its_visits(field, seller):
    store = field.store()
    now = timezone.now()
    field.visit(store, seller, seconds=600, received_at=now, captured_at=now)
    late = now - dt.timedelta(hours=2)  # and it comes in now
    field.visit(
        store, seller, (0,), outcome="refused", captured_at=late, received_at=now, seconds=20_000
    )
    made = field.visit(store, seller, (), listed=[], state="flagged")
    for number, state in enumerate(("open", "unreadable", "not_a_product")):
        Unrecognised.objects.create(visit_id=made.pk, item=f"#{number}", seller=seller, state=state)
    count_figures()
    rows = DailyFigure.objects.order_by("-portfolio_version").values()
    listed, unlisted = ({**row} for row in rows)
    for row in (listed, unlisted):
        del row["id"]
    place = {"city": "05001", "region": "antioquia-eje", "typology": "minimarket"}
    assert listed == {
        "day": today(),
        "seller_id": seller.pk,
        **place,
        "portfolio_version": field.version.pk,
        "visits": 2,
        "done": 1,
        "flagged": 0,
        "audited": 2,
        "must_have": 8,
        "present": 4,
        "compliance_sum": 7500 + 2500,
        "seen": 4,
        "unrecognised": 0,
        "timed": 1,
        "seconds": 600,
        "prompt": 1,
        **dict.fromkeys(BUCKETS, 0),
        "stay_13": 1,
        "delay_1": 1,
        "delay_120": 1,
        "first_at": late,
    }
    assert (unlisted["portfolio_version"], unlisted["visits"], unlisted["audited"]) == (0, 1, 0)
    assert (unlisted["flagged"], unlisted["must_have"]) == (1, 0)
    assert unlisted["unrecognised"] == 2
    assert_figures_hold()


def test_sums_over_sellers_and_over_areas_are_those_of_the_visits(field):
    bakery = TypologyFactory(code="bakery", name="Panadería")
    stores = [field.store(), field.store(field.bello), field.store(typology=bakery)]
    sellers = SellerFactory.create_batch(2)
    for number in range(12):
        day = today() - dt.timedelta(days=number % 3)
        field.visit(stores[number % 3], sellers[number % 2], range(number % 5), day=day)
    count_figures()
    of_visits = Visit.objects.aggregate(
        visits=models.Count("pk"), must_have=models.Sum("must_have"), present=models.Sum("present")
    )
    for model in (DailyFigure, AreaDay, RegionDay, StoreMonth):
        sums = sums_of(model)
        assert {name: sums[name] for name in of_visits} == of_visits
    per_product = ProductDay.objects.aggregate(models.Sum("must_have"), models.Sum("missing"))
    assert per_product == {
        "must_have__sum": of_visits["must_have"],
        "missing__sum": of_visits["must_have"] - of_visits["present"],
    }
    assert_figures_hold()


def test_a_late_visit_changes_exactly_its_day(field, seller):
    store, other = field.store(), SellerFactory()
    for day in (EARLIER, today()):
        field.visit(store, seller, day=day)
        field.visit(store, other, day=day)
    count_figures()
    before = {row["id"]: row for row in DailyFigure.objects.values()}
    field.visit(store, seller, (0,), day=EARLIER)
    count_figures()
    after = {row["id"]: row for row in DailyFigure.objects.values()}
    gone = [row for key, row in before.items() if after.get(key) != row]
    assert [(row["day"], row["seller_id"], row["visits"]) for row in gone] == [
        (EARLIER, seller.pk, 1)
    ]
    new = [row for key, row in after.items() if before.get(key) != row]
    assert [(row["day"], row["seller_id"], row["visits"]) for row in new] == [
        (EARLIER, seller.pk, 2)
    ]
    assert_figures_hold()


def test_a_void_visit_counts_nowhere(field, seller):
    made = field.visit(field.store(), seller)
    count_figures()
    assert DailyFigure.objects.get().visits == 1
    void_visit(visit=made, reason="twice")
    count_figures()
    for model in (DailyFigure, AreaDay, RegionDay, ProductDay, StoreMonth, ProductMonth):
        assert not model.objects.exists(), model
    assert_figures_hold()


def test_a_corrected_visit_moves_from_its_day_to_the_other(phone, store, seller):
    field = Field()
    document = visit(store, seen=field.ids[:1])
    pushed(phone, document)
    count_figures()
    other = moment(dt.timedelta(days=3))
    pushed(phone, {**document, "seen": field.ids, "captured_at": other})
    assert not DirtyDay.objects.exists()  # a revision counts when support applies it
    apply_revision(visit=Visit.objects.get(), number=1)
    assert DirtyDay.objects.count() == 2
    count_figures()
    figure = DailyFigure.objects.get()
    assert (figure.day, figure.present) == (today() - dt.timedelta(days=3), 4)
    assert_figures_hold()


def test_what_support_makes_of_an_item_is_counted_within_one_run(phone, store, seller):
    field = Field()
    item = {"id": str(uuid.uuid4()), "gtin": "9529999000019", "text": "yogur griego"}
    pushed(phone, visit(store, seen=field.ids[:1], unrecognised=[item]))
    count_figures()
    figure = DailyFigure.objects.get()
    assert (figure.present, figure.seen, figure.unrecognised) == (1, 1, 1)
    group = UnrecognisedGroup.objects.get()
    groups.resolve(str(group.pk), "alias_of", {"product": field.ids[3]}, "")
    groups.work_on(pk=group.pk)
    count_figures()
    figure = DailyFigure.objects.get()
    assert (figure.present, figure.unrecognised) == (2, 0)
    assert_figures_hold()


def test_pushed_visits_are_counted_once_however_often_they_come(phone, store, seller):
    field = Field()
    first, second = visit(store, seen=field.ids[:3]), visit(store, seen=[field.ids[0], 999_999])
    wrong_clock = visit(store, captured_at="1980-01-01T00:00:00Z")
    for documents in ([first, second, wrong_clock], [second, first], [wrong_clock, first, second]):
        pushed(phone, *documents)
        count_figures()
        assert sums_of(DailyFigure) == {
            "visits": 3,
            "audited": 3,
            "must_have": 12,
            "present": 4,
            "compliance_sum": 7500 + 2500,
        }
    assert DailyFigure.objects.get().day == today()
    assert_figures_hold()


def test_a_product_that_was_inactive_on_the_day_was_no_must_have(field, seller):
    retired = field.products[3]
    models.QuerySet(type(retired)).filter(pk=retired.pk).update(
        state="inactive", inactive_on=EARLIER
    )
    field.visit(field.store(), seller, (0, 3), listed=field.ids[:3])
    count_figures()
    found = ProductDay.objects.order_by("product").values_list("product", "must_have", "missing")
    assert list(found) == [(field.ids[0], 1, 0), (field.ids[1], 1, 1), (field.ids[2], 1, 1)]
    assert_figures_hold()


def test_a_month_counts_a_store_once_and_knows_what_its_last_visit_showed(field, seller):
    other, store, second = SellerFactory(), field.store(), field.store(field.bello)
    unknown = 10**6
    month = today().replace(day=1)
    start = timezone.now() - dt.timedelta(days=1)
    for number, seen in enumerate([(0, 1), (0, 1), (0,), (3,)]):
        who = other if number == 3 else seller
        made = field.visit(store, who, seen, captured_at=start + number * dt.timedelta(hours=1))
        models.QuerySet(Visit).filter(pk=made.pk).update(day=month)
    models.QuerySet(Visit).filter(pk=made.pk).update(seen=[field.ids[3], unknown])
    made = field.visit(second, seller, (0,), captured_at=start)
    models.QuerySet(Visit).filter(pk=made.pk).update(day=month)
    for one in (seller, other):
        mark_dirty(one.pk, [month], timezone.now())
    count_figures()
    assert StoreMonth.objects.count() == 3
    of_seller = StoreMonth.objects.get(establishment=store, seller=seller)
    assert of_seller.visits == 3
    assert of_seller.products == {
        str(pk): [3, missing] for pk, missing in zip(field.ids, (0, 1, 3, 3), strict=True)
    }
    assert of_seller.last_seen == [field.ids[0]]
    rows = ProductMonth.objects.order_by("city", "product")
    found = list(rows.values_list("city", "product", "audited", "showing"))
    shown = [("05001", 0), ("05001", 0), ("05001", 0), ("05001", 1)]
    assert found[:4] == [
        (city, pk, 1, count) for pk, (city, count) in zip(field.ids, shown, strict=True)
    ]
    assert [row[3] for row in found[4:]] == [1, 0, 0, 0]
    assert_figures_hold()


# -- the command -----------------------------------------------------------------------------------
def rebuilt(*arguments):
    out = io.StringIO()
    first = (today() - dt.timedelta(days=40)).isoformat()
    call_command("rebuild_figures", "--from", first, *arguments, stdout=out)
    return out.getvalue()


def test_a_store_that_changed_its_kind_shows_products_where_its_last_visit_was(field, seller):
    start = timezone.now() - dt.timedelta(minutes=9)
    moving, staying = field.store(), field.store(typology=TypologyFactory(code="bakery"))
    field.visit(moving, seller, (0,), captured_at=start)
    field.visit(staying, seller, (0,), captured_at=start)
    count_figures()
    moving.typology = staying.typology
    moving.save(update_fields=["typology"])
    field.visit(moving, seller, (1,), captured_at=start + dt.timedelta(minutes=5))
    assert_figures_hold()
    shown = ProductMonth.objects.order_by("product").values_list(
        "typology", "product", "audited", "showing"
    )
    counts = zip(field.ids, (1, 1, 0, 0), strict=True)
    assert list(shown) == [("bakery", product, 2, showing) for product, showing in counts]


@pytest.mark.parametrize(
    "model", [DailyFigure, AreaDay, RegionDay, ProductDay, StoreMonth, ProductMonth]
)
def test_what_differs_is_found_and_mended(field, seller, model):
    field.visit(field.store(), seller)
    count_figures()
    row = model.objects.first()
    name = {"productmonth": "showing", "productday": "missing"}.get(
        model._meta.model_name, "visits"
    )
    model.objects.filter(pk=row.pk).update(**{name: 41})
    with pytest.raises(CommandError, match="rows differ"):
        rebuilt("--check")
    assert getattr(model.objects.get(pk=row.pk), name) == 41  # the check writes nothing
    assert rebuilt().startswith("days 41, ")
    assert rebuilt("--check") == "The figures are what the visits say.\n"
    model.objects.all().delete()
    with pytest.raises(CommandError, match="rows differ"):
        rebuilt("--check")
    rebuilt()
    assert_figures_hold()


def test_what_waits_is_left_out_of_the_check(field, seller):
    field.visit(field.store(), seller)
    assert rebuilt("--check") == (
        "left out, still to be counted: 1\nThe figures are what the visits say.\n"
    )
    assert DirtyDay.objects.count() == 1


def test_days_the_wrong_way_round_are_refused():
    with pytest.raises(CommandError, match=r"--to lies before --from\."):
        rebuilt("--to", "2020-01-01")


# -- races -----------------------------------------------------------------------------------------
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_mark_that_comes_while_its_day_is_counted_stays(field, seller):
    store = field.store()
    field.visit(store, seller)

    def push_another():
        try:
            field.visit(store, seller)  # waits for the mark, then makes a new one
        finally:
            connection.close()

    thread = threading.Thread(target=push_another)
    with transaction.atomic():
        assert counting.count_batch_of_days() == 1
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(10)
    assert DirtyDay.objects.count() == 1
    assert DailyFigure.objects.get().visits == 1
    count_figures()
    assert DailyFigure.objects.get().visits == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_process_counts_at_a_time(field, seller):
    field.visit(field.store(), seller)
    others = []

    def count_too():
        try:
            others.append(counting.count_days())
        finally:
            connection.close()

    with transaction.atomic():
        assert counting.count_batch_of_days() == 1
        thread = threading.Thread(target=count_too)
        thread.start()
        thread.join(10)
    assert others == [{"days": 0}]
    assert FigureMark.objects.exists()
    count_figures()
