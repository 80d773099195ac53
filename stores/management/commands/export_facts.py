"""``manage.py export_facts``: a month's visits and figures as Parquet files."""

import datetime as dt
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import context
from core.audit import journal
from core.values import parse_date
from stores.figures import export
from stores.models import Visit

MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
MISSING = (
    "This needs DuckDB, which is not installed: pip install duckdb, in the version that"
    " Pipfile.lock has under parquet."
)


def month(text: str) -> dt.date:
    """Return the first day of the month that an argument spells, YYYY-MM."""
    if not MONTH.fullmatch(text):
        raise ValueError("not a month")
    return parse_date(f"{text}-01")


class Command(BaseCommand):
    help = (
        "Writes a month's visits and figures as Parquet files, without personal data: visits,"
        " daily, product_day, store_month and product_month. Needs DuckDB. Each file appears whole;"
        " twice writes the same. Example: manage.py export_facts --month 2026-11 --to facts/"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--month", type=month, required=True, help="YYYY-MM")
        parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="made if absent")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            duckdb = import_module("duckdb")
        except ImportError as error:
            raise CommandError(MISSING, returncode=2) from error
        folder, asked = options["to"], options["month"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{folder}: {error.strerror}") from error
        total = export.sizes(asked, tuple(export.FILES))
        with (
            context.acting_as(context.Actor("command", label="export_facts")),
            tqdm(total=total, unit="row", disable=None, file=sys.stderr) as bar,
        ):
            for name in export.FILES:
                path = export.write(duckdb, name, asked, folder, bar.update)
                self.stdout.write(f"{path}")
            reason = f"export_facts {asked:%Y-%m}"
            journal.record(journal.Action.EXPORT, Visit, count=int(bar.n), reason=reason)
