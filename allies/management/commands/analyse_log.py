"""``manage.py analyse_log FILE…``: what server logs say, every line accounted for."""

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from tqdm import tqdm

from allies.accesslog.reading import LogStream
from allies.accesslog.report import Tally
from allies.accesslog.summary import summarise
from allies.accesslog.text import as_text
from core.values import DATE, parse_time

STDIN = "-"


def moment(text: str) -> datetime:
    """Return the time that an option names, a day alone its midnight, or raise CommandError."""
    try:
        value = parse_time(f"{text}T00:00" if DATE.fullmatch(text) else text)
    except ValueError:
        raise CommandError(_("%s is no time such as 2023-10-10T13:55:36Z.") % text) from None
    return timezone.localtime(value)


def language_of(name: str) -> str:
    """Return our language for a terminal's, such as ``es_CO.UTF-8``; English when we have none."""
    code = name.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    try:
        return translation.get_supported_language_variant(code)
    except LookupError:
        return settings.LANGUAGE_CODE


class Command(BaseCommand):
    # The checks load every route and admin of the platform: 15 MB that nobody needs here.
    requires_system_checks = []
    help = (
        "Accounts for every line of server logs (plain, gzip, bzip2 or xz; several files, or - for "
        "standard input): the formats recognised, totals by status, route and client, failed calls "
        "on credentials, the allies affected and the clients that did it. "
        "Example: manage.py analyse_log access.log access.log.1.gz --since 2023-10-10 --json"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="+", help="a log, or - for standard input")
        parser.add_argument("--json", action="store_true", help="the whole report as JSON")
        parser.add_argument("--since", help="from this time on, ISO 8601")
        parser.add_argument("--until", help="up to but not including this time")
        parser.add_argument("--top", type=int, default=20, help="rows per list (default 20)")
        parser.add_argument("--rejects", type=Path, help="write the lines not understood to a file")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            help="the report's language (default: the terminal's: LC_ALL, LC_MESSAGES, LANG)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        language = options["language"] or language_of(settings.TERMINAL_LANGUAGE)
        with translation.override(language):
            self.analyse(options)

    def analyse(self, options: dict[str, Any]) -> None:
        """Read the files, one after the other, and write the report."""
        refuse_files(options["file"])
        since, until = (
            moment(options[name]) if options[name] else None for name in ("since", "until")
        )
        tally = Tally(since=since, until=until)
        with ExitStack() as stack:
            rejects = (
                stack.enter_context(opened(options["rejects"])) if options["rejects"] else None
            )
            shown = short_names(options["file"])
            for name in options["file"]:
                self.read(tally, name, shown[name], rejects)
        report = summarise(tally)
        if options["json"]:
            self.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write("\n".join(as_text(report, top=max(options["top"], 0))))
        if tally.problem:
            raise CommandError(_("The report is incomplete: %s.") % tally.problem)

    def read(self, tally: Tally, name: str, shown: str, rejects: IO[bytes] | None) -> None:
        """Count one file, with a progress bar in a terminal."""
        path = Path(name)
        size = None if name == STDIN else path.stat().st_size
        with ExitStack() as stack:
            try:
                file = sys.stdin.buffer if name == STDIN else stack.enter_context(path.open("rb"))
                stream = LogStream(file)
            except OSError as error:
                raise CommandError(f"{name}: {error.strerror}.") from None
            bar = stack.enter_context(
                tqdm(total=size, unit="B", unit_scale=True, disable=None, file=self.stderr)
            )
            written = None if name == STDIN else path.stat().st_mtime
            tally.read(
                stream,
                name=shown,
                newest=None if written is None else datetime.fromtimestamp(written, UTC),
                progress=lambda position: bar.update(position - bar.n),
                reject=(lambda line: rejects.write(line + b"\n")) if rejects else (lambda _: None),
            )


def refuse_files(names: list[str]) -> None:
    """Raise CommandError for what cannot be read, before the first file is."""
    for name in names:
        path = Path(name)
        if names.count(name) > 1:
            raise CommandError(_("%s is named twice.") % name)
        if name == STDIN:
            continue
        if path.is_dir():
            raise CommandError(_("%s is a directory: name its files.") % name)
        if not path.exists():
            raise CommandError(_("%s is no file.") % name)


def short_names(names: list[str]) -> dict[str, str]:
    """Return the files' names without their folders, as far as these tell them apart."""
    bare = {name: Path(name).name or name for name in names}
    shown = [*bare.values()]
    return {name: one if shown.count(one) == 1 else name for name, one in bare.items()}


def opened(path: Path) -> IO[bytes]:
    """Return the file for the lines not understood, or raise CommandError."""
    try:
        return path.open("wb")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
