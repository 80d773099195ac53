"""One line of a server log: understood when method, path and status can be read beyond doubt.

The fast path is one regular expression for what servers write when nothing is bent: an address, a
timestamp in brackets, the quoted request, the status. Whatever it does not match goes through the
tolerant one, which looks for requests anywhere in the line and gives up unless there is exactly one
reading. JSON lines (nginx, gunicorn and this platform write them) are read as JSON.
"""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

MAX_LINE_BYTES = 64 * 1024
STATUSES = {str(number).encode(): number for number in range(100, 600)}
# Registered ones, and those that nginx and proxies invented.
USUAL = {status.value for status in HTTPStatus} | {
    *range(494, 500),
    444,
    460,
    463,
    *range(520, 531),
}
METHODS = rb"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PROPFIND|MKCOL|COPY|MOVE|PURGE"


class Entry(NamedTuple):
    """What a line says. ``time`` is the text between the brackets, or whatever a JSON line has."""

    method: bytes
    path: bytes
    status: int
    client: bytes
    time: bytes


FAST = re.compile(
    rb'([0-9A-Fa-f.:]{3,45}) [^\["]{0,200}\[([^\]"]{0,60})\] '
    rb'"([A-Z]{3,20}) (\S+) HTTP/[0-9.]{1,3}" ([1-5][0-9][0-9])(?:[ \r]|$)'
)
ANSI = re.compile(rb"\x1b\[[0-9;]*m")
VERSION = rb"HTTP\s?/\s?[0-9](?:\.[0-9])?"
# A request in quotes, as every server writes it: the path may hold blanks and escaped quotes.
QUOTED = re.compile(
    rb'"\s*([A-Z]{3,20})\s+((?:/|\*|https?://|[\w.-]+:[0-9])(?:[^"\\]|\\.)*?)\s+'
    + VERSION
    + rb'\s*"'
)
# HTTP/0.9 has no version; then only a known method is one.
BARE = re.compile(rb'"\s*(' + METHODS + rb')\s+((?:/|\*)[^"\s\\]*)\s*"')
# The quotes are lost: no blanks in the path, and the status right behind the version.
UNQUOTED = re.compile(
    rb"(?:^|[\s\]])("
    + METHODS
    + rb")\s+(/[^\"\s]*)\s+"
    + VERSION
    + rb'"?(?=\s+[1-5][0-9][0-9](?:\s|$))'
)
TOKEN = re.compile(rb"\S+")
SIZE = re.compile(rb"-|[0-9]+")
ADDRESS = re.compile(
    rb"(?<![\w.:])((?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}\]?)(?![\w.:])"
)
BRACKETS = re.compile(rb"\[([^\]\"]{8,60})\]")
ISO = re.compile(rb"(?<!\S)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}\S{0,16}")


def read_line(line: bytes) -> Entry | None:
    """Return what a line says, or None when that cannot be read beyond doubt."""
    if len(line) > MAX_LINE_BYTES:
        return None
    match = FAST.match(line)
    # A second version in the line may be a second request: then somebody forged one of the two.
    if match is not None and line.count(b"HTTP/") == 1:
        client, time, method, path, status = match.groups()
        number = STATUSES[status]
        if number in USUAL:
            return Entry(method, path, number, client, time)
    return read_bent(line)


def read_bent(line: bytes) -> Entry | None:
    """Read a line that is not as servers write it, or not at all."""
    stripped = line.strip()
    if stripped.startswith(b"{"):
        return read_json(stripped)
    clean = ANSI.sub(b"", stripped) if b"\x1b" in stripped else stripped
    readings = []
    for pattern in (QUOTED, BARE, UNQUOTED):
        for match in pattern.finditer(clean):
            status = status_after(clean[match.end() :])
            if status is not None:
                readings.append((match, status))
        if readings:
            break
    # Two that say the same are two requests still: lines whose ends were lost.
    if len(readings) != 1:
        return None
    match, status = readings[0]
    before = clean[: match.start()]
    return Entry(match[1], match[2], status, address_in(before), time_in(before))


def status_after(rest: bytes) -> int | None:
    """Return the status behind a request: the first field, or the only one that can be one.

    An unregistered number counts only where a size follows it, as it may be the size itself.
    """
    tokens = TOKEN.findall(rest.partition(b'"')[0])[:8]
    found = [STATUSES[token] for token in tokens if token in STATUSES]
    if not found:
        return None
    in_place = STATUSES.get(tokens[0])
    if in_place in USUAL:
        return in_place
    if len(found) > 1:
        return None
    if in_place is None:
        return found[0] if found[0] in USUAL else None
    return in_place if len(tokens) > 1 and SIZE.fullmatch(tokens[1]) else None


def address_in(before: bytes) -> bytes:
    """Return the client's address before a request, or ``-``."""
    match = ADDRESS.search(before)
    if match is not None:
        return match[1].strip(b"[]")
    first = TOKEN.match(before)
    return first[0] if first and not first[0].startswith((b"[", b'"')) else b"-"


def time_in(before: bytes) -> bytes:
    """Return the timestamp before a request, or nothing."""
    match = BRACKETS.search(before)
    if match is not None:
        return match[1]
    match = ISO.search(before)
    return match[0] if match else b""


# --- JSON lines ------------------------------------------------------------------------------
STATUS_KEYS = ("status", "status_code", "response_status")
METHOD_KEYS = ("method", "request_method", "http_method")
PATH_KEYS = ("path", "uri", "request_uri", "url", "request_path")
CLIENT_KEYS = ("client", "remote_addr", "client_ip", "remote_ip", "client_addr")
TIME_KEYS = ("time", "timestamp", "time_iso8601", "@timestamp", "time_local", "msec")
METHOD = re.compile(r"[A-Z]{3,20}")
REQUEST = re.compile(r"([A-Z]{3,20}) (\S+)(?: HTTP/[0-9.]+)?")


def read_json(line: bytes) -> Entry | None:
    """Read a JSON line by the names that servers use; a key given twice is one doubt too many."""
    data = json_object(line)
    if data is None or any(line.count(b'"%b":' % key.encode()) > 1 for key in data):
        return None
    method, path = first_of(data, *METHOD_KEYS), first_of(data, *PATH_KEYS)
    if method is None and path is None:
        match = REQUEST.fullmatch(str(data.get("request")))
        method, path = match.groups() if match else (None, None)
    status = first_of(data, *STATUS_KEYS)
    number = None if isinstance(status, bool) else STATUSES.get(str(status).encode())
    if number is None or not isinstance(path, str) or not path or not isinstance(method, str):
        return None
    if not METHOD.fullmatch(method):
        return None
    client, time = first_of(data, *CLIENT_KEYS), first_of(data, *TIME_KEYS)
    return Entry(as_bytes(method), as_bytes(path), number, as_bytes(client or "-"), as_bytes(time))


def json_object(line: bytes) -> dict[str, Any] | None:
    """Return the object on a JSON line; bytes that are no UTF-8 are shown escaped."""
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            data = orjson.loads(line.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            return None
    return data if isinstance(data, dict) else None


def first_of(data: dict[str, Any], *names: str) -> Any:
    """Return the first of the named values that is there."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def as_bytes(value: Any) -> bytes:
    """Return a JSON value as the other lines have it."""
    return b"" if value is None else str(value).encode("utf-8", "surrogateescape")


# --- Times -----------------------------------------------------------------------------------
MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = {MONTH_NAMES[4 * number - 4 : 4 * number - 1]: number for number in range(1, 13)}
# 10/Oct/2023 13:55:36 and 10/Oct/2023:13:55:36 +0000, blanks taken out before.
CLF = re.compile(
    r"([0-9]{1,2})/([a-z]{3})[a-z]*/([0-9]{4}):?([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,][0-9]+)?"
    r"(z|[+-][0-9]{4})?"
)
EPOCH = re.compile(r"[0-9]{9,10}(\.[0-9]{1,6})?")


@lru_cache(maxsize=4096)
def read_time(text: bytes, zone: tzinfo) -> datetime | None:
    """Return the moment that a timestamp names; one without a zone is in ``zone``."""
    shown = text.decode("ascii", "replace").strip()
    try:
        if EPOCH.fullmatch(shown):
            return datetime.fromtimestamp(float(shown), UTC)
        match = CLF.fullmatch("".join(shown.split()).lower())
        if match:
            day, month, year, hour, minute, second, offset = match.groups()
            date = f"{year}-{MONTHS[month]:02}-{int(day):02}"
            shown = f"{date}T{hour}:{minute}:{second}{offset or ''}"
        moment = datetime.fromisoformat(shown.replace(",", "."))
    except (ValueError, KeyError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
