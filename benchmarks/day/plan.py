"""A seller's day in short: what 12,000 phones do in each minute of it, and when.

Time is not stretched: a phone waits its five minutes between two questions, and what arrives in a
second is what arrives in a second of the real day. Shortened is the day: its ten hours pass in
``seconds``, so that each hour lasts a tenth of them. What follows from a length of its own (the
five minutes, an outage, the pause before a retry) stays as it is, unless the whole run is too short
for it.
"""

import os
import random
from dataclasses import dataclass

HOURS = 10  # from 08:00 to 18:00
DAY_SECONDS = HOURS * 3600
VISITS = 25  # of a seller in a day
# How the visits spread over the hours; the peak hour has three times the average.
WEIGHTS = (1.0, 2.2, 3.0, 1.2, 0.4, 0.3, 0.7, 0.6, 0.4, 0.2)
POLL_SECONDS, POLL_SPREAD = 300.0, 60.0
RETRY_SECONDS = 120.0  # a phone that failed waits a random part of them (docs/api.md)
HERD_PART = 15 / 60 / HOURS  # 15 minutes of the day
REFRESH_EVERY = 3  # questions: an access token lives for 15 minutes
OUTAGE_AT = 0.6  # of the day
PHOTO_EVERY = 2  # visits


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: how many sellers, how long, what is tried."""

    sellers: int = 12_000
    seconds: int = 600
    outage: int = 60
    seed: int = 1
    process: int = 0
    processes: int = 1

    @classmethod
    def from_environment(cls) -> "Plan":
        """Return the plan that the LOAD_ variables describe."""
        said = {
            name: int(os.environ[f"LOAD_{name.upper()}"])
            for name in ("sellers", "seconds", "outage", "seed", "process", "processes")
            if f"LOAD_{name.upper()}" in os.environ
        }
        plan = cls(**said)
        if plan.sellers < 1 or plan.seconds < 20 or not 0 <= plan.outage < plan.seconds / 4:
            raise SystemExit(
                "load: LOAD_SELLERS wants at least 1, LOAD_SECONDS at least 20, and LOAD_OUTAGE"
                " less than a quarter of them."
            )
        return plan

    @property
    def retry(self) -> float:
        """Return the longest pause before a retry; a fifth of a run that is short."""
        return min(RETRY_SECONDS, self.seconds / 5)

    @property
    def outage_at(self) -> float:
        """Return when the outage begins."""
        return self.seconds * OUTAGE_AT

    def polls(self, seller: int) -> list[float]:
        """Return when a phone asks for news: every five minutes, each with its own spread."""
        dice = random.Random(f"{self.seed} polls {seller}")
        every = POLL_SECONDS + dice.uniform(-POLL_SPREAD, POLL_SPREAD)
        at, found = dice.uniform(0, every), []
        while at < self.seconds:
            found.append(at)
            at += every
        return found

    def visits(self, seller: int) -> list[float]:
        """Return when a seller ends a visit; all sellers together make the day's rate."""
        dice = random.Random(f"{self.seed} visits {seller}")
        expected = VISITS * self.seconds / DAY_SECONDS
        count = int(expected) + (dice.random() < expected % 1)
        hours = dice.choices(range(HOURS), WEIGHTS, k=count)
        return sorted((hour + dice.random()) * self.seconds / HOURS for hour in hours)

    def herd(self, seller: int) -> float | None:
        """Return when a phone fills itself in the morning; None if the run is too short for it.

        All 12,000 do so in 15 minutes of the day, which are as many seconds fewer here: of the
        phones as many do it as the time has room for.
        """
        dice = random.Random(f"{self.seed} herd {seller}")
        if dice.random() >= self.seconds / DAY_SECONDS:
            return None
        return dice.uniform(0, self.seconds * HERD_PART)

    def expected_rates(self) -> dict[str, float]:
        """Return requests a second: the questions, and the visits on average and in the peak."""
        average = self.sellers * VISITS / DAY_SECONDS
        return {
            "questions": self.sellers / POLL_SECONDS,
            "first pulls in the herd": self.sellers / (HERD_PART * DAY_SECONDS),
            "visits on average": average,
            "visits in the peak hour": average * max(WEIGHTS) * HOURS / sum(WEIGHTS),
        }
