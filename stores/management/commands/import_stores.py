"""``manage.py import_stores``: products, establishments or assignments from a CSV file."""

from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError

from core import context
from core.errors import ApplicationError
from core.files import Report
from core.management.imports import ImportCommand
from stores.files.importing import import_file
from stores.files.sheets import SHEETS


class Command(ImportCommand):
    help = (
        "Imports products, establishments or assignments from a CSV file with the columns of the"
        " export. All rows are checked before any is written; each bad row is reported in one line."
        " Importing twice changes nothing."
        " Example: manage.py import_stores products products.csv --dry-run"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("kind", choices=[*SHEETS], help="what the file has")
        parser.add_argument("file", help="the CSV file")
        parser.add_argument(
            "--keep-good", action="store_true", help="write the good rows, report the others"
        )
        super().add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            file = self.opened(stack, options["file"])
            layout = self.layout(options)
            reporter = self.reporter(stack, options["report"])
            report = Report(tell=reporter or (lambda problem: self.stderr.write(str(problem))))
            stack.enter_context(context.acting_as(context.Actor("command", label="import_stores")))
            try:
                counts = import_file(
                    options["kind"],
                    file,
                    dry_run=options["dry_run"],
                    keep_good=options["keep_good"],
                    report=report,
                    progress=self.progress(stack, file),
                    layout=layout,
                )
            except ApplicationError as error:
                bad = f" Bad rows: {report.count}." if report.count else ""
                raise CommandError(f"{error.detail}{bad}") from error
        if options["dry_run"]:
            self.stdout.write("Dry run, nothing was written.")
        self.say(layout)
        self.stdout.write(f"{options['kind']}: {counts}")
        if report.count:
            self.stdout.write(f"{report.count} bad rows were left out")
