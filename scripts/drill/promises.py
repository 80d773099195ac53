"""What an act promises, what a run of it showed, and the table of all runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from scripts.calls import BROKEN_OFF
from scripts.drill import history
from scripts.drill.history import Operation

MIN_OPERATIONS = 300
MIN_ACKNOWLEDGED = 100
MIN_AFTERWARDS = 20  # operations that begin after the last thing that failed
AWAY = 503


@dataclass(frozen=True)
class Limits:
    """What is allowed while something is broken. No limit allows a lost or a doubled write."""

    gap: float  # seconds in which nobody is granted anything
    first: frozenset[int] = frozenset()  # statuses that a first try may have
    # Kinds of operations that the fault may touch; None: all.
    hurt: frozenset[str] | None = None
    # Those that it touches may be given up, too: it lasts longer than clients are patient.
    gives_up: bool = False
    felt: bool = False  # some requests must be refused, else nothing was broken
    slowest: float = 7.0  # seconds of one try
    slowest_read: float = 7.0  # nginx leaves a node that hangs after 6 s
    recovered: float = 5.0  # seconds after the repair until nothing fails any more
    work_done: float | None = None  # seconds after the repair until no work waits


@dataclass
class Run:
    """One act under load: what clients saw, and what the database has."""

    title: str
    operations: list[Operation]
    there: dict[str, dict[str, int]]
    start: float
    end: float
    repaired: float  # when the fault was over
    awaited: bool = False  # whether work was waited for
    work_done: float | None = None  # seconds until no work waited; None: not within the patience
    replays_differ: int = 0
    said: list[tuple[bool, str]] = field(default_factory=list)  # what only this act promises
    load: float = 0.0  # the machine's, at the end
    machine_pauses: float = 0.0  # the longest pause, in seconds, while nothing is done

    @property
    def effects(self) -> history.Effects:
        """Return what of the writes is there."""
        return history.effects_of(self.operations, self.there)

    @property
    def gap(self) -> float:
        """Return the longest pause of everybody, in seconds."""
        return history.longest_gap(self.operations, self.start, self.end)

    @property
    def recovered(self) -> float | None:
        """Return the seconds from the repair to the last failure; None when it went on failing."""
        last = history.last_failure(self.operations)
        if last is None:
            return 0.0
        later = sum(one.tries[0].start > last for one in self.operations)
        return max(0.0, last - self.repaired) if later >= MIN_AFTERWARDS else None


def split(run: Run, limits: Limits) -> tuple[list[Operation], list[Operation]]:
    """Return the operations that the fault may touch, and the others."""
    if limits.hurt is None:
        return run.operations, []
    hurt = [one for one in run.operations if one.kind in limits.hurt]
    return hurt, [one for one in run.operations if one.kind not in limits.hurt]


def promised(run: Run, limits: Limits) -> list[tuple[bool, str]]:
    """Return what the act promises, each with whether it was kept."""
    effects = run.effects
    hurt, others = split(run, limits)
    first, spared = history.failed_first(hurt), history.failed_first(others)
    given_up = history.failed_after_retry(others if limits.gives_up else run.operations)
    slowest = history.slowest_try(run.operations)
    slowest_read = history.slowest_try(one for one in run.operations if not one.name)
    recovered = run.recovered
    kept = [
        (len(run.operations) >= MIN_OPERATIONS, f"at least {MIN_OPERATIONS} requests"),
        (
            effects.acknowledged >= MIN_ACKNOWLEDGED,
            f"at least {MIN_ACKNOWLEDGED} writes were acknowledged",
        ),
        (not effects.lost, f"no acknowledged write is lost ({len(effects.lost)})"),
        (not effects.doubled, f"no write is there twice ({len(effects.doubled)})"),
        (history.unseen(run.operations) == 0, "whoever was told of a write finds it"),
        (run.replays_differ == 0, f"a repeat gets the same answer ({run.replays_differ})"),
        (
            set(first) <= limits.first,
            f"first tries fail with {words(limits.first)} only ({words(first)})",
        ),
        (bool(first) or not limits.felt, "what was broken was felt"),
        (not spared, f"what the fault does not concern does not fail ({words(spared)})"),
        (given_up == 0, f"nothing fails after retries ({given_up})"),
        (
            run.gap - run.machine_pauses <= limits.gap,
            f"no pause over {limits.gap:g} s ({run.gap:.2f}{by_itself(run)})",
        ),
        (slowest <= limits.slowest, f"no try took over {limits.slowest:g} s ({slowest:.2f})"),
        (
            slowest_read <= limits.slowest_read,
            f"no try to read took over {limits.slowest_read:g} s ({slowest_read:.2f})",
        ),
        (
            recovered is not None and recovered <= limits.recovered,
            f"recovered alone within {limits.recovered:g} s ({seconds(recovered)})",
        ),
    ]
    if limits.work_done is not None:
        kept.append(
            (
                run.work_done is not None and run.work_done <= limits.work_done,
                f"no work waits after {limits.work_done:g} s ({seconds(run.work_done)})",
            )
        )
    return kept + run.said


def by_itself(run: Run) -> str:
    """Return how long the machine pauses by itself, where that was looked for."""
    return f", {run.machine_pauses:.2f} while nothing is done" if run.machine_pauses else ""


def broken(run: Run, limits: Limits) -> list[str]:
    """Return the promises that a run did not keep."""
    return [text for kept, text in promised(run, limits) if not kept]


def is_about_volume(text: str) -> bool:
    """Tell whether a promise only says that a run was long enough to show anything."""
    return text.startswith("at least")


def is_about_time(text: str) -> bool:
    """Tell whether the machine, too, may have broken a promise: it pauses by itself."""
    return text.startswith(("no pause", "no try", "reads of", "without"))


def words(statuses: Iterable[int]) -> str:
    """Return statuses for people."""
    names = {BROKEN_OFF: "broken off", 0: "no answer"}
    counts = statuses if isinstance(statuses, Counter) else None
    parts = [
        f"{counts[one]} x {names.get(one, one)}" if counts else str(names.get(one, one))
        for one in sorted(statuses)
    ]
    return ", ".join(parts) or "none"


def seconds(value: float | None) -> str:
    """Return a time for people."""
    return "never" if value is None else f"{value:.1f} s"


COLUMNS = (
    "act",
    "requests",
    "acknowledged",
    "lost",
    "doubled",
    "failed at first",
    "failed after retry",
    "longest gap",
    "recovered alone",
)


def row(run: Run) -> list[str]:
    """Return a run's row of the table."""
    effects = run.effects
    alone = "no" if run.recovered is None else f"yes, {seconds(run.recovered)}"
    if run.awaited:
        alone += f"; work {seconds(run.work_done)}"
    return [
        run.title,
        f"{len(run.operations):,}",
        f"{effects.acknowledged:,}",
        str(len(effects.lost)),
        str(len(effects.doubled)),
        words(history.failed_first(run.operations)),
        str(history.failed_after_retry(run.operations)),
        f"{run.gap * 1000:,.0f} ms",
        alone,
    ]


def table(runs: Iterable[Run]) -> str:
    """Return the runs as one table, in Markdown."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row(run) for run in runs)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
