"""``manage.py new_sync_epoch``: after a restore, every phone pulls its catalogue again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import context
from stores import clock
from stores.services import phones


class Command(BaseCommand):
    help = (
        "Run it after the database was restored from a backup, before phones are let in again: "
        "they have seen what the restored database has not, and new rows would get numbers that "
        "they have passed already. The catalogue's clock gets a new epoch, so that each phone is "
        "told resync_required, drops its products, portfolios and establishments and pulls them "
        "again, all phones at once; visits that wait on a phone stay, and recent ones come back. "
        "Without --yes it says so and changes nothing. Example: manage.py new_sync_epoch --yes"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *_args: Any, **options: Any) -> None:
        before = clock.reading().epoch
        if not options["yes"]:
            self.stdout.write(
                f"With --yes the epoch {before} ends, and every phone pulls its catalogue again."
            )
            return
        with context.acting_as(context.Actor("command", label="new_sync_epoch")):
            changed = phones.begin_new_epoch()
        self.stdout.write(f"epoch {before} is over, {changed.epoch} begins")
