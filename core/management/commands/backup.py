"""``manage.py backup``: the database, the media and the list of keys, in one file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.backups import whole
from core.backups.sealing import BadBackup


class Command(BaseCommand):
    help = (
        "Writes the database, the media and the list of keys without which parts of it stay shut "
        "(never the keys) into one file, with sizes, hashes and versions. With BACKUP_KEY it is "
        "encrypted. Keep the keys elsewhere. Example: manage.py backup --to /backups/monday.plaza"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--to", type=Path, help="the file (default: VAR_DIR/backups/plaza-DATE.plaza)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        name = f"plaza-{timezone.now():%Y%m%dT%H%M%SZ}.plaza"
        target = options["to"] or settings.VAR_DIR / "backups" / name
        try:
            manifest = whole.make(target, self.stdout.write)
        except (BadBackup, OSError) as error:
            raise CommandError(str(error)) from error
        sealed = "encrypted" if settings.BACKUP_KEY else "NOT encrypted: BACKUP_KEY is not set"
        self.stdout.write(f"{target}: {target.stat().st_size:,} bytes, {sealed}")
        for key, prints in manifest["keys"].items():
            if prints:
                self.stdout.write(f"  keep {key} ({', '.join(prints)}): {whole.KEYS[key]}")
