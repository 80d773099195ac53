"""``manage.py restore``: a backup in the place of an empty platform."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import context
from core.backups import archive, whole
from core.backups.sealing import BadBackup


class Command(BaseCommand):
    help = (
        "Restores what manage.py backup wrote: verifies the whole file first, then loads the "
        "database and the media into an empty platform, migrates it, has phones pull anew and "
        "queues what waits. Refuses a file that is cut off or changed, missing keys, and a "
        "database that is not empty, before anything changes. Example: "
        "BACKUP_KEY=… manage.py restore /backups/monday.plaza"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace what is in the database")
        parser.add_argument(
            "--without-keys", action="store_true", help="restore though keys are missing"
        )
        parser.add_argument(
            "--check", action="store_true", help="verify the file, say what it is, change nothing"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                manifest = archive.verified(options["file"], whole.backup_key())
                self.describe(manifest, "whole")
                return
            with context.acting_as(context.Actor("command", label="restore")):
                manifest = whole.restore(
                    options["file"],
                    self.stdout.write,
                    without_keys=options["without_keys"],
                    force=options["force"],
                )
        except (BadBackup, OSError) as error:
            raise CommandError(f"{error}") from error
        self.describe(manifest, "restored")

    def describe(self, manifest: dict[str, Any], what: str) -> None:
        """Say what was restored, or would be."""
        self.stdout.write(
            f"{what}: Plaza {manifest['plaza']} on {manifest['database']} "
            f"{manifest['database_version']}, made {manifest['made_at']}"
        )
