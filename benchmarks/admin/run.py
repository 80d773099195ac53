"""Every page of the admin with much in the database: ``make bench-admin``.

Prints what each costs, worst first: CPU of this process, which renders it by Django's test client
behind all middleware, and CPU of its session in PostgreSQL. Ends with status 1 when a statement of
a page reads the journal from one end to the other, or a page fails; a goal missed is printed.
"""

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

from benchmarks import common, quiet
from benchmarks.admin import database
from benchmarks.admin.database import say

SHOWN = 40
CSV_LINES = 3
RESULTS = common.ROOT / "var" / "bench-admin.json"
INDEXES = """
SELECT indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid))
FROM pg_stat_user_indexes WHERE relname = 'core_journalentry' ORDER BY 1
"""
type_open = Callable[[], int]


def browser(user: Any) -> Callable[[Any], type_open]:
    """Return what opens addresses as somebody who is signed in."""
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    client.force_login(user)

    def opens(address: Any) -> type_open:
        def open_it() -> int:
            if address.post is None:
                response = client.get(address.path)
            else:
                response = client.post(address.path, address.post)
            if response.streaming:
                list(islice(response.streaming_content, CSV_LINES))
            response.close()
            return response.status_code

        return open_it

    return opens


def every_page() -> Iterator[Any]:
    """Yield all pages, each ready to be opened."""
    from django.db.models import Max

    from benchmarks.admin import extras, pages
    from benchmarks.admin.measuring import Page
    from core.roles import Role
    from stores.models import Visit
    from users.models import User

    last = Visit.objects.aggregate(last=Max("day"))["last"]
    days = (str(last - dt.timedelta(days=27)), str(last))
    roles = (Role.ADMIN, Role.SUPPORT, Role.ANALYST)
    people = {role: User.objects.filter(role=role).order_by("pk")[0] for role in roles}
    opened = {str(role.value): browser(user) for role, user in people.items()}
    admin = people[Role.ADMIN]
    opens = opened[str(Role.ADMIN.value)]
    yield from extras.cards()
    yield from extras.homes(opened)
    addresses = chain(extras.asked(admin, days), pages.every_page(admin, days))
    yield from (Page(one.name, opens(one)) for one in addresses)
    yield from extras.of_the_api(admin, days)


def measure(only: str) -> list[Any]:
    """Return what each page cost whose name has a word in it."""
    from django.db import connection

    from benchmarks.admin import plans
    from benchmarks.admin.measuring import Session

    session = Session(connection)
    with connection.cursor() as cursor:
        if not plans.control(cursor, session.tables):
            raise SystemExit("The control failed: a sequential scan was not seen, or made up.")
    costs, begun = [], time.monotonic()
    for page in every_page():
        if only not in page.name:
            continue
        costs.append(session.cost_of(page))
        if len(costs) % 50 == 0:
            say(f"{time.monotonic() - begun:6.0f} s  {len(costs)} pages, last: {page.name}")
    return costs


def show(costs: list[Any], shown: int) -> None:
    """Print the worst pages, and below them every one that reads the journal from end to end."""
    worst = sorted(costs, key=lambda one: one.total / one.goal, reverse=True)
    say(
        f"{'page':74} {'web':>6} {'db':>6} {'sum':>6} {'goal':>5} {'sql':>4} {'journal':>9}"
        " status verdict"
    )
    for one in worst[:shown] + [cost for cost in worst[shown:] if cost.verdict != "ok"]:
        say(
            f"{one.name[:74]:74} {one.web:6.0f} {one.database:6.0f} {one.total:6.0f}"
            f" {one.goal:5.0f} {one.statements:4} {one.lines:9,} {one.status:6} {one.verdict}"
        )
    for one in worst:
        for found in one.scans:
            say(f"{one.name}: {', '.join(sorted(found.tables))}: {found.sql[:600]}")


def publish(costs: list[Any], watch: quiet.Watch) -> int:
    """Write all figures into a file, print the sum, and return the status."""
    RESULTS.parent.mkdir(exist_ok=True)
    found = [{**one_as_dict(cost)} for cost in costs]
    RESULTS.write_text(json.dumps(found, indent=1))
    wrong = [one for one in costs if one.verdict not in ("ok", "over")]
    over = [one for one in costs if one.verdict == "over"]
    say(
        f"{len(costs)} pages: {len(over)} over their goal, {len(wrong)} that scan the journal or"
        f" fail. {watch}. All of them: {RESULTS.relative_to(common.ROOT)}"
    )
    if watch.is_busy:
        say("The cores were busy: CPU of busy cores is more than that of quiet ones.")
    return 1 if wrong else 0


def one_as_dict(cost: Any) -> dict[str, Any]:
    """Return a cost as JSON has it."""
    return {
        "page": cost.name,
        "web_ms": round(cost.web, 1),
        "database_ms": round(cost.database, 1),
        "goal_ms": cost.goal,
        "statements": cost.statements,
        "journal_rows": cost.lines,
        "status": cost.status,
        "verdict": cost.verdict,
    }


def main() -> int:
    """Fill the database if need be, open every page, print; return the status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="make and fill the database anew")
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    parser.add_argument(
        "--shown", type=int, default=SHOWN, help="how many of the worst are printed"
    )
    given = parser.parse_args()
    database.prepare(fresh=given.fresh)
    os.environ.update(database.environment())
    import django

    django.setup()
    from django.db import connection

    from benchmarks.admin.measuring import machine

    watch = quiet.Watch()
    watch.look()
    begun = time.monotonic()
    costs = measure(given.only)
    watch.look()
    show(costs, given.shown)
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        for index, scans, size in cursor.fetchall():
            say(f"{index}: {size}, used {scans:,} times since it was made")
    say(f"{machine()}, {dt.date.today()}, {time.monotonic() - begun:.0f} s, {database.size()}")
    return publish(costs, watch)


if __name__ == "__main__":
    sys.exit(main())
