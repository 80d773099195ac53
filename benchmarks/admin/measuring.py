"""What a page costs: CPU of this process, CPU of its session in the database, statements, plans."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.admin import plans

NANOSECONDS_PER_MS = 1_000_000
REQUESTS = 3  # that are timed, after one whose statements are looked at
GOAL_MS = 250.0
JOURNAL_READ = """
SELECT coalesce(sum(seq_tup_read), 0)::bigint,
    (SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes
     WHERE relname = ANY(%s))
FROM pg_stat_user_tables WHERE relname = ANY(%s)
"""


@dataclass(slots=True)
class Page:
    """Something to open: what it is, whose browser opens it, and how.

    ``prepare`` runs before each request and is not measured.
    """

    name: str
    open: Callable[[], int]
    goal: float = GOAL_MS
    prepare: Callable[[], Any] = lambda: None


@dataclass(slots=True)
class Cost:
    """What a page cost, in milliseconds of CPU: the median of a few requests."""

    name: str
    goal: float
    status: int
    web: float = 0.0
    database: float = 0.0
    statements: int = 0
    lines: int = 0  # of the journal, or entries of its indexes, that were read
    scans: list[plans.Finding] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Return what both took."""
        return self.web + self.database

    @property
    def verdict(self) -> str:
        """Return what is wrong, or "ok"."""
        if self.scans:
            return "SCANS THE JOURNAL"
        if self.status >= 500:
            return "FAILED"
        return "over" if self.total > self.goal else "ok"


class Session:
    """This process's session in the database."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            self.tables = plans.journal_tables(cursor)

    def cpu_ms(self) -> float:
        """Return how long the session worked so far.

        Raises:
            SystemExit: the database is on another machine, where its work cannot be seen.
        """
        self.connection.ensure_connection()  # a page whose statement fails may have closed it
        process = self.connection.connection.get_backend_pid()
        try:
            nanoseconds = Path(f"/proc/{process}/schedstat").read_text().split()[0]
        except FileNotFoundError:
            raise SystemExit("The database must run on this machine, for its CPU.") from None
        return int(nanoseconds) / NANOSECONDS_PER_MS

    def lines_read(self) -> int:
        """Return how much of the journal was read so far: rows in a row, and entries of indexes."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(JOURNAL_READ, [list(self.tables), list(self.tables)])
            return sum(cursor.fetchone())

    def cost_of(self, page: Page, requests: int = REQUESTS) -> Cost:
        """Open a page once for its statements and a few times for its cost."""
        page.prepare()
        before = self.lines_read()
        with plans.recorded(self.connection) as statements:
            status = page.open()
        lines = self.lines_read() - before
        cost = Cost(page.name, page.goal, status, statements=len(statements), lines=lines)
        with self.connection.cursor() as cursor:
            cost.scans = plans.findings(cursor, statements, self.tables)
        web, database = [], []
        for _number in range(requests):
            page.prepare()
            base, own = self.cpu_ms(), time.process_time()
            page.open()
            web.append((time.process_time() - own) * 1000)
            database.append(self.cpu_ms() - base)
        cost.web, cost.database = statistics.median(web), statistics.median(database)
        return cost


def machine() -> str:
    """Return what this machine is."""
    found = Path("/proc/cpuinfo").read_text()
    names = {line.partition(": ")[2] for line in found.splitlines() if "model name" in line}
    return f"{os.cpu_count()} cores, {', '.join(names)}"
