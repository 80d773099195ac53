"""``manage.py analyse_log FILE``: what a server log says, every line accounted for."""

from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from allies.accesslog.report import tally_of
from allies.accesslog.summary import as_text, summarise
from core.values import DATE, parse_time


def moment(text: str) -> datetime:
    """Return the time that an option names, a day alone its midnight, or raise CommandError."""
    try:
        value = parse_time(f"{text}T00:00" if DATE.fullmatch(text) else text)
    except ValueError:
        raise CommandError(f"{text} is no time such as 2023-10-10T13:55:36Z.") from None
    return timezone.localtime(value)


class Command(BaseCommand):
    # The checks load every route and admin of the platform: 15 MB that nobody needs here.
    requires_system_checks = []
    help = (
        "Accounts for every line of a server log (plain or gzip): totals by status, route and "
        "client, failed calls on credentials, the allies affected. "
        "Example: manage.py analyse_log access.log.gz --since 2023-10-10 --json"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="the whole report as JSON")
        parser.add_argument("--since", help="from this time on, ISO 8601")
        parser.add_argument("--until", help="up to but not including this time")
        parser.add_argument("--top", type=int, default=20, help="rows per list (default 20)")
        parser.add_argument("--rejects", type=Path, help="write the lines not understood to a file")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is no file.")
        since, until = (
            moment(options[name]) if options[name] else None for name in ("since", "until")
        )
        rejects: IO[bytes] | None = options["rejects"].open("wb") if options["rejects"] else None

        def reject(_number: int, line: bytes) -> None:
            if rejects is not None:
                rejects.write(line + b"\n")

        size = path.stat().st_size
        with (
            path.open("rb") as file,
            tqdm(total=size, unit="B", unit_scale=True, disable=None, file=self.stderr) as bar,
        ):
            tally = tally_of(
                file,
                since=since,
                until=until,
                progress=lambda position: bar.update(position - bar.n),
                reject=reject,
            )
        if rejects is not None:
            rejects.close()
        report = summarise(tally)
        if options["json"]:
            self.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write("\n".join(as_text(report, top=options["top"])))
        if tally.problem:
            raise CommandError(f"The report is incomplete: {tally.problem}.")
