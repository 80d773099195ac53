"""In logs of many shapes the report finds what was written: requests, clients, times, allies."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from allies.accesslog.reading import LogStream
from allies.accesslog.report import Tally
from allies.accesslog.summary import summarise
from allies.tests.corpus import SHAPES, START, requests, truth, written
from allies.tests.factories import AllyFactory

pytestmark = pytest.mark.django_db
ALLIES = ("1f585fc9-4926-468c-a728-eb34d80e9ea1", "store-2", "a~b")


def report_of(content, *, newest=None, **window):
    return summarise(Tally(**window).read(LogStream(io.BytesIO(content)), newest=newest))


def by_name(shape):
    return shape.name


@pytest.fixture
def allies():
    for ally in ALLIES:
        AllyFactory(id=ally)


@pytest.mark.parametrize("shape", SHAPES, ids=by_name)
def test_the_truth_is_found(shape, allies):
    made = requests(1, 300, ALLIES)
    expected = truth(made)
    content, lines, structure = written(shape, made)
    report = report_of(content, newest=shape.newest)
    assert report["lines"] == {
        "total": lines,
        "succeeded": expected["succeeded"],
        "failed": expected["failed"],
        "not_understood": 0,
        "outside_window": 0,
        "without_time": 0,
        "structure": structure,
    }, report["not_understood"]["shown"][:3]
    assert {row["status"]: row["calls"] for row in report["by_status"]} == expected["statuses"]
    clients = expected["clients"] if shape.has_client else {"-": len(made)}
    assert {row["client"]: row["calls"] for row in report["by_client"]} == clients
    (file,) = report["files"]
    assert file["formats"] == [{"format": shape.form, "requests": len(made)}]
    hurt = {row["id"]: row for row in report["credentials"]["allies_hurt"]}
    assert hurt.keys() == expected["hurt"].keys()
    assert list(hurt) == sorted(hurt, key=lambda ally: (-hurt[ally]["failed"], ally))
    for ally, row in hurt.items():
        mine = expected["hurt"][ally]
        assert row["failed"] == mine["failed"]
        assert sum(one["failed"] for one in row["by_route"]) == mine["failed"]
        if shape.has_client:
            assert {one["client"]: one["failed"] for one in row["by_client"]} == mine["clients"]
        if shape.has_time:
            first, last = (
                datetime.fromisoformat(row[key]).astimezone(UTC).replace(microsecond=0)
                for key in ("first_failure", "last_failure")
            )
            assert (first, last) == (min(mine["times"]), max(mine["times"]))
        else:
            assert (row["first_failure"], row["last_failure"]) == (None, None)


@pytest.mark.parametrize("shape", SHAPES, ids=by_name)
def test_a_window_holds_in_every_shape(shape, allies):
    made = requests(2, 200, ALLIES)
    since, until = START + timedelta(seconds=7 * 50), START + timedelta(seconds=7 * 150)
    inside = [one for one in made if since <= one.moment < until]
    content, lines, _structure = written(shape, made)
    found = report_of(content, newest=shape.newest, since=since, until=until)["lines"]
    if shape.has_time:
        assert (found["succeeded"], found["failed"], found["outside_window"]) == (
            truth(inside)["succeeded"],
            truth(inside)["failed"],
            100,
        )
    else:
        assert (found["succeeded"], found["failed"], found["without_time"]) == (0, 0, 200)
    assert sum(found.values()) - found["total"] == lines == found["total"]
