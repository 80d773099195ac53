"""What the commands that import files have in common."""

import csv
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core.files import CHOICES, Layout, cell


class ImportCommand(BaseCommand):
    """A command whose ``report_columns`` are what its report file says of a row."""

    report_columns: tuple[str, ...] = ("row", "column", "code", "message")

    def add_arguments(self, parser: Any) -> None:
        """Offer a dry run and a report."""
        parser.add_argument("--dry-run", action="store_true", help="do it all, then undo it")
        parser.add_argument("--report", metavar="FILE", help="write the rows' report to this CSV")
        for name, metavar in (("delimiter", "D"), ("encoding", "E"), ("date_format", "F")):
            choices = ", ".join(CHOICES[name])
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                default="",
                metavar=metavar,
                help=f"one of {choices}; found out where it is not given",
            )

    def layout(self, options: Mapping[str, Any]) -> Layout:
        """Return what the caller says of how the files are written.

        Raises:
            CommandError: a choice is unknown.
        """
        try:
            return Layout.given(**{name: options[name] for name in CHOICES})
        except ValueError as error:
            name, choices = error.args
            option = f"--{name.replace('_', '-')}"
            raise CommandError(f"{option}: one of {', '.join(choices)}.") from error

    def say(self, layout: Layout, name: str = "file") -> None:
        """Write how a file was read, where that is not as usual."""
        if str(layout):
            self.stdout.write(f"{name}: {layout}")

    def opened(self, stack: ExitStack, name: str) -> IO[bytes]:
        """Return the file, open for reading as long as ``stack`` is.

        Raises:
            CommandError: there is none, or it cannot be read twice.
        """
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        stack.enter_context(file)
        if not file.seekable():
            raise CommandError(f"{name}: not a file; each is read twice, so a pipe will not do.")
        return file

    def reporter(self, stack: ExitStack, name: str | None) -> Callable[[Any], object] | None:
        """Return what writes a line of the report file, if one is asked for.

        Raises:
            CommandError: the file cannot be made.
        """
        if name is None:
            return None
        try:
            file = Path(name).open("w", newline="", encoding="utf-8")  # noqa: SIM115 - the stack closes it
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from error
        writer = csv.writer(stack.enter_context(file))
        writer.writerow(self.report_columns)
        return lambda one: writer.writerow(
            [cell(getattr(one, column, "")) for column in self.report_columns]
        )

    def progress(self, stack: ExitStack, *files: IO[bytes] | None) -> Callable[[int], object]:
        """Return what moves a bar by so many bytes; without a terminal there is none."""
        size = sum(Path(file.name).stat().st_size for file in files if file)
        bar = tqdm(total=2 * size, unit="B", unit_scale=True, disable=None, file=sys.stderr)
        return stack.enter_context(bar).update
