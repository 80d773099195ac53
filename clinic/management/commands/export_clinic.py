"""``manage.py export_clinic``: the database into the brief's CSV files."""

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from clinic.files import exporting
from clinic.models import Patient
from core import context
from core.files.writing import marked


class Command(BaseCommand):
    help = (
        "Exports the patients and studies that are not archived, in the format that import_clinic"
        " reads. Example: manage.py export_clinic patients.csv studies.csv"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("patients", help="patients file to write")
        parser.add_argument("studies", help="studies file to write")
        parser.add_argument(
            "--bom", action="store_true", help="begin with a byte order mark, as Excel needs it"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        patients = Patient.objects.order_by("pk")
        outermost = not connection.in_atomic_block
        with ExitStack() as unfinished:
            with (
                context.acting_as(context.Actor("command", label="export_clinic")),
                transaction.atomic(),
            ):
                if outermost and connection.vendor == "postgresql":  # both files of one moment
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                count = exporting.record(patients, reason="export_clinic")
                files = []
                for name, lines_of in (
                    ("patients", exporting.patient_lines),
                    ("studies", exporting.study_lines),
                ):
                    lines = lines_of(patients)
                    if options["bom"]:
                        lines = marked(lines)
                    files.append(self.write(unfinished, options[name], lines))
            # Who is exported is on record: now the files may be there.
            for made, target in files:
                made.replace(target)
        self.stdout.write(f"{count} patients exported")

    def write(self, unfinished: ExitStack, name: str, lines: Iterable[str]) -> tuple[Path, Path]:
        """Write a file for its owner only, beside its target; return both."""
        target = Path(name)
        if target.is_dir():
            raise CommandError(f"{name}: {os.strerror(errno.EISDIR)}")
        try:
            handle, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            unfinished.callback(Path(made).unlink, missing_ok=True)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        return Path(made), target
