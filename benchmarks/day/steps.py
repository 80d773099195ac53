"""The peak in steps: what arrives and when, what came of it, and the table.

The load is open-loop: requests arrive at random at a given rate, whether or not those before were
answered, as they do from 12,000 people who do not know each other. A time counts from the moment at
which the request was due, so that a platform that falls behind cannot hide it.
"""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

HEADS, PUSHES = 140, 50  # a second, the most that 12,000 sellers are reckoned to ask
GROWTH = 0.25  # of the peak, from each step to the next
MAX_STEPS = 10  # after the first
FIRST_SECONDS, STEP_SECONDS = 60, 30
MAX_P99_SECONDS = 1.0
HEAD, PUSH = "head", "push"
COLUMNS = (
    "offered: heads + pushes",
    "done a second",
    "heads: p50 / p95 / p99",
    "pushes: p50 / p95 / p99",
    "failed",
    "CPU a request: web + PostgreSQL",
    "cores busy",
    "of them the load",
)


@dataclass(frozen=True, slots=True)
class Step:
    """A rate of arrivals that is kept up for some seconds."""

    heads: float  # a second
    pushes: float
    seconds: int

    def arrivals(self, seed: int) -> Iterator[tuple[float, str]]:
        """Yield at which second what arrives: a Poisson process, the same for the same seed."""
        dice = random.Random(f"{seed} {self}")
        rate = self.heads + self.pushes
        at = dice.expovariate(rate)
        while at < self.seconds:
            yield at, HEAD if dice.random() * rate < self.heads else PUSH
            at += dice.expovariate(rate)


def steps(first: int = FIRST_SECONDS, each: int = STEP_SECONDS) -> Iterator[Step]:
    """Yield the peak, and then more and more of the same mixture."""
    for number in range(MAX_STEPS + 1):
        times = 1 + GROWTH * number
        yield Step(HEADS * times, PUSHES * times, each if number else first)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step, and what it cost: seconds of clocks and of processors."""

    step: Step
    heads: list[float]  # from when each was due to its answer
    pushes: list[float]
    elapsed: float  # until the last answer
    web: float
    database: float
    load: float  # what sending and waiting took
    busy: float  # of all processors, by whatever
    failures: list[str] = field(default_factory=list)

    @property
    def done(self) -> float:
        """Return how many requests a second were answered."""
        return (len(self.heads) + len(self.pushes)) / self.elapsed

    @property
    def is_saturated(self) -> bool:
        """Tell whether the platform no longer keeps up."""
        slowest = max(percentile(self.heads, 0.99), percentile(self.pushes, 0.99))
        return bool(self.failures) or slowest > MAX_P99_SECONDS

    def row(self) -> list[str]:
        """Return the row of the table."""
        requests = max(1, len(self.heads) + len(self.pushes))
        return [
            f"{self.step.heads:g} + {self.step.pushes:g}",
            f"{self.done:.0f}",
            milliseconds(self.heads),
            milliseconds(self.pushes),
            str(len(self.failures)),
            f"{self.web / requests * 1000:.1f} + {self.database / requests * 1000:.1f} ms",
            f"{self.busy / self.elapsed:.2f}",
            f"{self.load / self.elapsed:.2f}",
        ]


def percentile(times: list[float], part: float) -> float:
    """Return a percentile; 0 of nothing."""
    return sorted(times)[int(len(times) * part)] if times else 0.0


def milliseconds(times: list[float]) -> str:
    """Return the three percentiles for people."""
    return " / ".join(f"{percentile(times, part) * 1000:.0f}" for part in (0.5, 0.95, 0.99)) + " ms"


def until_saturated(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes up to the first one in which the platform no longer kept up."""
    for outcome in outcomes:
        yield outcome
        if outcome.is_saturated:
            return


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes as a table in Markdown."""
    lines = itertools.chain([COLUMNS, ["---"] * len(COLUMNS)], (one.row() for one in outcomes))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict(outcomes: list[Outcome]) -> str:
    """Return in a sentence whether the peak was kept up with, and how much more was."""
    kept = [one for one in outcomes if not one.is_saturated]
    if not kept or kept[0] is not outcomes[0]:
        return "The peak was more than the platform keeps up with here."
    most = kept[-1].step
    text = f"Kept up with {most.heads:g} heads and {most.pushes:g} pushes a second"
    if len(kept) == len(outcomes):
        return f"{text}, the most that was tried."
    return f"{text}, and not with {outcomes[-1].step.heads:g} and {outcomes[-1].step.pushes:g}."
