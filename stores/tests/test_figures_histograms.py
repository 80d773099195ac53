"""How long visits took and how late they came in: percentiles of histograms that add up."""

import csv
import datetime as dt
import io
from importlib.util import find_spec

import pytest
from django.core.management import call_command
from django.utils import timezone

from core.roles import Role
from stores import tasks
from stores.constants import DELAY_MINUTES, STAY_MINUTES
from stores.figures import upgrading
from stores.figures.histograms import BUCKETS, DELAYS, percentile
from stores.figures.words import execute
from stores.models import (
    AreaDay,
    DailyFigure,
    DirtyDay,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
    Visit,
)
from stores.services.corrections import apply_revision, void_visit
from stores.tests.factories import SellerFactory, TypologyFactory, today
from stores.tests.helpers_admin import signed_in
from stores.tests.helpers_figures import Field, assert_figures_hold, count_figures
from stores.tests.helpers_overview import PAGE, part
from stores.tests.helpers_push import moment, pushed, visit

pytestmark = pytest.mark.django_db
FIGURES = "/api/stores/figures"
EARLIER = today() - dt.timedelta(days=7)
MONTH = today().replace(day=1)
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def analyst(client_for):
    return client_for(Role.ANALYST)


def asked(client, **parameters):
    answer = client.get(FIGURES, {"from": str(MONTH), **parameters})
    assert answer.status_code == 200, answer.content
    return answer.json()["rows"]


def buckets_of(model, **of):
    """Return the buckets that are not empty, added up over some rows."""
    rows = model.objects.filter(**of).values(*BUCKETS)
    sums = {name: sum(row[name] for row in rows) for name in BUCKETS}
    return {name: count for name, count in sums.items() if count}


def by_hand(values, bounds, share):
    """Return a percentile of seconds as a histogram has it."""
    ordered, rank, lower = sorted(values), share * len(values), 0
    for upper in bounds:
        below = sum(value <= 60 * lower for value in ordered) if lower else 0
        upto = sum(value <= 60 * upper for value in ordered)
        if upto > below and upto >= rank:
            return round(60 * (lower + (upper - lower) * (rank - below) / (upto - below)))
        lower = upper
    return None


# -- a percentile of counts ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        pytest.param((0, 0, 0), 0.5, None, id="nothing"),
        pytest.param((2, 6, 0), 0.5, 80, id="inside-a-bucket"),
        pytest.param((1, 0, 0), 0.5, 30, id="one-visit"),
        pytest.param((4, 4, 0), 0.5, 60, id="on-a-bound"),
        pytest.param((4, 0, 4), 0.5, 60, id="an-empty-bucket-between"),
        pytest.param((0, 0, 10), 0.95, 120 + 180 * 0.95, id="the-last-bucket"),
        pytest.param((19, 0, 1), 0.95, 60, id="one-of-twenty-is-late"),
        pytest.param((18, 0, 2), 0.95, 120 + 90, id="two-of-twenty-are-late"),
    ],
)
def test_a_percentile_is_a_point_on_the_line_through_its_bucket(counts, share, seconds):
    assert percentile(counts, (1, 2, 5), share) == seconds


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        pytest.param(0, "stay_1", id="0"),
        pytest.param(60, "stay_1", id="60"),
        pytest.param(61, "stay_2", id="61"),
        pytest.param(13 * 60, "stay_13", id="13-min"),
        pytest.param(4 * 3600, "stay_240", id="4-h"),
        pytest.param(4 * 3600 + 1, None, id="longer"),
        pytest.param(2**31 - 1, None, id="longest"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_stay_lies_in_one_bucket_or_is_left_out_and_counted(
    analyst, field, seller, seconds, bucket
):
    field.visit(field.store(), seller, seconds=seconds, captured_at=NOW, received_at=NOW)
    count_figures()
    expected = {bucket: 1, "delay_1": 1} if bucket else {"delay_1": 1}
    for model in (DailyFigure, AreaDay, RegionDay):
        assert buckets_of(model) == expected
    [row] = asked(analyst)
    assert row["untimed"] == (0 if bucket else 1)
    assert (row["seconds_median"] is None) == (bucket is None)


@pytest.mark.parametrize(
    ("delay", "bucket", "is_prompt"),
    [
        pytest.param(dt.timedelta(minutes=-9), "delay_1", True, id="a-fast-clock"),
        pytest.param(dt.timedelta(minutes=1), "delay_1", True, id="1-min"),
        pytest.param(dt.timedelta(minutes=15), "delay_15", True, id="15-min"),
        pytest.param(dt.timedelta(minutes=15, seconds=1), "delay_30", False, id="15-min-1-s"),
        pytest.param(dt.timedelta(days=1), "delay_1440", False, id="a-day"),
        pytest.param(dt.timedelta(days=45), "delay_64800", False, id="45-days"),
        pytest.param(dt.timedelta(days=46), "delay_64800", False, id="longer"),
    ],
)
def test_a_delay_lies_in_one_bucket(field, seller, delay, bucket, is_prompt):
    field.visit(field.store(), seller, captured_at=NOW - delay, received_at=NOW, day=today())
    count_figures()
    for model in (DailyFigure, AreaDay, RegionDay):
        assert buckets_of(model) == {bucket: 1}
    assert DailyFigure.objects.get().prompt == is_prompt


# -- they add up, wherever they are asked ----------------------------------------------------------
def test_percentiles_agree_by_hand_in_the_api_the_csv_the_page_and_the_file(
    analyst, field, tmp_path
):
    sellers = SellerFactory.create_batch(3)
    stores = [field.store(), field.store(field.bello)]
    stores.append(field.store(typology=TypologyFactory(code="bakery", name="Panadería")))
    for number in range(30):
        began = NOW - dt.timedelta(minutes=number * number)
        field.visit(
            stores[number % 3],
            sellers[number % 2],
            seconds=None if number % 11 == 5 else 97 * number,
            captured_at=began,
            received_at=NOW,
            day=MONTH + dt.timedelta(days=number % min(today().day, 4)),
            state="void" if number % 7 == 0 else "accepted",
        )
    count_figures()
    counted = Visit.objects.exclude(state="void")

    def expected(visits):
        visits = list(visits)
        stays = [one.seconds for one in visits if one.seconds is not None]
        delays = [(one.received_at - one.occurred_at).total_seconds() for one in visits]
        return (
            by_hand(stays, STAY_MINUTES, 0.5),
            by_hand(delays, DELAY_MINUTES, 0.95),
            len(visits) - len(stays),
        )

    def shown(row):
        return (int(row["seconds_median"]), int(row["delay_p95"]), int(row["untimed"]))

    whole = expected(counted)
    assert shown(asked(analyst)[0]) == whole
    for group, column in (
        ("region", "region"),
        ("department", None),
        ("city", "city"),
        ("typology", "typology"),
        ("day", "day"),
        ("seller", "seller_id"),
    ):
        found = asked(analyst, group_by=group)
        answer = analyst.get(FIGURES, {"from": str(MONTH), "group_by": group, "format": "csv"})
        cells = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
        assert len(found) == len(cells)
        for row, cell in zip(found, cells, strict=True):
            of = {column: row[group]} if column else {"city__startswith": row[group]}
            assert shown(row) == shown(cell) == expected(counted.filter(**of)), (group, row)
    tiles = {tile.name: tile for tile in part(signed_in(Role.ADMIN).get(PAGE), "tiles")}
    median, late, untimed = whole
    assert tiles["stay"].value == f"{round(median / 60)} min"
    assert tiles["stay"].note == f"{untimed} visits have no usable duration"
    assert tiles["prompt"].note == f"95 % within {late // 3600} h {round(late / 60) % 60} min"
    in_file = parquet_buckets(tmp_path)
    assert in_file in (
        None,
        [sum(row[name] for row in DailyFigure.objects.values(name)) for name in BUCKETS],
    )


def parquet_buckets(folder):
    """Return the sums of the file's buckets and the first moment's type; None without DuckDB."""
    if find_spec("duckdb") is None:  # an optional extra: Pipfile, [parquet]
        return None
    import duckdb

    call_command("export_facts", "--month", f"{MONTH:%Y-%m}", "--to", str(folder), verbosity=0)
    path = folder / f"daily-{MONTH:%Y-%m}.parquet"
    sums = ", ".join(f"sum({name})" for name in BUCKETS)
    with duckdb.connect() as parquet:
        [found] = parquet.execute(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()  # noqa: S608 - our own path
    return [int(one) for one in found]


def test_a_store_has_no_percentiles(analyst, field, seller):
    field.visit(field.store(), seller, seconds=600)
    count_figures()
    [row] = asked(analyst, group_by="establishment")
    assert (row["visits"], row["seconds_mean"], row["untimed"]) == (1, 600.0, 0)
    assert (row["seconds_median"], row["delay_p95"]) == (None, None)


# -- what comes late changes its day alone ---------------------------------------------------------
def days_of(model):
    """Return the rows of each day without their ids."""
    return {
        day: [
            {name: value for name, value in row.items() if name != "id"}
            for row in model.objects.filter(day=day).order_by("pk").values()
        ]
        for day in model.objects.values_list("day", flat=True)
    }


def test_a_late_visit_and_a_void_one_change_the_histograms_of_their_day_alone(field, seller):
    store = field.store()
    for day in (EARLIER, today()):
        field.visit(store, seller, day=day, seconds=100)
    count_figures()
    before = {model: days_of(model) for model in (DailyFigure, AreaDay, RegionDay)}
    began = NOW - dt.timedelta(days=7)
    made = field.visit(store, seller, day=EARLIER, captured_at=began, seconds=3_000)
    count_figures()
    for model, rows in before.items():
        after = days_of(model)
        assert after[today()] == rows[today()]
        [row] = after[EARLIER]
        assert buckets_of(model, day=EARLIER) == {
            "stay_2": 1,
            "stay_60": 1,
            "delay_1": 1,
            "delay_14400": 1,
        }
        assert row["visits"] == 2
    assert DailyFigure.objects.get(day=EARLIER).first_at == began
    void_visit(visit=made, reason="twice")
    count_figures()
    assert {model: days_of(model) for model in before} == before
    assert_figures_hold()


def test_a_corrected_visit_takes_its_buckets_along(phone, store, seller):
    field = Field()
    document = visit(store, seen=field.ids[:1])
    pushed(phone, document)
    count_figures()
    assert sum(buckets_of(DailyFigure, day=today()).values()) >= 1
    other = moment(dt.timedelta(days=3))
    pushed(phone, {**document, "captured_at": other})
    apply_revision(visit=Visit.objects.get(), number=1)
    count_figures()
    row = DailyFigure.objects.get()
    assert row.day == today() - dt.timedelta(days=3)
    assert row.first_at == Visit.objects.get().occurred_at
    assert {name for name in buckets_of(DailyFigure) if name in DELAYS} == {"delay_4320"}
    assert_figures_hold()


# -- what a release without histograms counted -----------------------------------------------------
def forget_histograms(**of):
    """Leave rows as the release before writes them."""
    for model in (DailyFigure, AreaDay):
        model.objects.filter(**of).update(**dict.fromkeys(BUCKETS, 0))
    DailyFigure.objects.filter(**of).update(first_at=None)


def test_days_that_the_release_before_counted_are_counted_again(analyst, field, seller):
    store = field.store()
    for day in (EARLIER, today()):
        field.visit(store, seller, day=day, seconds=100)
    count_figures()
    assert upgrading.outdated_days() == []
    right = {model: days_of(model) for model in (DailyFigure, AreaDay, RegionDay)}
    forget_histograms(day=EARLIER)
    [row] = asked(analyst, **{"from": str(EARLIER), "to": str(EARLIER), "group_by": "city"})
    assert (row["visits"], row["seconds_median"], row["delay_p95"]) == (1, None, None)
    assert tasks.count_areas() == {"areas": 0, "outdated": 1}
    assert list(DirtyDay.objects.values_list("day", flat=True)) == [EARLIER]
    count_figures()
    assert {model: days_of(model) for model in right} == right
    assert tasks.count_areas() == {"areas": 0, "outdated": 0}


@pytest.mark.parametrize("change", ["more", "gone"])
def test_days_of_regions_that_the_release_before_did_not_write_are_counted_again(
    field, seller, change
):
    made = field.visit(field.store(), seller)
    count_figures()
    if change == "more":
        RegionDay.objects.update(visits=7)
    else:  # the release before counted that no visit is left
        made.delete()
        for model in (AreaDay, DailyFigure, ProductDay, StoreMonth, ProductMonth):
            model.objects.all().delete()
    assert upgrading.mark_outdated() == 1
    count_figures()
    assert [row.visits for row in RegionDay.objects.all()] == ([1] if change == "more" else [])
    assert_figures_hold()


def test_the_newest_days_are_counted_again_first(field, seller, monkeypatch):
    store = field.store()
    days = [today() - dt.timedelta(days=number) for number in range(3)]
    for day in days:
        field.visit(store, seller, day=day)
    count_figures()
    forget_histograms()
    monkeypatch.setattr(upgrading, "DAYS_AT_ONCE", 2)
    for expected in (days[:2], days[2:], []):
        upgrading.mark_outdated()
        marked = DirtyDay.objects.order_by("-day").values_list("day", flat=True)
        assert list(marked) == expected
        count_figures()


def test_rows_of_the_release_before_fit_the_tables(field, seller):
    """It names neither the buckets nor the first moment: the database has defaults."""
    field.visit(field.store(), seller)
    count_figures()
    for model in (DailyFigure, AreaDay):
        row = model.objects.values().get()
        names = [name for name in row if name not in {"id", "first_at", *BUCKETS}]
        model.objects.all().delete()
        places = ", ".join(["%s"] * len(names))
        execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({places})",  # noqa: S608 - our own names
            *(row[name] for name in names),
        )
        made = model.objects.values().get()
        assert {name: made[name] for name in names} == {name: row[name] for name in names}
        assert [made[name] for name in BUCKETS] == [0] * 24
