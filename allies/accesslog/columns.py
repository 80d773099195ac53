"""Columns: those that a directive names, and the one that has the status in a log without names."""

import re
from collections.abc import Iterable

from allies.accesslog.clients import client_of
from allies.accesslog.entry import NO_CLIENT, Entry, Structure

DIRECTIVE = re.compile(rb"#([A-Za-z-]+):\s*(.*)")
DIRECTIVES = {b"Version", b"Fields", b"Software", b"Start-Date", b"End-Date", b"Date", b"Remark"}
# What W3C's extended format, IIS and CloudFront call the values.
ROLES = {
    "method": (b"cs-method",),
    "path": (b"cs-uri-stem", b"cs-uri"),
    "status": (b"sc-status",),
    "client": (b"c-ip", b"c-dns", b"cs-host"),
    "date": (b"date",),
    "time": (b"time",),
}
VALUE = re.compile(rb'"(?:[^"]|"")*"|\S+')
METHOD = re.compile(rb"[A-Z]{3,20}")
STATUSES = {str(number).encode(): number for number in range(100, 600)}


class Columns:
    """The columns that the last ``#Fields:`` named; they may change midway."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.count = 0
        self.day = b""
        self.name = "w3c"

    def directive(self, line: bytes) -> Structure | None:
        """Heed a directive; None when the line is none."""
        match = DIRECTIVE.match(line)
        if match is None or match[1] not in DIRECTIVES:
            return None
        if match[1] == b"Software":
            self.name = "iis" if b"Internet Information" in match[2] else "w3c"
        elif match[1] == b"Date":
            self.day = match[2].strip().partition(b" ")[0]
        elif match[1] == b"Fields":
            names = match[2].split()
            self.count = len(names)
            self.places = {
                role: next((names.index(name) for name in wanted if name in names), -1)
                for role, wanted in ROLES.items()
            }
            if b"x-edge-location" in names:
                self.name = "cloudfront"
        return Structure(self.name)

    def read(self, line: bytes) -> Entry | None:
        """Return what the columns say; None when they are not those of the directive."""
        values = line.split(b"\t") if b"\t" in line else line.split()
        if len(values) != self.count:
            values = [value.strip(b'"') for value in VALUE.findall(line)]
        if len(values) != self.count:
            return None
        place = self.places
        if min(place["method"], place["path"], place["status"]) < 0:
            return None
        method, path = values[place["method"]], values[place["path"]]
        status = STATUSES.get(values[place["status"]])
        if status is None or not METHOD.fullmatch(method) or path in {b"", b"-"}:
            return None
        client = client_of(values[place["client"]]) if place["client"] >= 0 else b""
        day = values[place["date"]] if place["date"] >= 0 else self.day
        clock = values[place["time"]] if place["time"] >= 0 else b""
        # The standard's times are UTC.
        time = day + b"T" + clock + b"Z" if day and clock else b""
        return Entry(method, path, status, client or NO_CLIENT, time, self.name)


# --- Without names ---------------------------------------------------------------------------
REQUEST = re.compile(rb'"[A-Z]{3,20} [^"]*HTTP/[0-9.]{1,3}"([^"]*)')
TOKEN = re.compile(rb"\S+")
MAX_PLACES = 8
ENOUGH_LINES = 5
SURE = 0.99


def status_place(lines: Iterable[bytes], usual: frozenset[int]) -> int:
    """Return how many fields stand between the request and the status in these lines.

    The first place where (nearly) every line has a registered status: sizes and durations have
    other values now and then. 0, as servers write it, when there are too few lines to tell.
    """
    hits, seen = [0] * MAX_PLACES, 0
    for line in lines:
        match = REQUEST.search(line)
        if match is None:
            continue
        tokens = TOKEN.findall(match[1])[:MAX_PLACES]
        if not tokens:
            continue
        seen += 1
        for place, token in enumerate(tokens):
            hits[place] += STATUSES.get(token) in usual
    if seen < ENOUGH_LINES or hits[0] >= SURE * seen:
        return 0
    return next((place for place, count in enumerate(hits) if count >= SURE * seen), 0)
