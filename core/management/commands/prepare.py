"""``manage.py prepare``: everything between an empty database and the first request."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction

from core import context, plugs
from core.db import advisory_lock


@contextmanager
def only_one() -> Iterator[None]:
    """Let one process of however many replicas migrate; the others wait for it.

    The lock is held by a transaction of a second connection, because migrations have transactions
    of their own. SQLite needs none: who migrates writes, and a file has one writer.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with closing(connection.copy()) as holder:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            # The others wait, and the holder idles, as long as a migration takes.
            cursor.execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                " SET LOCAL idle_in_transaction_session_timeout = 0"
            )
        advisory_lock("prepare", on=holder)
        try:
            with without_timeouts():
                yield
        finally:
            holder.rollback()  # the server hears of a closed connection a little later


@contextmanager
def without_timeouts() -> Iterator[None]:
    """Let a migration take longer than a request may."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET statement_timeout; RESET lock_timeout")


class Command(BaseCommand):
    help = (
        "Waits for the database, migrates it, stores the apps' reference data, makes sure that the "
        "first administrator exists and, with --demo, that the demo data does. Safe to run in "
        "every replica at once. Example: manage.py prepare --demo --wait 60"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo data too")
        parser.add_argument(
            "--wait", type=int, default=30, help="seconds to wait for the database (default 30)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self.wait(options["wait"])
        with only_one():
            call_command("migrate", interactive=False, verbosity=min(options["verbosity"], 1))
            self.load_reference()
            if options["demo"] or settings.DEMO_DATA:
                # First: its users have the ids of the brief.
                call_command("demo", stdout=self.stdout)
            call_command("ensure_admin", stdout=self.stdout)

    def load_reference(self) -> None:
        """Store the reference data of every enabled app."""
        with context.acting_as(context.Actor("command", label="prepare")):
            for app in plugs.enabled():
                if (part := app.part("reference")) is not None:
                    with transaction.atomic():
                        part.load()

    def wait(self, seconds: int) -> None:
        """Return when the database answers; stop the process when it does not in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                connection.ensure_connection()
            except OperationalError as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"No database after {seconds} s: {error}") from error
                time.sleep(0.5)
            else:
                return
