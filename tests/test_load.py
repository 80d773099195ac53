"""The plan of `make load`: what its phones do adds up to the day, and the peak, that it claims."""

import itertools
from collections import Counter

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
from benchmarks.day.steps import (
    HEAD,
    PUSH,
    Outcome,
    Step,
    percentile,
    steps,
    table,
    until_saturated,
    verdict,
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


# --- the peak -------------------------------------------------------------------------------------


def outcome(step=None, *, heads=(0.01,), pushes=(0.02,), failures=()):
    return Outcome(
        step or Step(140, 50, 60),
        list(heads),
        list(pushes),
        elapsed=2.0,
        web=0.008,
        database=0.002,
        load=0.5,
        busy=3.0,
        failures=list(failures),
    )


def test_the_first_step_is_the_peak_and_each_other_one_is_a_quarter_of_it_more():
    found = list(steps())
    assert (found[0], found[1], len(found)) == (Step(140, 50, 60), Step(175, 62.5, 30), 11)
    assert found[-1] == Step(490, 175, 30)
    assert list(steps(6, 3))[:2] == [Step(140, 50, 6), Step(175, 62.5, 3)]


def test_as_much_arrives_as_a_step_says_at_random_and_the_same_for_a_seed():
    step = Step(140, 50, 60)
    found = list(step.arrivals(1))
    kinds = Counter(kind for _at, kind in found)
    assert kinds[HEAD] == pytest.approx(140 * 60, rel=0.05)
    assert kinds[PUSH] == pytest.approx(50 * 60, rel=0.08)
    times = [at for at, _kind in found]
    assert 0 < times[0] < times[-1] < 60
    gaps = [later - at for at, later in itertools.pairwise(times)]
    # Of gaps that are exponential, 1 in e is longer than the average.
    assert sum(gap > 1 / 190 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)
    assert found == list(step.arrivals(1)) != list(step.arrivals(2))


def test_a_percentile_is_a_time_that_was_seen():
    times = [number / 100 for number in range(100, 0, -1)]
    assert [percentile(times, part) for part in (0.5, 0.95, 0.99)] == [0.51, 0.96, 1.0]
    assert percentile([], 0.99) == 0


@pytest.mark.parametrize(
    ("more", "is_saturated"),
    [
        ({}, False),
        ({"heads": [1.0] * 100}, False),
        ({"heads": [0.01] * 98 + [1.01] * 2}, True),
        ({"pushes": [0.01] * 98 + [1.01] * 2}, True),
        ({"failures": ["head: 503"]}, True),
    ],
)
def test_who_takes_a_second_or_fails_no_longer_keeps_up(more, is_saturated):
    assert outcome(**more).is_saturated is is_saturated


def test_steps_end_with_the_first_that_is_too_much():
    good, late = outcome(), outcome(Step(175, 62.5, 30), heads=[2.0])
    assert list(until_saturated([good, late, good])) == [good, late]
    assert list(until_saturated([good, good])) == [good, good]


def test_a_row_says_what_was_offered_what_was_done_and_what_it_cost():
    header, line, row = table([outcome(failures=["push: 503"])]).splitlines()
    assert header.count("|") == line.count("|") == row.count("|") == 9
    assert [one.strip() for one in row.strip("|").split("|")] == [
        "140 + 50",
        "1",
        "10 / 10 / 10 ms",
        "20 / 20 / 20 ms",
        "1",
        "4.0 + 1.0 ms",
        "1.50",
        "0.25",
    ]


def test_the_verdict_names_what_was_kept_up_with_and_what_was_not():
    late = outcome(Step(175, 62.5, 30), heads=[2.0])
    assert verdict([outcome()]) == (
        "Kept up with 140 heads and 50 pushes a second, the most that was tried."
    )
    assert verdict([outcome(), late]) == (
        "Kept up with 140 heads and 50 pushes a second, and not with 175 and 62.5."
    )
    assert verdict([late]) == "The peak was more than the platform keeps up with here."
