"""What the pages of support's desk cost with many cases: ``python -m benchmarks.desk [cases]``.

PostgreSQL at DATABASE_URL, whose cases are made anew: give it a database of its own. CPU of this
process, which renders the page, and of its session in the database; the median of a few requests.
"""

import datetime as dt
import os
import random
import statistics
import sys
import time
from pathlib import Path

import django

CASES = 100_000
OK = 200
REQUESTS = 9
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
UTIME, STIME = 13, 14
PAGES = {
    "all open": "",
    "mine": "?queue=mine",
    "unassigned": "?queue=unassigned",
    "breaching": "?queue=breaching",
    "resolved": "?state__exact=resolved",
    "high priority": "?priority=1",
    "words of a subject": "?q=subject+99",
    "words that nothing has": "?q=zzzz",
    "a number": "?q=C-5000",
    "an e-mail": "?q=seller3@desk.example",
    "a request": "?q=request-00077777",
    "newest first": "?queue=all&o=-8",
    "page 100": "?p=100",
}


def fill(count):
    """Make the cases: half of them over, of the rest a third nobody's."""
    from django.db import connection
    from django.utils import timezone

    from cases.constants import RESOLVED, WAITING, State
    from cases.models import Case, CaseEvent
    from users.models import User

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE cases_caseevent, cases_case RESTART IDENTITY CASCADE")
    User.objects.filter(email__endswith="@desk.example").delete()
    roles = [("SELLER", 200), ("SUPPORT", 20)]
    people = {
        role: [
            User.objects.create_user(f"{role.lower()}{n}@desk.example", role=role)
            for n in range(many)
        ]
        for role, many in roles
    }
    chance, now = random.Random(7), timezone.now()
    states = [State.NEW, State.OPEN, State.OPEN, State.WAITING_SELLER, State.REOPENED]
    rows = []
    for number in range(count):
        state = chance.choice(states) if number % 2 else chance.choice(RESOLVED)
        made = now - dt.timedelta(minutes=chance.randrange(60 * 24 * 90))
        rows.append(
            Case(
                kind=chance.choice(["question", "unrecognised", "service_failure"]),
                state=state,
                priority=chance.choice([1, 2, 2, 2, 3]),
                subject=f"Subject {number} of a seller's case",
                search_key=f"subject {number} of a sellers case",
                details="What happened, in some words. " * 20,
                reporter=chance.choice(people["SELLER"]),
                assignee=None if chance.random() < 1 / 3 else chance.choice(people["SUPPORT"]),
                request_id=f"request-{number:08d}",
                first_response_due=made + dt.timedelta(hours=4),
                solution_due=now + dt.timedelta(minutes=chance.randrange(-3000, 60 * 24 * 10)),
                clock_started_at=made,
                clock_minutes=1440,
                created_at=made,
                first_responded_at=None if state == State.NEW else made,
                waiting_since=made if state in WAITING else None,
                resolved_at=made if state in RESOLVED else None,
                resolution="answered" if state in RESOLVED else "",
            )
        )
    Case.objects.bulk_create(rows, batch_size=2000)
    events = [CaseEvent(case_id=row.pk, kind="opened", to_state="new") for row in rows]
    CaseEvent.objects.bulk_create(events, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE cases_case, cases_caseevent")
    return people["SUPPORT"][0]


def session_ms():
    """Return the CPU time that the session in the database took so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[UTIME - 2]) + int(fields[STIME - 2])) * TICK_MS


def measure(client, address):
    """Return the CPU of a page, here and in the database, and its wall time, in milliseconds."""
    client.get(address)  # warm
    web, wall, before = [], [], session_ms()
    for _number in range(REQUESTS):
        started, clock = time.process_time(), time.perf_counter()
        answer = client.get(address)
        web.append((time.process_time() - started) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
        if answer.status_code != OK:
            raise SystemExit(f"{address}: {answer.status_code}")
    return statistics.median(web), (session_ms() - before) / REQUESTS, statistics.median(wall)


def main():
    """Fill the database, then print a line per page."""
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from cases.models import Case

    call_command("migrate", verbosity=0)
    support = fill(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
    client = Client()
    client.force_login(support)
    pages = {f"list, {name}": f"/admin/cases/case/{query}" for name, query in PAGES.items()}
    pages["a case"] = f"/admin/cases/case/{Case.objects.order_by('pk')[77].pk}/change/"
    sys.stdout.write(f"{'page':34} {'web':>7} {'database':>9} {'sum':>7} {'wall':>7}  (ms)\n")
    for name, address in pages.items():
        web, base, wall = measure(client, address)
        sys.stdout.write(f"{name:34} {web:7.0f} {base:9.0f} {web + base:7.0f} {wall:7.0f}\n")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    main()
