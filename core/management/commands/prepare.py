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
from core.db import advisory_lock, directly
from core.ops.start import objection

POLL_SECONDS = 0.2
# The holder idles as long as a migration takes. When its machine is gone, nobody says goodbye: the
# server asks for signs of life, and gives the lock back after 25 s.
HOLD = """
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5;
    SET LOCAL tcp_keepalives_count = 3
"""

POOLER = "DATABASE_URL leads to a pooler that takes no timeouts. Set DATABASE_POOLED=true."


@contextmanager
def only_one(seconds: float = 600) -> Iterator[None]:
    """Let one process of however many replicas migrate; the others wait for it.

    The lock is held by a transaction of a second connection, because migrations have transactions
    of their own. So a pooler keeps its session for it, too. SQLite needs none: who migrates
    writes, and a file has one writer.

    Raises:
        CommandError: another process has had the lock for so many seconds.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with closing(connection.copy()) as holder:
        holder.set_autocommit(False)
        deadline = time.monotonic() + seconds
        while not advisory_lock("prepare", wait=False, on=holder):
            holder.rollback()
            if time.monotonic() > deadline:
                raise CommandError(
                    f"Another process has been preparing this database for {seconds:g} s. If it"
                    " hangs, end it: its lock ends with its connection."
                )
            time.sleep(POLL_SECONDS)
        with holder.cursor() as cursor:
            cursor.execute(HOLD)
        try:
            yield
        finally:
            holder.rollback()  # the server hears of a closed connection a little later


class Command(BaseCommand):
    help = (
        "Waits for the database, migrates it, stores the apps' reference data, makes sure that the "
        "first administrator exists and, with --demo, that the demo data does. Safe to run in "
        "every replica at once. Works by DATABASE_DIRECT_URL where that is set. "
        "Example: manage.py prepare --demo --wait 60"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo data too")
        parser.add_argument(
            "--wait", type=int, default=30, help="seconds to wait for the database (default 30)"
        )
        parser.add_argument(
            "--lock-wait",
            type=int,
            default=120,
            help="seconds to try again while somebody holds a lock (default 120)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self.wait(options["wait"])
        if refusal := objection():
            raise CommandError(refusal)
        with directly():
            self.wait(options["wait"])
            with only_one():
                call_command(
                    "migrate",
                    interactive=False,
                    verbosity=min(options["verbosity"], 1),
                    lock_wait=options["lock_wait"],
                )
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
                if "unsupported startup parameter" in str(error):
                    raise CommandError(f"{POOLER} It said: {error}") from error
                if time.monotonic() > deadline:
                    raise CommandError(f"No database after {seconds} s: {error}") from error
                time.sleep(0.5)
            else:
                return
