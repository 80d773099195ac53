"""``manage.py import_clinic``: the brief's CSV files into the database."""

import csv
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clinic.files.importing import import_files
from clinic.files.sheet import Finding, Report
from core import context
from core.admin.export import inert
from core.errors import ApplicationError

COLUMNS = ("file", "row", "column", "reason")


class Command(BaseCommand):
    help = (
        "Imports patients and studies from CSV files as the brief prints them. All rows are checked"
        " before any is written; each bad row is reported in one line. Importing twice changes"
        " nothing. Example: manage.py import_clinic patients.csv studies.csv --dry-run"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("patients", help="patients file, or - for none")
        parser.add_argument("studies", nargs="?", default="-", help="studies file, or - for none")
        parser.add_argument("--dry-run", action="store_true", help="do it all, then undo it")
        parser.add_argument("--report", metavar="FILE", help="write the bad rows to this CSV file")

    def handle(self, *_args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            patients, studies = (
                self.opened(stack, options[name]) for name in ("patients", "studies")
            )
            if patients is None and studies is None:
                raise CommandError("Name at least one file.")
            report = Report(tell=self.teller(stack, options["report"]))
            total = sum(Path(file.name).stat().st_size for file in (patients, studies) if file)
            bar = stack.enter_context(
                # Each file is read twice; without a terminal there is no bar.
                tqdm(total=2 * total, unit="B", unit_scale=True, disable=None, file=sys.stderr)
            )
            stack.enter_context(context.acting_as(context.Actor("command", label="import_clinic")))
            try:
                result = import_files(
                    patients=patients,
                    studies=studies,
                    dry_run=options["dry_run"],
                    report=report,
                    progress=bar.update,
                )
            except ApplicationError as error:
                bad = f" Bad rows: {report.count}." if report.count else ""
                raise CommandError(f"{error.detail}{bad}") from error
        if result.dry_run:
            self.stdout.write("Dry run, nothing was written.")
        self.stdout.write(str(result))

    def opened(self, stack: ExitStack, name: str) -> IO[bytes] | None:
        """Return the file, open for reading."""
        if name == "-":
            return None
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        stack.enter_context(file)
        if not file.seekable():
            raise CommandError(f"{name}: not a file; each is read twice, so a pipe will not do.")
        return file

    def teller(self, stack: ExitStack, name: str | None) -> Any:
        """Return what writes a finding: a line of the report file, or of stderr."""
        if name is None:
            return lambda one: self.stderr.write(
                f"{one.file}, row {one.row}, {one.column or '-'}: {one.reason}"
            )
        try:
            file = Path(name).open("w", newline="", encoding="utf-8")  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        writer = csv.writer(stack.enter_context(file))
        writer.writerow(COLUMNS)

        def tell(one: Finding) -> None:
            writer.writerow([inert(getattr(one, column)) for column in COLUMNS])

        return tell
