"""What ``make smoke`` calls broken: not a machine that pauses by itself, but what an act does."""

import pytest

from scripts.calls import BROKEN_OFF, NO_ANSWER
from scripts.smoke import Act, Smoke, acts

KEPT = {
    "requests": 300,
    "failed_first": {},
    "failed_after_retry": 0,
    "missing": 0,
    "slowest_try_ms": 9,
}


def act(*, breaks_off=False):
    return Act("act", lambda _: None, 300, breaks_off=breaks_off)


def told(*reports):
    """Return a run whose loads give these reports, and the titles that it asks for."""
    smoke, asked = Smoke(folder=None, nodes=[]), []

    def under_load(title, _do, **_options):
        asked.append(title)
        return {**KEPT, **reports[len(asked) - 1]}

    smoke.under_load = under_load
    return smoke, asked


def checked(*reports):
    """Return the promises broken when the loads give these reports, and how many there were."""
    smoke, asked = told(*reports)
    smoke.check(act())
    return smoke.broken, len(asked)


def pause(milliseconds):
    return {"longest_gap_ms": milliseconds}


def test_kept_at_once():
    assert checked(pause(300)) == ([], 1)


def test_a_pause_that_does_not_come_back_is_the_machines():
    assert checked(pause(900), pause(50), pause(340)) == ([], 3)


def test_a_pause_that_comes_without_the_act_is_the_machines():
    assert checked(pause(900), pause(50), pause(800), pause(600), pause(850)) == ([], 5)


def test_a_pause_that_comes_back_is_ours():
    broken, loads = checked(pause(900), pause(50), pause(800), pause(60), pause(700))
    assert (broken, loads) == (["act: no pause over 300 ms (640)"], 5)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"requests": 299}, "act: at least 300 requests"),
        ({"failed_first": {502: 1}}, "act: no request failed"),
        ({"slowest_try_ms": 7001}, "act: no try took over 7000 ms"),
        ({"failed_after_retry": 1}, "act: none failed after a retry"),
        ({"missing": 1}, "act: nothing acknowledged is missing"),
    ],
)
def test_what_is_about_requests_has_one_try(report, words):
    assert checked({**pause(1), **report}) == ([words], 1)
    again = checked(pause(900), pause(50), {**pause(340), **report})
    assert (again[0][0].removeprefix("act 2"), again[1]) == (words.removeprefix("act"), 3)


@pytest.mark.parametrize(
    "report",
    [
        {"failed_first": {502: 1}},
        {"failed_after_retry": 1},
        {"missing": 1},
        {"slowest_try_ms": 7001},
    ],
)
def test_a_control_that_goes_wrong_is_as_it_should_be(report):
    smoke, asked = told({**pause(1), **report})
    smoke.control(act())
    assert (smoke.broken, asked) == ([], ["control of act"])


def test_a_control_that_keeps_every_promise_is_what_is_broken():
    smoke, _asked = told(pause(1))
    smoke.control(act())
    assert smoke.broken == ["control of act is seen to go wrong ()"]


def test_a_control_without_enough_requests_shows_nothing():
    smoke, _asked = told({**pause(1), "requests": 299, "failed_first": {502: 1}})
    smoke.control(act())
    assert smoke.broken == ["control of act: at least 300 requests"]


def test_every_act_has_its_name_and_its_limit():
    assert [(one.title, one.gap_ms, one.breaks_off, one.writes) for one in acts([])] == [
        ("rolling restart", 300, False, True),
        ("node killed", 1000, True, True),
        ("workers killed", 1000, True, True),
        ("node hung", 7000, True, False),
    ]


def test_only_an_answer_that_had_begun_may_fail_at_first_where_a_node_dies():
    for status, breaks_off, broken in (
        (BROKEN_OFF, True, []),
        (BROKEN_OFF, False, ["act: no request failed"]),
        (NO_ANSWER, True, ["act: no request failed"]),
        (504, True, ["act: no request failed"]),
    ):
        smoke, _asked = told({**pause(1), "failed_first": {status: 1}})
        smoke.check(act(breaks_off=breaks_off))
        assert smoke.broken == broken
