"""``manage.py import_clinic``: the brief's CSV files into the database."""

from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError

from clinic import access
from clinic.constants import LISTED
from clinic.files.importing import KEEP, ON_CONFLICT, import_files
from core import context
from core.errors import ApplicationError
from core.files import Layout, Problem, Report
from core.management.imports import ImportCommand


class Command(ImportCommand):
    help = (
        "Imports patients and studies from CSV files as the brief prints them, or as a spreadsheet"
        " wrote them. All rows are checked before any is written; each bad row is reported in one"
        " line. Importing twice changes nothing, and what was corrected or archived here stays so."
        " Example: manage.py import_clinic patients.csv studies.csv --dry-run --report report.csv"
        " --delimiter semicolon --date-format dmy"
    )

    report_columns = ("file", *ImportCommand.report_columns)

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("patients", help="patients file, or - for none")
        parser.add_argument("studies", nargs="?", default="-", help="studies file, or - for none")
        super().add_arguments(parser)
        parser.add_argument(
            "--on-conflict",
            choices=ON_CONFLICT,
            default=KEEP,
            help="whose value a patient gets that changed here and in the file (%(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            patients, studies = (
                None if options[name] == "-" else self.opened(stack, options[name])
                for name in ("patients", "studies")
            )
            if patients is None and studies is None:
                raise CommandError("Name at least one file.")
            reporter = self.reporter(stack, options["report"])
            layout = self.layout(options)
            report = Report(tell=reporter or (lambda problem: self.stderr.write(str(problem))))
            stack.enter_context(context.acting_as(context.Actor("command", label="import_clinic")))
            try:
                result = import_files(
                    patients=patients,
                    studies=studies,
                    dry_run=options["dry_run"],
                    on_conflict=options["on_conflict"],
                    layout=layout,
                    report=report,
                    tell=reporter or self.difference,
                    progress=self.progress(stack, patients, studies),
                )
            except ApplicationError as error:
                access.told(error, reason="import_clinic")
                bad = f" Bad rows: {report.count}." if report.count else ""
                raise CommandError(f"{error.detail}{bad}") from error
        if result.dry_run:
            self.stdout.write("Dry run, nothing was written.")
        for name in ("patients", "studies"):
            counts = getattr(result, name)
            if counts.encoding:
                self.say(Layout(counts.delimiter, counts.encoding, counts.date_format), name)
        self.stdout.write(str(result))

    def difference(self, outcome: Problem) -> None:
        """Say which rows differ from their records."""
        if outcome.code in LISTED:
            self.stdout.write(str(outcome))
