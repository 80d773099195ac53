"""``manage.py recheck_visits``: whose visits were at establishments of their own, judged again."""

import datetime as dt
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import context
from core.values import parse_date, parse_key
from stores.services.corrections import Recheck, recheck_seller, sellers_with_visits


def day(text: str) -> dt.date:
    """Return the day that an argument spells, YYYY-MM-DD."""
    return parse_date(text)


def key(text: str) -> int:
    """Return the user's id that an argument spells."""
    return parse_key(text)


class Command(BaseCommand):
    help = (
        "Judges again whether visits were at establishments of their seller, after assignments were"
        " dated back: sets or clears the flag not_assigned. Each seller is a transaction; twice"
        " changes nothing. Example: manage.py recheck_visits --from 2026-11-01 --dry-run"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--from", dest="first", type=day, help="first day, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=day, help="last day, YYYY-MM-DD")
        parser.add_argument("--seller", type=key, help="id of one seller; all without it")
        parser.add_argument("--dry-run", action="store_true", help="count, but write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"]
        if first is not None and last is not None and last < first:
            raise CommandError("--to lies before --from.")
        asked = Recheck(first, last, options["dry_run"])
        sellers = sellers_with_visits(asked, options["seller"])
        changed = 0
        with context.acting_as(context.Actor("command", label="recheck_visits")):
            for seller in tqdm(sellers, unit="seller", disable=None, file=sys.stderr):
                changed += recheck_seller(seller_id=seller, asked=asked)
        if asked.dry_run:
            self.stdout.write("Dry run, nothing was written.")
        self.stdout.write(f"sellers {len(sellers)}, visits changed {changed}")
