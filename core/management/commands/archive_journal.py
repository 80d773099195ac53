"""``manage.py archive_journal``: whole months of the journal as files, and out of the table."""

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from core import context
from core.backups import months, whole
from core.backups.sealing import BadBackup
from core.db import directly
from core.patience import patience


class Command(BaseCommand):
    help = (
        "Writes the entries of each whole month before --before into a file (JSON lines, gzip, "
        "encrypted with BACKUP_KEY), reads it again, and with --delete removes them from the "
        "table: as its owner (DATABASE_DIRECT_URL), since nobody else may. --read prints a file. "
        "Example: manage.py archive_journal --before 2026-01 --delete"
    )

    def add_arguments(self, parser: Any) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--before", help="the first month that stays, as 2026-01")
        what.add_argument("--read", type=Path, help="print the lines of this file")
        parser.add_argument(
            "--to", type=Path, help="the folder of the files (default: VAR_DIR/archive)"
        )
        parser.add_argument("--delete", action="store_true", help="remove what was written")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            key = whole.backup_key()
            if options["read"]:
                for line in months.read(options["read"], key):
                    self.stdout.write(line.decode(), ending="")
                return
            folder = options["to"] or settings.VAR_DIR / "archive"
            folder.mkdir(parents=True, exist_ok=True)
            actor = context.Actor("command", label="archive_journal")
            with directly(), patience(None), context.acting_as(actor):
                for month in months.months_before(self.limit(options["before"])):
                    self.archive(month, folder, key, delete=options["delete"])
        except BrokenPipeError:
            sys.exit(1)  # whoever read has seen enough
        except (BadBackup, OSError, DatabaseError) as error:
            raise CommandError(str(error).strip()) from error

    def limit(self, text: str) -> datetime:
        """Return the first moment of a month that is not to come."""
        try:
            limit = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
        except ValueError as error:
            raise CommandError(f"--before is {text!r}, no month. Example: 2026-01.") from error
        if limit > timezone.now():
            raise CommandError(f"--before is {text}, a month to come: the present one stays.")
        return limit

    def archive(
        self, month: months.Month, folder: Path, key: bytes | None, *, delete: bool
    ) -> None:
        """Write, read and remove one month."""
        target = folder / f"journal-{month}.jsonl.gz{'.sealed' if key else ''}"
        if target.exists():
            raise CommandError(f"{target} is there already. Move it away.")
        count, written = months.write(month, target, key)
        digest, again = hashlib.sha256(), 0
        for line in months.read(target, key):
            digest.update(line)
            again += 1
        if (again, digest.hexdigest()) != (count, written):
            raise BadBackup(f"{target} does not read as it was written.")
        if delete:
            months.remove(month, count, reason=f"archived: {target.name}, SHA-256 {written}")
        what = "moved" if delete else "copied"
        self.stdout.write(f"{month}: {count:,} entries {what} to {target}")
