"""``manage.py import_allies FILE``: allies from CSV or JSON Lines."""

from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError

from allies.errors import ImportOvertaken, ImportRefused
from allies.files.importing import Outcome, import_file
from core import context
from core.files import Report
from core.management.imports import ImportCommand


class Command(ImportCommand):
    help = (
        "Creates and updates allies from CSV (columns id,data; data is a JSON object) or JSON "
        "Lines. One bad row, and nothing is written. Never touches credentials. "
        "Example: manage.py import_allies allies.csv --dry-run --report report.csv"
    )
    report_columns = ("row", "id", "column", "code", "message")

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", help="CSV or JSON Lines")
        super().add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        verbose = options["verbosity"] > 1
        with ExitStack() as stack:
            stream = self.opened(stack, options["file"])
            layout = self.layout(options)
            reporter = self.reporter(stack, options["report"])
            report = Report(tell=reporter or (lambda problem: self.stderr.write(str(problem))))

            def tell(outcome: Outcome) -> None:
                if reporter:
                    reporter(outcome)
                if verbose or outcome.message:
                    line = f"row {outcome.row}: {outcome.id} {outcome.code} {outcome.message}"
                    self.stdout.write(line.rstrip())

            stack.enter_context(context.acting_as(context.Actor("command", label="import_allies")))
            try:
                counts = import_file(
                    stream,
                    dry_run=options["dry_run"],
                    report=report,
                    tell=tell,
                    progress=self.progress(stack, stream),
                    layout=layout,
                )
            except (ImportRefused, ImportOvertaken) as error:
                raise CommandError(str(error)) from error
        if options["dry_run"]:
            self.stdout.write("Dry run, nothing was written.")
        self.say(layout)
        self.stdout.write(f"allies: {counts}")
