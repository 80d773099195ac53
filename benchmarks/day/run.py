"""A day of 12,000 phones in ten minutes: ``python -m benchmarks.day.run`` (``make load``).

Starts the platform on a database of its own, lets Locust be the phones, takes the web processes
away for a while, and holds the database against what the phones were told. What it means, and how
to spread the phones over machines: docs/load.md.
"""

import contextlib
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import psycopg2

from benchmarks import data
from benchmarks.common import BIN, ROOT, server_environment
from benchmarks.day.plan import Plan
from benchmarks.servers import Database, Server, spent
from benchmarks.sync import data as stores

FOLDER = ROOT / "var" / "load"
DATABASE_URL = os.environ.get("LOAD_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/plaza_load")
PORT = int(os.environ.get("LOAD_PORT", "9071"))
GRACE_SECONDS = 30.0  # so long after the day phones may send what they have
TIMES = ("0.5", "0.95", "0.99")


def log(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def environment() -> dict[str, str]:
    """Return the environment of the platform."""
    said = {**server_environment(DATABASE_URL), "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    return {**said, "MEDIA_ROOT": str(FOLDER / "media"), "VAR_DIR": str(FOLDER / "var")}


def prepare(plan: Plan) -> None:
    """Make the database, as large as the run has sellers, and the phones' sessions."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("outcome-*.json"):
        path.unlink()
    (FOLDER / "photos").unlink(missing_ok=True)
    scale = -(-plan.sellers // stores.SELLERS)
    if not filled(scale):
        log(f"load: filling {scale * stores.SELLERS} sellers")
        data.create(DATABASE_URL)
    python("manage.py", "prepare", "--verbosity", "0")
    with cursor_on_database() as cursor:
        cursor.execute("SELECT count(*) FROM users_user")
        if cursor.fetchone()[0] == 0:
            cursor.execute(data.FILL_USERS, {"users": data.USERS, "password": "!"})
        stores.fill(cursor, scale)
        stores.clean(cursor)
        cursor.execute("TRUNCATE core_journalentry, users_session CASCADE")
    data.vacuum(DATABASE_URL)
    python("-m", "benchmarks.day.people", str(plan.sellers), str(FOLDER / "phones.jsonl"))


def filled(scale: int) -> bool:
    """Tell whether the database is there with as many sellers."""
    if not data.exists(DATABASE_URL):
        return False
    with cursor_on_database() as cursor:
        cursor.execute("SELECT to_regclass('users_user')")
        if cursor.fetchone()[0] is None:
            return False
        cursor.execute("SELECT count(*) FROM users_user WHERE role = 'SELLER'")
        return bool(cursor.fetchone()[0] == scale * stores.SELLERS)


@contextlib.contextmanager
def cursor_on_database() -> Iterator[psycopg2.extensions.cursor]:
    """Yield a cursor in a transaction, which is committed at the end."""
    connection = psycopg2.connect(DATABASE_URL)
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def python(*arguments: str) -> None:
    """Run Python with the platform's environment."""
    said = {**environment(), "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=said, check=True)


class Platform:
    """The web processes, which may go and come back, and what they and PostgreSQL cost."""

    def __init__(self) -> None:
        self.database = Database(DATABASE_URL)
        self.web_seconds = self.database_seconds = 0.0
        self.start()

    def start(self) -> None:
        """Start, and count from here."""
        self.server = Server("plaza", database_url=DATABASE_URL, port=PORT)
        self.server.wait()
        self.web, self.backends = self.server.cpu_seconds(), self.database.backends()

    def count(self) -> None:
        """Add what was spent since the start or the last count."""
        web, backends = self.server.cpu_seconds(), self.database.backends()
        self.web_seconds += web - self.web
        self.database_seconds += spent(self.backends, backends)
        self.web, self.backends = web, backends

    def stop(self) -> None:
        """Stop, counted."""
        self.count()
        self.server.stop()


def phones(plan: Plan, url: str) -> list[subprocess.Popen[bytes]]:
    """Start Locust, its master first; the phones are there within seconds, and wait for their time.

    With LOAD_REMOTE set the phones are started elsewhere, and only the master here.
    """
    common = [str(BIN / "locust"), "--locustfile", "benchmarks/day/locustfile.py"]
    master = [
        *common, "--headless", "--only-summary", "--json-file", str(FOLDER / "locust"),
        "--host", url, "--users", str(plan.sellers), "--spawn-rate", str(plan.sellers),
        "--run-time", f"{int(plan.seconds + GRACE_SECONDS)}s", "--stop-timeout", "20",
    ]  # fmt: skip
    if plan.processes == 1:
        return [started(master, plan, "locust.log")]
    master += ["--master", "--expect-workers", str(plan.processes)]
    found = [started(master, plan, "locust.log")]
    if "LOAD_REMOTE" not in os.environ:
        for number in range(plan.processes):
            each = replace(plan, process=number)
            found.append(started([*common, "--worker"], each, f"locust-{number}.log"))
    return found


def started(command: list[str], plan: Plan, log_name: str) -> subprocess.Popen[bytes]:
    """Start one process of Locust with its part of the plan."""
    said = {**os.environ, "PYTHONPATH": str(ROOT), "LOAD_FOLDER": str(FOLDER)}
    said |= {f"LOAD_{name.upper()}": str(value) for name, value in asdict(plan).items()}
    with (FOLDER / log_name).open("wb") as file:
        return subprocess.Popen(command, cwd=ROOT, env=said, stdout=file, stderr=file)


def lost(outcomes: list[dict[str, Any]]) -> dict[str, int]:
    """Hold the database against what was acknowledged."""
    with cursor_on_database() as cursor:
        cursor.execute("SELECT id::text, seller_id FROM stores_visit")
        stored = set(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM stores_rejectedupload")
        rejected = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM stores_visitrevision")
        revisions = cursor.fetchone()[0]
    told = [tuple(one) for outcome in outcomes for one in outcome["acknowledged"]]
    return {
        "acknowledged": len(told),
        "acknowledged twice": len(told) - len(set(told)),
        "lost": len(set(told) - stored),
        "rejected": rejected,
        "revisions": revisions,
        "still on phones": sum(outcome["waiting"] for outcome in outcomes),
    }


def percentile(times: dict[str, int], part: float) -> float:
    """Return a percentile of Locust's counted times."""
    counted = sorted((float(time_), count) for time_, count in times.items())
    total, seen = sum(count for _, count in counted), 0
    for time_, count in counted:
        seen += count
        if seen >= part * total:
            return time_
    return 0.0


def main() -> None:
    """Run one day and report it."""
    plan = Plan.from_environment()
    prepare(plan)
    here = Platform()
    try:
        if has_photos(here.server.url):
            (FOLDER / "photos").touch()
        else:
            log("load: no photos are sent, /api/photos is not here")
        for name, rate in plan.expected_rates().items():
            log(f"load: {name}: {rate:.1f}/s")
        locust = phones(plan, here.server.url)
        began = time.monotonic()
        away = outage(plan, here, began)
        code = locust[0].wait(plan.seconds + GRACE_SECONDS + 120)
        here.count()
        for worker in locust[1:]:
            worker.wait(60)
    finally:
        here.server.stop()
    if code not in (0, 1):  # 1: there were failures, which an outage brings
        raise SystemExit(f"load: Locust ended with {code}, see {FOLDER / 'locust.log'}")
    report(plan, here, away, loadavg=os.getloadavg()[0])


def has_photos(url: str) -> bool:
    """Tell whether photos can be sent."""
    try:
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/photos", method="OPTIONS"))
    except urllib.error.HTTPError as error:
        return error.code != 404
    return True


def outage(plan: Plan, here: Platform, began: float) -> tuple[float, float]:
    """Take the web processes away in the afternoon; return from when until when they were."""
    if not plan.outage:
        return (0.0, 0.0)
    time.sleep(max(0.0, began + plan.outage_at - time.monotonic()))
    gone = time.monotonic()
    here.stop()
    time.sleep(plan.outage)
    here.start()
    return (gone, time.monotonic())


def report(plan: Plan, here: Platform, away: tuple[float, float], *, loadavg: float) -> None:
    """Print what came of it, and write it to ``var/load/report.json``."""
    rows = json.loads((FOLDER / "locust.json").read_text())
    outcomes = [json.loads(path.read_text()) for path in FOLDER.glob("outcome-*.json")]
    failures = [one for outcome in outcomes for one in outcome["failures"]]
    # CLOCK_MONOTONIC is the machine's, the same in every process.
    within = [one for one in failures if away[0] <= one[0] <= away[1] + 1]
    others = [one for one in failures if one not in within]
    requests = sum(row["num_requests"] for row in rows)
    answered = requests - len(within)
    found = lost(outcomes)
    figures = {
        "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, load {loadavg:.1f}, {platform.platform()}",
        "sellers": plan.sellers,
        "seconds": plan.seconds,
        "outage_seconds": round(away[1] - away[0], 1),
        "requests": requests,
        "requests_a_second": round(requests / plan.seconds, 1),
        "failed_in_the_outage": len(within),
        "failed_otherwise": len(others),
        "causes_otherwise": sorted({f"{name}: {cause}" for _, name, cause in others}),
        "web_ms_of_cpu_a_request": round(here.web_seconds / max(1, answered) * 1000, 2),
        "database_ms_of_cpu_a_request": round(here.database_seconds / max(1, answered) * 1000, 2),
        "seller_minutes_out_of_step": round(
            sum(outcome["out_of_step_seconds"] for outcome in outcomes) / 60, 1
        ),
        "visits": found,
        "by_request": {
            row["name"]: {
                "requests": row["num_requests"],
                "failed": row["num_failures"],
                **{
                    f"p{float(part) * 100:g}_ms": percentile(row["response_times"], float(part))
                    for part in TIMES
                },
            }
            for row in rows
        },
    }
    (FOLDER / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    log(json.dumps(figures, indent=1))
    if found["lost"] or not found["acknowledged"]:
        raise SystemExit("load: visits that were acknowledged are not in the database")


if __name__ == "__main__":
    main()
