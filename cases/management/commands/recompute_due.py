"""``manage.py recompute_due``: due times of open cases by the calendar and targets of today."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.errors import NoWorkingTime
from cases.services.recomputing import Recompute
from core import context


class Command(BaseCommand):
    help = (
        "Computes the due times of cases that are not over anew, after a calendar, an exception or"
        " a target was changed; each case that moves gets an event. Twice changes nothing."
        " Example: manage.py recompute_due --dry-run"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, but write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        with context.acting_as(context.Actor("command", label="recompute_due")):
            try:
                done = Recompute(dry_run=options["dry_run"]).run()
            except NoWorkingTime as error:
                raise CommandError(str(error.detail)) from error
        if options["dry_run"]:
            self.stdout.write("Dry run, nothing was written.")
        self.stdout.write(f"cases {done.looked_at}, moved {done.moved}")
