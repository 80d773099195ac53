"""``manage.py import_allies FILE``: allies from CSV or JSON Lines."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from allies.files.importing import Outcome, import_file
from allies.files.rows import BadRow
from core import context


class Command(BaseCommand):
    help = (
        "Creates and updates allies from CSV (columns id,data; data is a JSON object) or JSON "
        "Lines. One bad row, and nothing is written. Never touches credentials. "
        "Example: manage.py import_allies allies.csv --dry-run --report report.csv"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check and say, write nothing")
        parser.add_argument("--report", type=Path, help="write the outcome of every row as CSV")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is no file.")
        outcomes: list[Outcome] = []
        verbose = options["verbosity"] > 1

        def report(outcome: Outcome) -> None:
            if options["report"]:
                outcomes.append(outcome)
            if verbose or outcome.outcome == "refused" or outcome.detail:
                line = f"line {outcome.line}: {outcome.id or '?'} {outcome.outcome}"
                self.stdout.write(f"{line} {outcome.detail}".rstrip())

        with (
            context.acting_as(context.Actor("command", label="import_allies")),
            tqdm(unit="row", disable=None, file=self.stderr) as bar,
        ):
            try:
                counts = import_file(
                    path, report=report, dry_run=options["dry_run"], progress=bar.update
                )
            except BadRow as error:
                raise CommandError(f"Nothing was written. {error}") from error
        if options["report"]:
            self.save(options["report"], outcomes)
        if counts["refused"]:
            rows, refused = counts["rows"], counts["refused"]
            raise CommandError(f"Nothing was written: {refused} of {rows} rows are not right.")
        parts = [f"{counts[name]} {name}" for name in ("created", "changed", "unchanged")]
        prefix = "Would be: " if options["dry_run"] else ""
        self.stdout.write(f"{prefix}{counts['rows']} rows: {', '.join(parts)}.")

    def save(self, target: Path, outcomes: list[Outcome]) -> None:
        """Write the report file."""
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "id", "outcome", "detail"))
            writer.writerows((o.line, o.id, o.outcome, o.detail) for o in outcomes)
