"""``manage.py import_clinic``: the brief's CSV files into the database."""

from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError

from clinic.files.importing import import_files
from core import context
from core.errors import ApplicationError
from core.files import Report
from core.management.imports import ImportCommand


class Command(ImportCommand):
    help = (
        "Imports patients and studies from CSV files as the brief prints them. All rows are checked"
        " before any is written; each bad row is reported in one line. Importing twice changes"
        " nothing. Example: manage.py import_clinic patients.csv studies.csv --dry-run"
    )

    report_columns = ("file", *ImportCommand.report_columns)

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("patients", help="patients file, or - for none")
        parser.add_argument("studies", nargs="?", default="-", help="studies file, or - for none")
        super().add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            patients, studies = (
                None if options[name] == "-" else self.opened(stack, options[name])
                for name in ("patients", "studies")
            )
            if patients is None and studies is None:
                raise CommandError("Name at least one file.")
            reporter = self.reporter(stack, options["report"])
            report = Report(tell=reporter or (lambda problem: self.stderr.write(str(problem))))
            stack.enter_context(context.acting_as(context.Actor("command", label="import_clinic")))
            try:
                result = import_files(
                    patients=patients,
                    studies=studies,
                    dry_run=options["dry_run"],
                    report=report,
                    progress=self.progress(stack, patients, studies),
                )
            except ApplicationError as error:
                bad = f" Bad rows: {report.count}." if report.count else ""
                raise CommandError(f"{error.detail}{bad}") from error
        if result.dry_run:
            self.stdout.write("Dry run, nothing was written.")
        self.stdout.write(str(result))
