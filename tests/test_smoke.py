"""What ``make smoke`` calls broken: not a machine that pauses by itself, but what an act does."""

import pytest

from scripts.smoke import Smoke

KEPT = {"requests": 300, "failed_first": {}, "failed_after_retry": 0, "missing": 0}


def checked(*reports, raw=True):
    """Return the promises broken when the loads give these reports, and how many there were."""
    smoke, asked = Smoke(folder=None, nodes=[]), []

    def under_load(title, _act, **_failover):
        asked.append(title)
        return {**KEPT, **reports[len(asked) - 1]}

    smoke.under_load = under_load
    smoke.check("act", lambda _: None, raw=raw, gap=0.3)
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
        ({"failed_after_retry": 1}, "act: none failed after a retry"),
        ({"missing": 1}, "act: nothing acknowledged is missing"),
    ],
)
def test_what_is_about_requests_has_one_try(report, words):
    assert checked({**pause(1), **report}) == ([words], 1)
    again = checked(pause(900), pause(50), {**pause(340), **report})
    assert (again[0][0].removeprefix("act 2"), again[1]) == (words.removeprefix("act"), 3)
