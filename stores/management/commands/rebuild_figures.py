"""``manage.py rebuild_figures``: figures of a period, counted anew or held against the visits."""

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import context
from core.values import business_day, parse_date
from stores.figures import checking, counting

Check = Callable[[dt.date], list[checking.Difference]]
MAX_SHOWN = 100  # differences that are printed; all are counted


def day(text: str) -> dt.date:
    """Return the day that an argument spells, YYYY-MM-DD."""
    return parse_date(text)


class Command(BaseCommand):
    help = (
        "Counts the figures of stores of a period anew. With --check it writes nothing, prints each"
        " row that is not what the visits say, and exits 1 when there is one; what waits to be"
        " counted anyway is left out. Safe to repeat and to kill: what is marked and not counted"
        " yet, the worker counts. Example: manage.py rebuild_figures --from 2026-11-01 --check"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--from", dest="first", type=day, required=True, help="first day")
        parser.add_argument("--to", dest="last", type=day, help="last day; today without it")
        parser.add_argument("--check", action="store_true", help="compare, but write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        period = checking.Period(options["first"], options["last"] or business_day())
        if period.last < period.first:
            raise CommandError("--to lies before --from.")
        if options["check"]:
            self.check_period(period)
            return
        with context.acting_as(context.Actor("command", label="rebuild_figures")):
            marked = 0
            for one in self.bar(period.days(), "day"):
                marked += checking.mark_day(one)
                counting.count_days()
                counting.count_areas()
            for month in self.bar(period.months(), "month"):
                checking.mark_month(month)
                counting.count_months()
        self.stdout.write(f"days {len(period.days())}, sellers' days counted {marked}")

    def check_period(self, period: checking.Period) -> None:
        """Print what differs.

        Raises:
            CommandError: something does.
        """
        count = 0
        jobs: list[tuple[Check, dt.date]] = [(checking.check_day, one) for one in period.days()]
        jobs += [(checking.check_month, one) for one in period.months()]
        for check, one in self.bar(jobs, "check"):
            for found in check(one):
                count += 1
                if count <= MAX_SHOWN:
                    key = " ".join(map(str, found.key))
                    text = f"{found.table} {key}: stored {found.stored}, visits {found.counted}"
                    self.stdout.write(text)
        if waiting := checking.waiting_in(period):
            self.stdout.write(f"left out, still to be counted: {waiting}")
        if count:
            raise CommandError(f"{count} rows differ.", returncode=1)
        self.stdout.write("The figures are what the visits say.")

    def bar(self, jobs: Any, unit: str) -> Any:
        """Return the jobs with a progress bar, where somebody looks at a terminal."""
        return tqdm(jobs, unit=unit, disable=None, file=sys.stderr)
