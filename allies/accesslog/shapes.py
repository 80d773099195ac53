"""The table of shapes: what the lines of servers look like, one pattern each.

A shape is tried where its ``sign`` stands in the line. Its pattern names the groups ``method``,
``path``, ``status``, ``client`` and ``time`` as far as the line has them. What is not in this table
is still read when it has a request in quotes and one status (``lines.py``), is a JSON object or
``key=value`` pairs (``records.py``), or comes under a directive ``#Fields:`` (``columns.py``).
"""

import re
from typing import NamedTuple

METHODS = (
    rb"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PROPFIND|MKCOL|COPY|MOVE|PURGE|QUERY"
)
METHOD = rb"(?P<method>[A-Z]{3,20})"
PATH = rb"(?P<path>[^\s\"]+)"
STATUS = rb"(?P<status>[1-5][0-9][0-9])"
CLIENT = rb"(?P<client>[^\s\"]+)"
# An absolute address, a path with blanks and escaped quotes, or what CONNECT asks for.
REQUEST = METHOD + rb"\s+(?P<path>(?:[^\"\\]|\\.)*?)\s+HTTP/[0-9.]{1,3}\s*"


class Shape(NamedTuple):
    """One format: its name in the report, what a line must contain, what it looks like."""

    name: str
    sign: bytes
    pattern: re.Pattern[bytes]


def shape(name: str, sign: bytes, pattern: bytes) -> Shape:
    """Return a shape; the pattern must reach from the start of a line to a word's end."""
    return Shape(name, sign, re.compile(pattern + rb"(?![^\s,;])"))


TEXT_SHAPES = (
    # LOG_FORMAT=text: 13:55:36.123 INFO     GET /api/dogs 200 3 ms 127.0.0.1 <request id>
    shape(
        "plaza text",
        b" ms ",
        rb"(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}) [A-Z]+ +"
        + METHOD
        + rb' (?P<path>"(?:[^"\\]|\\.)*"|\S+) '
        + STATUS
        + rb" [0-9]+ ms "
        + CLIENT,
    ),
    shape(
        "uvicorn",
        b' - "',
        rb"(?:INFO:\s+)?(?P<client>[0-9A-Za-z.:\[\]%_-]{2,255}:[0-9]{1,5}) - \""
        + REQUEST
        + rb'" '
        + STATUS,
    ),
    # http 2018-07-02T22:23:00.186641Z app/lb/50dc 192.168.131.39:2817 10.0.0.1:80 0.000 0.001
    # 0.000 200 200 34 366 "GET http://…; a classic balancer has no type in front.
    shape(
        "aws load balancer",
        b' "',
        rb"(?:(?:https?|h2|grpcs|wss?) )?(?P<time>[0-9-]{10}T[0-9:.]{8,15}Z) \S+ "
        + CLIENT
        + rb" \S+ [0-9.-]+ [0-9.-]+ [0-9.-]+ "
        + STATUS
        + rb" (?:[1-5][0-9]{2}|-|0) [0-9]+ [0-9]+ \""
        + REQUEST
        + rb'"',
    ),
    # 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - -
    # ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"
    shape(
        "haproxy",
        b'"',
        CLIENT
        + rb" \[(?P<time>[^\]]{10,40})\] \S+ \S+ [0-9+/-]+ "
        + STATUS
        + rb' \+?[0-9]+ \S+ \S+ [\w-]{4} [0-9+/]+ [0-9/]+ (?:\{[^"]*?\} ){0,2}"'
        + REQUEST
        + rb'"',
    ),
    # www.example.com:443 10.0.0.5 - - [10/Oct/2023:13:55:36 +0000] "GET / HTTP/1.1" 200 12
    shape(
        "virtual hosts",
        b'] "',
        rb"[0-9A-Za-z._-]{1,255}:[0-9]{1,5} "
        + CLIENT
        + rb" \S+ [^\[\"]{1,200} \[(?P<time>[^\]\"]{8,60})\] \""
        + REQUEST
        + rb'" '
        + STATUS
        + rb"(?= [0-9-])",
    ),
    # date time location bytes client method host path status
    shape(
        "cloudfront",
        b"\t",
        rb"(?P<time>[0-9-]{10}\t[0-9:]{8})\t\S+\t[0-9-]+\t"
        + CLIENT
        + rb"\t"
        + METHOD
        + rb"\t\S+\t"
        + PATH
        + rb"\t"
        + STATUS,
    ),
    # date time s-ip method stem query port user c-ip agent referer status substatus win32 taken
    shape(
        "iis",
        b" ",
        rb"(?P<time>[0-9-]{10} [0-9:]{8}) (?:W3SVC[0-9]+ (?:\S+ )?)?[0-9A-Fa-f.:%]+ "
        + METHOD
        + rb" "
        + PATH
        + rb" \S+ [0-9]+ \S+ (?P<client>[0-9A-Fa-f.:%]+) \S+ \S+ (?:\S+ ){0,2}?"
        + STATUS
        + rb" [0-9]+ [0-9]+",
    ),
    # owner bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 requester id operation key "GET …" 200
    shape(
        "s3",
        b" REST.",
        rb"\S+ \S+ \[(?P<time>[^\]]+)\] "
        + CLIENT
        + rb" \S+ \S+ REST\.\S+ \S+ \""
        + REQUEST
        + rb'" '
        + STATUS,
    ),
    # [pid: 1|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 300 bytes} [Tue Oct 10 13:55:36 2023] GET
    # /path => generated 12 bytes in 3 msecs (HTTP/1.1 200)
    shape(
        "uwsgi",
        b" => generated ",
        rb"\[pid: [^\]]*\] "
        + CLIENT
        + rb" \([^)]*\) \{[^}]*\} \[(?P<time>[^\]]+)\] "
        + METHOD
        + rb" "
        + PATH
        + rb" => generated .{1,60}? \(HTTP/[0-9.]+ (?P<status>[1-5][0-9][0-9])\)",
    ),
    # [GIN] 2023/10/10 - 13:55:36 | 200 |     1.2ms |       127.0.0.1 | GET      "/x"
    shape(
        "gin",
        b" | ",
        rb"\[GIN\] (?P<time>[0-9/]+ - [0-9:]+) \| *"
        + STATUS
        + rb" *\|[^|]+\| *(?P<client>[^\s|]+) *\| *"
        + METHOD
        + rb' +"(?P<path>(?:[^"\\]|\\.)+)"',
    ),
    # 1286536308.779    180 192.168.0.224 TCP_MISS/200 411 GET http://host/x - DIRECT/10.0.0.5
    shape(
        "squid",
        b"/",
        rb"(?P<time>[0-9]{10}\.[0-9]{3}) +[0-9]+ "
        + CLIENT
        + rb" [A-Z_]+/"
        + STATUS
        + rb" [0-9]+ "
        + METHOD
        + rb" "
        + PATH,
    ),
    # [Tue Oct 10 13:55:36 2023] 127.0.0.1:1234 [200]: GET /x
    shape(
        "php",
        b"]: ",
        rb"\[(?P<time>[^\]]+)\] " + CLIENT + rb" \[" + STATUS + rb"\]: " + METHOD + rb" " + PATH,
    ),
    # [2023-10-10T13:55:36.123Z] "GET /x HTTP/1.1" 404 - 0 12 3 2 "10.0.0.5" "agent" "id" …
    shape(
        "envoy",
        b'] "',
        rb'\[(?P<time>[0-9-]{10}T[0-9:.]{8,18}Z)\] "'
        + REQUEST
        + rb'" '
        + STATUS
        + rb' \S+ (?:\S+ ){0,2}(?:"[^"]*" )?[0-9]+ [0-9]+ [0-9]+ (?:[0-9]+|-) '
        + rb'"(?P<client>[^",]*)[^"]*"',
    ),
    # GET /x 200 1.234 ms - 12, or GET /x 200 12 - 1.234 ms
    shape(
        "morgan",
        b" ms",
        rb"(?P<method>"
        + METHODS
        + rb") "
        + PATH
        + rb" "
        + STATUS
        + rb" (?:[0-9.]+ ms - (?:[0-9]+|-)|(?:[0-9]+|-) - [0-9.]+ ms)",
    ),
)

# What a line of the common log format is called by what stands in it, when it is not plain.
COMMON_SHAPES = (
    ("traefik", re.compile(rb'" [0-9]+ "[^"]*" "[^"]*" [0-9]+ms\s*$')),
    ("nginx ingress", re.compile(rb'" [0-9]+ [0-9.]+ \[[^\]]*\] \[[^\]]*\] ')),
    ("werkzeug", re.compile(rb"\[[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4} ")),
    ("combined", re.compile(rb'HTTP/[0-9.]+" [0-9]{3} \S+ "(?:[^"\\]|\\.)*" "')),
)
COMMON = "common"


def common_name(line: bytes) -> str:
    """Return what a line of the common log format is called more exactly."""
    return next((name for name, pattern in COMMON_SHAPES if pattern.search(line)), COMMON)
