"""``manage.py migrate``: Django's, which does not wait for a lock for long, and tries again."""

import random
import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from core.db import code_of

# A lock was held, or two transactions waited for each other: later it works.
AGAIN = {"55P03", "40P01"}
CANCELED = "57014"
TOO_LONG = (
    "A migration that runs outside of a transaction took longer than its role may, behind the"
    " pooler. Set DATABASE_DIRECT_URL to PostgreSQL's own address, and say it again."
)
LONGEST_PAUSE_SECONDS = 10.0
IN_THE_WAY = """
    SELECT format('session %s of %s (%s), %s, in a transaction for %s s', pid, usename,
        coalesce(nullif(application_name, ''), 'no name'), state,
        round(extract(epoch FROM now() - xact_start)))
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND xact_start < now() - interval '1 second'
    ORDER BY xact_start LIMIT 3
"""


def pause(tries: int) -> float:
    """Return how many seconds to wait after so many tries: longer each time, never all at once."""
    return min(0.5 * 2**tries, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)


class Command(migrate.Command):
    help = (
        "Migrates the database. What a migration needs a lock for, it waits two seconds for at "
        "most, so that requests behind it do not wait longer; then it is undone and tried again. "
        "Each migration that is done stays done. Example: manage.py migrate --lock-wait 600"
    )

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-wait",
            type=int,
            default=120,
            help="seconds to try again while somebody holds a lock (default 120)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        deadline = time.monotonic() + options["lock_wait"]
        tries = 0
        while True:
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if code_of(error) == CANCELED and connections[
                    options["database"]
                ].settings_dict.get("POOLED"):
                    raise CommandError(TOO_LONG) from error
                if code_of(error) not in AGAIN:
                    raise
                found = self.in_the_way(options["database"])
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"A migration got no lock for {options['lock_wait']} s; what was done"
                        f" before it stays. In the way: {found}. End that, and say it again."
                    ) from error
            else:
                return
            seconds = pause(tries)
            tries += 1
            self.stdout.write(f"  a lock is held by {found}; again in {seconds:.1f} s")
            time.sleep(seconds)

    def in_the_way(self, alias: str) -> str:
        """Return who has a transaction open that may hold the lock."""
        with connections[alias].cursor() as cursor:
            cursor.execute(IN_THE_WAY)
            rows = cursor.fetchall()
        return "; ".join(row[0] for row in rows) or "somebody who is gone already"
