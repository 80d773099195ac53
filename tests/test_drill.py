"""What ``make drill`` concludes from a history: made ones, so that nothing has to break for it."""

import pytest

from scripts.calls import BROKEN_OFF, NO_ANSWER, Answer
from scripts.drill import clients, history, promises
from scripts.drill.acts import ACTS
from scripts.drill.director import Director
from scripts.drill.history import Operation, Try
from scripts.drill.promises import AWAY, Limits, Run

WRITES, READS = 250, 300


def operation(kind, name="", *, at=0.0, statuses=(201,), took=0.01, own=False):
    """Return what a client did from a second on, a tenth of a second between its tries."""
    tries = [
        Try(status, at + number * 0.1, at + number * 0.1 + took)
        for number, status in enumerate(statuses)
    ]
    return Operation(kind, name, tries, own=own)


def whole():
    """Return a history of ten seconds in which everything was granted, and what it left."""
    dogs = [operation("dog", f"d{n}", at=n * 10 / WRITES) for n in range(WRITES)]
    reads = [operation("lists", at=n * 10 / READS, statuses=(200,)) for n in range(READS)]
    return [*dogs, *reads], {"dog": {one.name: 1 for one in dogs}}


def run_of(operations, there, **more):
    return Run("act", operations, there, start=0.0, end=10.0, repaired=5.0, **more)


def broken(change=lambda _operations, _there: None, limits=None, **more):
    """Return which promises break once a whole history was changed."""
    operations, there = whole()
    change(operations, there)
    return promises.broken(run_of(operations, there, **more), limits or Limits(gap=0.5))


def test_a_whole_history_keeps_every_promise():
    assert broken() == []


def test_an_acknowledged_write_that_is_not_there_is_lost():
    assert broken(lambda _, there: there["dog"].pop("d7")) == ["no acknowledged write is lost (1)"]
    operations, there = whole()
    del there["dog"]["d7"], there["dog"]["d249"]
    found = history.effects_of(operations, there)
    assert (found.acknowledged, found.lost, found.doubled) == (WRITES, ["d7", "d249"], [])


def test_a_write_that_is_there_twice_is_doubled_acknowledged_or_not():
    def twice(operations, there):
        there["dog"]["d7"] = 2
        operations[8] = operation("dog", "d8", at=0.5, statuses=(AWAY, AWAY))
        there["dog"]["d8"] = 3

    allowed = Limits(gap=0.5, first=frozenset({AWAY}), hurt=frozenset({"dog"}), gives_up=True)
    assert broken(twice, allowed) == ["no write is there twice (2)"]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_write_that_nobody_was_told_of_may_be_there_or_not(rows):
    """The answer was lost, or the write: its client does not know, and nor need we."""

    def unknown(operations, there):
        operations[8] = operation("dog", "d8", at=0.5, statuses=(NO_ANSWER,))
        there["dog"]["d8"] = rows

    operations, there = whole()
    unknown(operations, there)
    found = history.effects_of(operations, there)
    assert (found.acknowledged, found.lost, found.doubled) == (WRITES - 1, [], [])


def test_an_effect_counts_for_its_own_kind_only():
    operations = [operation("dog", "same"), operation("patient", "same")]
    found = history.effects_of(operations, {"dog": {"same": 1}})
    assert (found.acknowledged, found.lost) == (2, ["same"])


def test_a_pause_of_everybody_is_a_gap_and_a_pause_of_one_is_none():
    def pause(operations, _):
        operations[:] = [one for one in operations if not 3 <= one.tries[0].start < 4]

    [text] = broken(pause)
    assert text == "no pause over 0.5 s (1.03)"
    assert broken(pause, Limits(gap=1.1)) == []
    reads, _ = whole()
    assert history.longest_gap(reads[WRITES:], 0, 10) == pytest.approx(10 / READS, abs=0.02)


def test_a_gap_may_be_at_the_beginning_or_last_to_the_end():
    operations = [operation("dog", "d", at=4.0)]
    assert history.longest_gap(operations, 0, 10) == pytest.approx(5.99)
    assert history.longest_gap(operations, 0, 5) == pytest.approx(4.01)
    assert history.longest_gap([], 2, 5) == 3


def test_what_failed_counts_at_first_and_after_retries():
    operations = [
        operation("dog", "a", statuses=(AWAY, 201)),
        operation("dog", "b", statuses=(BROKEN_OFF, AWAY, AWAY, AWAY)),
        operation("dog", "c"),
    ]
    assert history.failed_first(operations) == {AWAY: 1, BROKEN_OFF: 1}
    assert history.failed_after_retry(operations) == 1
    assert history.last_failure(operations) == pytest.approx(0.31)
    assert promises.words(history.failed_first(operations)) == "1 x broken off, 1 x 503"


def test_only_some_statuses_are_allowed_at_first():
    def fail(operations, _):
        operations[20] = operation("dog", "d20", at=1.4, statuses=(502, 201))

    assert broken(fail) == ["first tries fail with none only (1 x 502)"]
    assert broken(fail, Limits(gap=0.5, first=frozenset({502}))) == []


def test_what_a_fault_does_not_concern_must_not_fail():
    def fail(operations, _):
        operations[20] = operation("dog", "d20", at=1.4, statuses=(AWAY, 201))

    for hurt, expected in (
        ("dog", []),
        ("patient", ["what the fault does not concern does not fail (1 x 503)"]),
    ):
        limits = Limits(gap=0.5, first=frozenset({AWAY}), hurt=frozenset({hurt}))
        assert broken(fail, limits) == expected


def test_a_fault_that_nobody_felt_shows_nothing():
    limits = Limits(gap=0.5, first=frozenset({AWAY}), felt=True)
    assert broken(limits=limits) == ["what was broken was felt"]


def test_whoever_goes_on_failing_has_not_recovered():
    def late(operations, _):
        operations.append(operation("lists", at=9.9, statuses=(AWAY, 200)))

    assert "recovered alone within 5 s (never)" in broken(late)
    operations, there = whole()
    operations.append(operation("lists", at=7.0, statuses=(AWAY, 200)))
    run = run_of(operations, there)
    assert run.recovered == pytest.approx(2.01)
    row = dict(zip(promises.COLUMNS, promises.row(run), strict=True))
    assert row == {
        "act": "act",
        "requests": "551",
        "acknowledged": "250",
        "lost": "0",
        "doubled": "0",
        "failed at first": "1 x 503",
        "failed after retry": "0",
        "longest gap": "33 ms",
        "recovered alone": "yes, 2.0 s",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda operations, _: operations.append(
                operation("own dog", at=9, statuses=(404,), own=True)
            ),
            "whoever was told of a write finds it",
        ),
        (
            lambda operations, _: operations.append(operation("dog", "slow", at=2, took=7.5)),
            "no try took over 7 s (7.50)",
        ),
        (
            lambda operations, _: operations.append(
                operation("lists", at=2, took=7.5, statuses=(200,))
            ),
            "no try to read took over 7 s (7.50)",
        ),
        (lambda operations, _: operations.__delitem__(slice(251, None)), "at least 300 requests"),
        (
            lambda operations, _: operations.__delitem__(slice(151)),
            "at least 100 writes were acknowledged",
        ),
    ],
)
def test_each_promise_can_break(change, words):
    assert words in broken(change)


def test_work_that_waits_and_answers_that_differ_break_a_promise():
    limits = Limits(gap=0.5, work_done=20)
    assert broken(limits=limits, work_done=3.0) == []
    assert broken(limits=limits) == ["no work waits after 20 s (never)"]
    assert broken(replays_differ=2) == ["a repeat gets the same answer (2)"]
    assert broken(said=[(False, "said"), (True, "kept")]) == ["said"]


def test_a_pace_is_the_machines_and_a_loss_is_not():
    times = ("no pause over 1 s (2.00)", "no try to read took over 7 s (9.00)")
    assert all(map(promises.is_about_time, times))
    assert not promises.is_about_time("no acknowledged write is lost (1)")
    assert not promises.is_about_time("nothing fails after retries (1)")


def test_a_client_waits_as_long_as_it_was_told_and_a_random_while():
    told = [clients.pause(Answer(AWAY, headers={"Retry-After": "2"}), 3) for _ in range(50)]
    assert 2 <= min(told) < max(told) <= 2.8
    assert max(clients.pause(Answer(NO_ANSWER), 1) for _ in range(50)) <= 0.2


@pytest.mark.parametrize(("tries", "asked"), [(4, 4), (None, 3)])
def test_a_client_asks_four_times_and_the_watch_until_it_is_heard(monkeypatch, tries, asked):
    monkeypatch.setattr(clients.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(clients, "WATCH_SECONDS", 9)
    statuses = iter([AWAY] * (2 if tries is None else 9) + [201])
    crowd, wanted = clients.Clients(port=1, phones=[]), Operation("dog", "d")
    crowd.persist(wanted, lambda: Answer(next(statuses)), tries)
    assert crowd.operations == [wanted]
    assert (len(wanted.tries), wanted.granted) == (asked, tries is None)


class Rigless(Director):
    """Plays acts whose runs are made."""

    def __init__(self, *runs):
        super().__init__(None, lambda _text: None)
        self.made, self.titles = list(runs), []

    def run(self, act, title, setting, fault, proxy_values):
        self.titles.append(title)
        return self.made.pop(0)


def made(change=lambda _operations, _there: None):
    operations, there = whole()
    change(operations, there)
    return run_of(operations, there)


def lose(_operations, there):
    del there["dog"]["d7"]


def pause(operations, _):
    operations[:] = [one for one in operations if not 3 <= one.tries[0].start < 5]


ACT = ACTS[0]


def test_an_act_is_played_once_and_its_control_after_it():
    director = Rigless(made(), made(lose))
    director.play(ACT)
    assert director.broken == []
    assert director.titles == [ACT.title, f"control: {ACT.control}"]
    assert len(director.runs) == 2


def test_a_control_that_keeps_every_promise_breaks_the_drill():
    director = Rigless(made(), made())
    director.play(ACT)
    assert director.broken == [f"{ACT.name}: its control keeps every promise, so it shows nothing"]


def test_a_pause_is_looked_for_again_and_a_loss_is_not():
    director = Rigless(made(pause), made(), made(), made(lose))
    director.play(ACT)
    assert director.broken == []
    assert director.titles == [
        ACT.title,
        "nothing is done",
        ACT.title,
        f"control: {ACT.control}",
    ]
    director = Rigless(made(lose), made(lose))
    director.play(ACT)
    assert director.broken == [f"{ACT.name}: no acknowledged write is lost (1)"]


def test_a_pause_that_comes_without_the_act_is_the_machines():
    director = Rigless(made(pause), made(pause), made(pause), made(lose))
    director.play(ACT)
    assert director.broken == []
    assert director.runs[0].machine_pauses == pytest.approx(2.05, abs=0.05)


def test_a_pause_that_comes_back_is_the_acts():
    director = Rigless(made(pause), made(), made(pause), made(), made(pause), made(lose))
    director.play(ACT)
    assert director.broken == [f"{ACT.name}: no pause over 1 s (2.03, 0.03 while nothing is done)"]


def test_a_control_with_too_few_requests_shows_nothing():
    few = made(
        lambda operations, there: (
            lose(operations, there),
            operations.__delitem__(slice(WRITES, None)),
        )
    )
    director = Rigless(made(), few)
    director.play(ACT)
    assert director.broken == [f"{ACT.name}, control: at least 300 requests"]
