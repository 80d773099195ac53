"""One line of a server log: understood when method, path and status can be read beyond doubt.

The fast path is one regular expression for what most servers write: a client, a timestamp in
brackets, the quoted request, the status. Whatever it does not match goes the long way, layer by
layer: prefixes of containers and loggers are taken off (``prefixes.py``), then the line is a JSON
object or pairs (``records.py``), named columns (``columns.py``), one of the table's
shapes (``shapes.py``), or it has a request in quotes with exactly one reading.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC
from http import HTTPStatus

from allies.accesslog.clients import IPV4, client_in, client_of
from allies.accesslog.columns import Columns, status_place
from allies.accesslog.entry import MAX_LINE_BYTES, NO_CLIENT, Entry, Structure
from allies.accesslog.prefixes import ANSI, CUT, PREFIXES, Bare, strip_prefixes
from allies.accesslog.records import json_object, read_pairs, read_record, wrapped
from allies.accesslog.shapes import METHODS, TEXT_SHAPES, common_name
from allies.accesslog.times import read_time, time_in

STATUSES = {str(number).encode(): number for number in range(100, 600)}
# Registered ones, and those that nginx and proxies invented.
USUAL = frozenset(
    {status.value for status in HTTPStatus}
    | {*range(494, 500), 444, 460, 463, 561, *range(520, 531)}
)
USUAL_STATUSES = {name: number for name, number in STATUSES.items() if number in USUAL}
FAST = re.compile(
    rb'(\S+) - [^\[\" ]+ \[([^\]\"]{0,60})\] "([A-Z]{3,20}) (\S+) HTTP/[0-9.]{1,3}" '
    rb"([1-5][0-9][0-9])(?![^ \r])"
)
VERSION = rb"HTTP\s?/\s?[0-9](?:\.[0-9])?"
# A request in quotes, as every server writes it: the path may hold blanks and escaped quotes.
QUOTED = re.compile(
    rb'"\s*([A-Z]{3,20})\s+((?:/|\*|https?://|[\w.-]+:[0-9])(?:[^"\\]|\\.)*?)\s+'
    + VERSION
    + rb'\s*"'
)
START = re.compile(rb'"\s*[A-Z]{3,20}\s')
MAX_STARTS = 8
# HTTP/0.9 has no version; then only a known method is one.
BARE = re.compile(rb'"\s*(' + METHODS + rb')\s+((?:/|\*)[^"\s\\]*)\s*"')
# The quotes are lost: no blanks in the path, and the status right behind the version.
UNQUOTED = re.compile(
    rb"(?:^|[\s\]])("
    + METHODS
    + rb")\s+(/[^\"\s]*)\s+"
    + VERSION
    + rb'"?(?=\s+(?:[Ss]tatus\S{0,6}\s*[:=]?\s*)?[1-5][0-9][0-9](?:\s|$))'
)
# status: 404, status=404, "status":404, (status 404); not upstream_status.
LABELLED = re.compile(
    rb"(?<![\w.-])(?<!upstream )(?<!backend )(?<!origin )(?:http[_ -]?|sc-|response[_ -]?)?"
    rb"status(?:[_ -]?code)?['\"]?\s*[:=]\s*['\"]?"
    rb"([0-9]{3})(?![\w.])",
    re.IGNORECASE,
)
TOKEN = re.compile(rb"\S+")
SIZE = re.compile(rb"-|[0-9]+")
# Their times have no zone and are UTC.
UTC_SHAPES = {"iis": b"Z", "cloudfront": b"Z"}
OWN_TEXT = re.compile(rb"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} [A-Z]+ ")
JSON_START = re.compile(rb'[^"{]*?(?=\{\s*")')
# docker and containerd cut at 16 KiB; so many streams may have a line half written.
MAX_PARTS = 64
MAX_DEPTH = 3
MAX_CLIENTS = 20_000
SAMPLE_LINES = 1_000
FREE = "free form"
new_tuple = tuple.__new__


Way = Callable[[bytes, int], Entry | Structure | None]


class LineReader:
    """Reads the lines of one file, and learns from them what a line alone does not say."""

    def __init__(self) -> None:
        self.columns = Columns()
        self.place = 0
        self.prefix: re.Pattern[bytes] | None = None
        self.prefix_name = ""
        self.parts: dict[tuple[str, ...], bytes] = {}
        self.names: dict[bytes, str] = {}
        self.prefixed = False
        # Whether lines may have a status that is called so.
        self.labelled = True
        self.clients: dict[bytes, bytes] = {}

    def learn(self, lines: Sequence[bytes]) -> None:
        """Learn from a file's first lines in which column its status is."""
        self.place = status_place(lines[:SAMPLE_LINES], USUAL)

    def client(self, word: bytes) -> bytes:
        """Return the client that a word names, and remember it."""
        if len(self.clients) >= MAX_CLIENTS:
            self.clients.clear()
        client = word if IPV4.fullmatch(word) else client_of(word)
        if client:
            self.clients[word] = client
        return client

    def read(self, line: bytes, depth: int = 0) -> Entry | Structure | None:
        """Return what a line says, or None when that cannot be read beyond doubt."""
        if len(line) > MAX_LINE_BYTES:
            return None
        start = 0
        if self.prefix is not None:
            before = self.prefix.match(line)
            start = before.end() if before else 0
        match = FAST.match(line, start)
        if match is not None and not self.place:
            word, time, method, path, status = match.groups()
            number, end = USUAL_STATUSES.get(status), match.end()
            client = self.clients.get(word) or self.client(word)
            if (
                number
                and client
                # A second version in the line may be a second request: somebody forged one of both.
                and line.find(b"HTTP/", end) < 0
                # A status that is called so wins over the one in its usual place.
                and not (self.labelled and line.find(b"tatus", end, line.find(b'"', end)) >= 0)
                and b'"' not in path
            ):
                kind = b"q" if line.endswith(b'"') else time[11:12]
                form = self.names.get(kind) or self.names.setdefault(kind, common_name(line))
                if start:
                    form = f"{self.prefix_name}: {form}"
                # Without the keywords of Entry(): this line runs a million times.
                return new_tuple(Entry, (method, path, number, client, time, form))
        elif start and line.startswith(b"{", start):
            found = self.read_json(line[start:].rstrip(), depth)
            if isinstance(found, Entry):
                return found._replace(form=f"{self.prefix_name}: {found.form}")
        return self.read_bent(line, depth)

    def read_bent(self, line: bytes, depth: int = 0) -> Entry | Structure | None:
        """Read a line that is not as most servers write it, or not at all."""
        if depth > MAX_DEPTH:
            return None
        clean = cleaned(line)
        if clean.startswith(b"{"):
            return self.read_json(clean, depth)
        if clean.startswith(b"#"):
            return self.columns.directive(clean)
        if self.columns.count:
            entry = self.columns.read(clean)
            if entry is not None:
                return entry
        return self.read_shaped(clean, depth) or self.read_bare(clean.rstrip(), depth)

    def read_shaped(self, line: bytes, depth: int) -> Entry | Structure | None:
        """Read a line of the table, with or without a prefix, as the last one was.

        What a prefix takes off may be a shape's own time: that shape comes first then.
        """
        ways: list[Way] = [read_shape, self.read_prefixed]
        if self.prefixed:
            ways.reverse()
        for number, way in enumerate(ways):
            found = way(line, depth)
            if found is not None:
                self.prefixed = self.prefixed != bool(number)
                return found
        return None

    def read_prefixed(self, line: bytes, depth: int) -> Entry | Structure | None:
        """Read a line behind what containers, service managers and loggers put before it."""
        bare = strip_prefixes(line)
        if not bare.names:
            return None
        rest = bare.rest
        if bare.names[-1] == CUT:
            stream = "stderr" if b" stderr " in line[:100] else "stdout"
            whole = self.join((*bare.names, stream), rest, goes_on=bare.goes_on)
            if whole is None:
                return Structure(CUT)
            rest = whole
        found = self.read(rest.strip(), depth + 1)
        if not isinstance(found, Entry):
            return found
        if len(bare.names) == 1 and not (bare.time and rest.startswith(b"{")):
            self.keep_prefix(line, bare)
        form = ": ".join((*bare.names, found.form))
        return found._replace(form=form, time=better(found.time, bare.time))

    def read_bare(self, line: bytes, depth: int) -> Entry | Structure | None:
        """Read a line of which nobody knows the shape."""
        match = JSON_START.match(line) if line.endswith(b"}") else None
        if match is not None:
            found = self.read_json(line[match.end() :], depth)
            if found is not None:
                return found
        if OWN_TEXT.match(line):
            return None  # a record of ours that is no request, such as a call that we made
        return self.read_anywhere(line) or read_pairs(line)

    def read_json(self, line: bytes, depth: int) -> Entry | Structure | None:
        """Read a JSON object: a record, or a wrapper around a line."""
        data = json_object(line)
        if data is None:
            return None
        entry = read_record(data)
        inner = wrapped(data) if entry is None else None
        if inner is None or depth >= MAX_DEPTH:
            return entry
        name, shown = inner
        text = shown.encode("utf-8", "replace")
        alone = text
        if name == "docker" and "stream" in data and "time" in data:
            key = (name, str(data["stream"]))
            whole = self.join(key, text, goes_on=not text.endswith(b"\n"))
            if whole is None:
                # Collectors take the line end off; then it is a line nevertheless.
                found = self.read(text.strip(), depth + 1)
                if not isinstance(found, Entry):
                    return Structure(name)
                del self.parts[key]
                return found._replace(form=f"{name}: {found.form}")
            text = whole
        found = self.read(text.strip(), depth + 1)
        if found is None and alone is not text:
            found = self.read(alone.strip(), depth + 1)
        if not isinstance(found, Entry):
            return found
        return found._replace(
            form=f"{name}: {found.form}", time=better(found.time, read_outer_time(data))
        )

    def join(self, key: tuple[str, ...], text: bytes, *, goes_on: bool) -> bytes | None:
        """Return a whole line, or None while more of it is to come."""
        whole = self.parts.pop(key, b"") + text
        if not goes_on:
            return whole
        if len(self.parts) >= MAX_PARTS:
            self.parts.pop(next(iter(self.parts)))
        self.parts[key] = whole[: MAX_LINE_BYTES + 1]
        return None

    def keep_prefix(self, line: bytes, bare: Bare) -> None:
        """Remember a file's prefix when it is a single one before a line of the fast path."""
        if self.prefix is None and (FAST.match(bare.rest) or bare.rest.startswith(b"{")):
            for name, pattern in PREFIXES:
                match = pattern.match(line)
                if match is not None and line[match.end() :] == bare.rest and name != CUT:
                    self.prefix, self.prefix_name = pattern, name

    def read_anywhere(self, line: bytes) -> Entry | None:
        """Look for requests anywhere in a line; one with one status is beyond doubt."""
        # So many are no request beyond doubt, and each would be followed to the end of the line.
        if len(START.findall(line)) > MAX_STARTS:
            return None
        readings = []
        for pattern in (QUOTED, BARE, UNQUOTED):
            for match in pattern.finditer(line):
                status = self.status_after(line[match.end() :], line[: match.start()])
                if status is not None:
                    readings.append((match, status))
            if readings:
                break
        # Two that say the same are two requests still: lines whose ends were lost.
        if len(readings) != 1:
            return None
        match, status = readings[0]
        before, rest = line[: match.start()], unquoted(line[match.end() :])
        time, start, end = time_in(before)
        client = client_in(before[:start] if time else before)
        if client == NO_CLIENT and time:
            client = client_in(before[end:])
        form = common_name(line) if FAST.match(line) and not self.place else FREE
        return Entry(match[1], match[2], status, client, time or time_in(rest)[0], form)

    def status_after(self, rest: bytes, before: bytes) -> int | None:
        """Return the status of a request: the labelled one, or the one in its column.

        The column is the first, or the one that the file's lines taught. Elsewhere only a lone
        candidate counts; an unregistered number only where a size follows it, as it may be the
        size itself.
        """
        rest = unquoted(rest)
        labelled = LABELLED.findall(rest) or LABELLED.findall(unquoted(before))
        if labelled:
            return STATUSES.get(labelled[0]) if len({*labelled}) == 1 else None
        tokens = TOKEN.findall(rest)[:8]
        if self.place and len(tokens) > self.place:
            learnt = STATUSES.get(tokens[self.place])
            if learnt in USUAL:
                return learnt
        in_place = STATUSES.get(tokens[0]) if tokens else None
        if in_place in USUAL:
            return in_place
        found = [STATUSES[token] for token in tokens if token in STATUSES]
        if len(found) != 1:
            return None
        if in_place is None:
            return found[0] if found[0] in USUAL else None
        return in_place if len(tokens) > 1 and SIZE.fullmatch(tokens[1]) else None


def cleaned(line: bytes) -> bytes:
    """Return a line without NULs (a log that was cut while it was written to) and colours."""
    line = line.replace(b"\0", b"") if b"\0" in line else line
    line = ANSI.sub(b"", line) if b"\x1b" in line else line
    # A blank at the end may be the middle of a line that was cut.
    return line.lstrip().rstrip(b"\r\n")


def unquoted(text: bytes) -> bytes:
    """Return the text until the first quote: what stands in quotes is what a client sent."""
    return text.partition(b'"')[0]


def better(mine: bytes, outer: bytes) -> bytes:
    """Return a line's own time, or that of its wrapper when its own is none."""
    return mine if not outer or read_time(mine, UTC) is not None else outer


def read_outer_time(data: dict[str, object]) -> bytes:
    """Return the time of a wrapper."""
    for name in ("time", "timestamp", "@timestamp", "ts", "__REALTIME_TIMESTAMP"):
        if data.get(name) is not None:
            return str(data[name]).encode("utf-8", "replace")
    return b""


def read_shape(line: bytes, _depth: int = 0) -> Entry | None:
    """Return what a line of the table's shapes says."""
    for name, sign, pattern in TEXT_SHAPES:
        if sign not in line:
            continue
        match = pattern.match(line)
        if match is None:
            continue
        found = match.groupdict()
        path = found["path"]
        if path.startswith(b'"'):
            path = path[1:-1].replace(b'\\"', b'"')
        if not path.startswith((b"/", b"*", b"http")) and found["method"] != b"CONNECT":
            continue
        client = client_of(found["client"]) if found.get("client") else NO_CLIENT
        return Entry(
            found["method"], path, int(found["status"]), client or NO_CLIENT,
            (found.get("time") or b"").replace(b"\t", b" ") + UTC_SHAPES.get(name, b""), name,
        )  # fmt: skip
    return None
