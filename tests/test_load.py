"""The plan of `make load`: what its phones do adds up to the day that it claims."""

import itertools

import pytest

from benchmarks.day.plan import (
    DAY_SECONDS,
    HERD_PART,
    HOURS,
    POLL_SECONDS,
    POLL_SPREAD,
    VISITS,
    WEIGHTS,
    Plan,
)


def test_a_run_is_as_long_and_as_large_as_its_variables_say(monkeypatch):
    assert Plan.from_environment() == Plan(sellers=12_000, seconds=600, outage=60)
    for name, value in (("SELLERS", 50), ("SECONDS", 40), ("OUTAGE", 0), ("PROCESSES", 2)):
        monkeypatch.setenv(f"LOAD_{name}", str(value))
    assert Plan.from_environment() == Plan(sellers=50, seconds=40, outage=0, processes=2)


@pytest.mark.parametrize(
    ("name", "value"), [("SELLERS", 0), ("SECONDS", 19), ("OUTAGE", 150), ("OUTAGE", -1)]
)
def test_a_run_that_shows_nothing_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"LOAD_{name}", str(value))
    with pytest.raises(SystemExit, match="LOAD_"):
        Plan.from_environment()


def test_the_rates_are_those_of_the_real_day():
    rates = Plan().expected_rates()
    assert rates["questions"] == 40
    assert rates["visits on average"] == pytest.approx(8.33, abs=0.01)
    assert rates["visits in the peak hour"] == pytest.approx(25)
    assert rates["first pulls in the herd"] == pytest.approx(13.3, abs=0.1)
    assert len(WEIGHTS) == HOURS


def test_the_phones_make_these_rates_together():
    plan = Plan(sellers=1000, seconds=600)
    polls = [plan.polls(seller) for seller in range(plan.sellers)]
    visits = [plan.visits(seller) for seller in range(plan.sellers)]
    assert sum(map(len, polls)) == pytest.approx(1000 * 600 / POLL_SECONDS, rel=0.05)
    expected = 1000 * VISITS * 600 / DAY_SECONDS
    assert sum(map(len, visits)) == pytest.approx(expected, rel=0.1)
    assert all(0 <= at < 600 for times in (*polls, *visits) for at in times)
    gaps = [later - at for times in polls for at, later in itertools.pairwise(times)]
    assert min(gaps) >= POLL_SECONDS - POLL_SPREAD
    assert max(gaps) <= POLL_SECONDS + POLL_SPREAD
    in_peak = sum(2 <= at * HOURS / 600 < 3 for times in visits for at in times)
    assert in_peak == pytest.approx(expected * max(WEIGHTS) / sum(WEIGHTS), rel=0.2)


def test_the_herd_comes_in_the_first_quarter_of_an_hour_at_its_rate():
    plan = Plan(sellers=12_000, seconds=600)
    herd = [at for seller in range(plan.sellers) if (at := plan.herd(seller)) is not None]
    assert 0 <= min(herd) < max(herd) < 600 * HERD_PART
    assert len(herd) / (600 * HERD_PART) == pytest.approx(13.3, rel=0.15)


def test_a_seed_is_a_day():
    assert Plan(seed=1).polls(7) == Plan(seed=1).polls(7) != Plan(seed=2).polls(7)
    assert Plan(seed=1).visits(7) == Plan(seed=1).visits(7)
