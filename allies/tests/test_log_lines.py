"""A line is understood when method, path and status can be read beyond doubt."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.conf import settings

from allies.accesslog.entry import MAX_LINE_BYTES, Entry
from allies.accesslog.lines import LineReader
from allies.accesslog.routes import route_of
from allies.accesslog.times import read_time
from allies.tests.logs import BENDS, BENT_TIMES, NOISE, TIMES, combined, json_line, werkzeug

PATH = "/allies/1f585fc9-4926-468c-a728-eb34d80e9ea1/credentials"
BOGOTA = timezone(timedelta(hours=-5))


def read_line(line):
    return LineReader().read(line)


def read_bent(line):
    return LineReader().read_bent(line)


def essence(entry):
    return (entry.method, entry.path, entry.status, entry.client)


@pytest.mark.parametrize("bend", range(len(BENDS)))
@pytest.mark.parametrize("time", TIMES + BENT_TIMES)
@pytest.mark.parametrize("write", [werkzeug, combined])
def test_bent_lines_are_understood(bend, time, write):
    line = BENDS[bend](write(path=PATH, status=500, client="10.1.2.3", time=time))
    assert essence(read_line(line)) == (b"POST", PATH.encode(), 500, b"10.1.2.3")
    assert read_time(read_line(line).time, BOGOTA) is not None


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("write", [werkzeug, combined])
def test_the_fast_path_reads_what_the_tolerant_one_reads(write, time):
    line = write(path=PATH, status=404, time=time)
    assert read_line(line) == read_bent(line)
    assert read_line(line).time == time.encode()


@pytest.mark.parametrize("line", NOISE)
def test_lines_with_a_doubt_are_not_understood(line):
    assert read_line(line) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'1.2.3.4 - bob [10/Oct/2023:13:55:36 +0000] "GET /a%20b?x=1 HTTP/2.0" 304 0 "-" "x"',
            (b"GET", b"/a%20b?x=1", 304, b"1.2.3.4"),
        ),
        (b'::1 - - [10/Oct/2023 13:55:36] "GET / HTTP/1.1" 200 -', (b"GET", b"/", 200, b"::1")),
        (
            b'[2001:db8::7] - - [10/Oct/2023 13:55:36] "GET / HTTP/1.1" 200 -',
            (b"GET", b"/", 200, b"2001:db8::7"),
        ),
        (b'shop.example - - [t] "GET / HTTP/1.1" 200 -', (b"GET", b"/", 200, b"shop.example")),
        (b'1.2.3.4 - - [t] "GET /a b HTTP/1.1" 400 -', (b"GET", b"/a b", 400, b"1.2.3.4")),
        (b'1.2.3.4 - - [t] "GET /" 200 -', (b"GET", b"/", 200, b"1.2.3.4")),
        (b'1.2.3.4 - - [t] "GET /a HTTP/1.1" - 500 -', (b"GET", b"/a", 500, b"1.2.3.4")),
        (b'1.2.3.4 - - [t] "GET /a HTTP/1.1" 0.002 500 12', (b"GET", b"/a", 500, b"1.2.3.4")),
        (b'1.2.3.4 - - [t] "GET /a HTTP/1.1" 520 -', (b"GET", b"/a", 520, b"1.2.3.4")),
        (b'1.2.3.4 - - [t] "GET /a HTTP/1.1" 555 -', (b"GET", b"/a", 555, b"1.2.3.4")),
        (b"1.2.3.4 - - [t] GET /a HTTP/1.1 500 -", (b"GET", b"/a", 500, b"1.2.3.4")),
        (b'"POST /a HTTP/1.1" 500 -', (b"POST", b"/a", 500, b"-")),
        (
            b'1.2.3.4 - - [t] "GET /\xe1\xff HTTP/1.1" 404 - "-" "\xf1and\xfa"',
            (b"GET", b"/\xe1\xff", 404, b"1.2.3.4"),
        ),
        (
            # An agent that quotes a request does not change what the request was.
            b'1.2.3.4 - - [t] "GET /a HTTP/1.1" 200 5 "-" "got HTTP/1.1 elsewhere"',
            (b"GET", b"/a", 200, b"1.2.3.4"),
        ),
        (
            b'{"remote_addr":"1.2.3.4","request_method":"GET","uri":"/a","status":"502"}',
            (b"GET", b"/a", 502, b"1.2.3.4"),
        ),
        (b'{"request":"GET /a HTTP/1.1","status":200}', (b"GET", b"/a", 200, b"-")),
        (
            b'{"method":"GET","path":"/a","status":200,"agent":"S\xe3o"}',
            (b"GET", b"/a", 200, b"-"),
        ),
    ],
)
def test_shapes(line, expected):
    assert essence(read_line(line)) == expected


def test_a_line_beyond_the_limit_is_not_understood_however_it_starts():
    line = combined(b"a" * MAX_LINE_BYTES, path=PATH)
    assert read_line(line) is None
    assert read_line(combined(b"a" * (MAX_LINE_BYTES - 300), path=PATH)) is not None


def test_json_lines():
    entry = read_line(json_line(path=PATH, status=500))
    assert entry == Entry(
        b"POST", PATH.encode(), 500, b"127.0.0.1", b"2023-10-10T13:55:36Z", "json"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"10/Oct/2023 13:55:36", datetime(2023, 10, 10, 13, 55, 36, tzinfo=BOGOTA)),
        (b"10/Oct/2023:13:55:36 +0000", datetime(2023, 10, 10, 13, 55, 36, tzinfo=UTC)),
        (b" 1 0/Oct /2023 13: 55:36", datetime(2023, 10, 10, 13, 55, 36, tzinfo=BOGOTA)),
        (b"2023-10-10T13:55:36.250Z", datetime(2023, 10, 10, 13, 55, 36, 250000, tzinfo=UTC)),
        (b"2023-10-10 13:55:36,250", datetime(2023, 10, 10, 13, 55, 36, 250000, tzinfo=BOGOTA)),
        (b"1696946136.5", datetime(2023, 10, 10, 13, 55, 36, 500000, tzinfo=UTC)),
        (b"31/Feb/2023 13:55:36", None),
        (b"10/Xyz/2023 13:55:36", None),
        (b"yesterday", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_times(text, expected):
    assert read_time(text, BOGOTA) == expected


@pytest.mark.parametrize(
    ("path", "route", "ally"),
    [
        (b"/allies/abc/credentials", "/allies/{id}/credentials", "abc"),
        (b"/api/allies/abc/credentials/?x=1", "/api/allies/{id}/credentials", "abc"),
        (b"/allies/a%2Fb/credentials", "/allies/{id}/credentials", "a/b"),
        (b"/allies/../etc/credentials", "/allies/{id}/credentials", "../etc"),
        (b"http://h:1/allies/abc/credentials", "/allies/{id}/credentials", "abc"),
        (b"/allies/abc", "/allies/abc", None),
        (b"/dogs/17/", "/dogs/{id}", None),
        (b"/x/1f585fc9-4926-468c-a728-eb34d80e9ea1", "/x/{id}", None),
        (b"/t/abcdefabcdef0123456789abcdef", "/t/{id}", None),
        (b"/", "/", None),
        (b"*", "*", None),
        (b"/\xff\x1b[2J", "/\\xff\\x1b[2J", None),
    ],
)
def test_routes(path, route, ally):
    assert route_of(path) == (route, ally)


def test_the_lines_of_our_own_nginx_are_understood():
    template = (Path(settings.BASE_DIR) / "nginx" / "nginx.conf.template").read_text()
    parts = re.search(r"log_format json escape=json\s+((?:'[^']*'\s*)+);", template)[1]
    values = {
        "$time_iso8601": "2023-10-10T13:55:36+00:00",
        "$remote_addr": "10.1.2.3",
        "$plaza_method": "POST",
        "$plaza_raw_path": PATH,
        "$status": "502",
        "$http_user_agent": r"x\" \"status\":200,\"method\":\"GET",
    }
    line = "".join(re.findall(r"'([^']*)'", parts))
    for name in sorted(values, key=len, reverse=True):
        line = line.replace(f'{name}"', f'{values[name]}"').replace(f"{name},", f"{values[name]},")
    line = re.sub(r"\$\w+", "0", line)
    entry = read_line(line.encode())
    assert essence(entry) == (b"POST", PATH.encode(), 502, b"10.1.2.3")
    assert read_time(entry.time, BOGOTA) == datetime(2023, 10, 10, 13, 55, 36, tzinfo=UTC)
