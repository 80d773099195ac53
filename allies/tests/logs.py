"""Synthetic server logs: whole lines, and the ways in which real ones bend."""

import random

import orjson

CREDENTIALS = "/allies/{}/credentials"
TIMES = ("10/Oct/2023 13:55:36", "10/Oct/2023:13:55:36 +0000", "10/Oct/2023:13:55:36 -0500")
BENT_TIMES = ("10/Oct/2023  13:55:36", "10 /Oct/2023 13:55: 36", " 10/Oct/2023 13 :55:36 ")
AGENTS = (b"curl/7.88.1", b"Mozilla/5.0 (X11; Linux x86_64)", b"S\xe3o/1.0", b"-", b"")


def werkzeug(*, client="127.0.0.1", time=TIMES[0], method="POST", path="/", status=200, size="-"):
    return f'{client} - - [{time}] "{method} {path} HTTP/1.1" {status} {size}'.encode()


def combined(agent=AGENTS[0], **fields):
    return werkzeug(**{"time": TIMES[1], "size": 123, **fields}) + b' "-" "' + agent + b'"'


def json_line(
    *, method="POST", path="/", status=200, client="127.0.0.1", time="2023-10-10T13:55:36Z"
):
    return orjson.dumps(
        {"time": time, "client": client, "method": method, "path": path, "status": status}
    )


BENDS = (
    lambda line: line,
    lambda line: line.replace(b"] ", b"]  ", 1),
    lambda line: line.replace(b" - - [", b" - - - [", 1),
    lambda line: line.replace(b" - - [", b" - [", 1),
    lambda line: line.replace(b" - - [", b" [", 1),
    lambda line: line.replace(b'" ', b'"   ', 1),
    lambda line: line.replace(b' HTTP/1.1"', b' HTTP/1.1 "', 1),
    lambda line: line + b"\r",
    lambda line: line + b' "10.1.2.3, 10.2.3.4" rt=0.002',
    lambda line: b"web-1  | " + line,
    lambda line: b"  " + line,
    lambda line: line.replace(b'"POST', b'"\x1b[35m\x1b[1mPOST', 1).replace(
        b'1.1"', b'1.1\x1b[0m"'
    ),
    lambda line: line.replace(b"10/Oct/2023 ", b"10/Oct/2023   ", 1),
    lambda line: line.replace(b"13:55:36", b"13:55: 36", 1),
)
# No method, no path or no status that is beyond doubt.
NOISE = (
    b"",
    b"   ",
    b" * Running on http://127.0.0.1:4000/ (Press CTRL+C to quit)",
    b"Traceback (most recent call last):",
    b'  File "/app/views.py", line 12, in post',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" - -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1"',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" 5000 -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" 099 -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" 312 500 -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" 555',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "post /allies/a/credentials HTTP/1.1" 500 -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "/allies/a/credentials HTTP/1.1" 500 -',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "-" 400 -',
    b'1.2.3.4 - - [x] "GET /a HTTP/1.1" 200 5" HTTP/1.1" 500 "POST /b HTTP/1.1" 404 -',
    b'1.2.3.4 - - [x] "GET /a HTTP/1.1" 200 5\r1.2.3.4 - - [x] "GET /a HTTP/1.1" 200 5',
    b'127.0.0.1 - - [10/Oct/2023 13:55:36] "POST /allies/a/credentials HTTP/1.1" -500 -',
    b'{"method": "POST", "path": "/a"}',
    b'{"method": "POST", "path": "/a", "status": -200}',
    b'{"method": "POST", "path": "/a", "status": true}',
    b'{"method": "POST", "path": "/a", "status": 200, "status": 500}',
    b'{"message": "swept", "rows": 3}',
    b'{"method": "POST", "path": "/a", "status": 200',
    b"[1, 2]",
    b"\x00\xff\xfe\x01",
)


def random_log(seed, lines, ids):
    """Return a log, and how many of its lines are of which kind, by who wrote them."""
    chance = random.Random(seed)
    written, counts = [], {"succeeded": 0, "failed": 0, "not_understood": 0}
    for _ in range(lines):
        if chance.random() < 0.15:
            written.append(chance.choice(NOISE))
            counts["not_understood"] += 1
            continue
        status = chance.choice((200, 201, 204, 301, 400, 404, 422, 499, 500, 503))
        fields = {
            "client": f"10.0.0.{chance.randrange(1, 20)}",
            "method": chance.choice(("GET", "POST", "PUT")),
            "path": chance.choice((CREDENTIALS.format(chance.choice(ids)), "/health", "/dogs/7")),
            "status": status,
        }
        kind = chance.randrange(3)
        if kind == 2:
            written.append(json_line(**fields))
        else:
            fields["time"] = chance.choice(TIMES + BENT_TIMES)
            line = werkzeug(**fields) if kind else combined(chance.choice(AGENTS), **fields)
            written.append(chance.choice(BENDS)(line))
        counts["failed" if status >= 400 else "succeeded"] += 1
    return written, counts


def example_log():
    """Return docs/runbooks/example.log: a made-up day of failing calls."""
    wolf, bear = "0d4f7a40-651d-44fb-8744-04d9b31ef844", "27e531b9-c060-4186-888d-c6e9588d258c"
    puma, ghost = "cc702520-917d-4ec7-8fe6-3e2c818aeb8b", "00000000-0000-4000-8000-000000000000"
    calls = (
        (0, "GET", "/health", 200, 0),
        (1, "POST", CREDENTIALS.format(puma), 500, 0),
        (2, "POST", CREDENTIALS.format(wolf), 500, 1),
        (3, "POST", CREDENTIALS.format(bear), 500, 2),
        (4, "GET", CREDENTIALS.format(puma), 400, 5),
        (5, "POST", CREDENTIALS.format(puma), 200, 0),
        (6, "POST", CREDENTIALS.format(ghost), 400, 8),
        (7, "POST", CREDENTIALS.format(bear), 500, 12),
        (8, "GET", CREDENTIALS.format(puma), 200, 0),
        (9, "GET", "/favicon.ico", 404, 4),
    )
    lines = [b" * Running on http://127.0.0.1:4000/ (Press CTRL+C to quit)"]
    for minute, method, path, status, bend in calls:
        time = f"10/Oct/2023 13:{minute:02}:36"
        client = f"10.0.0.{2 + minute % 3}"
        line = werkzeug(client=client, time=time, method=method, path=path, status=status)
        lines.append(BENDS[bend](line))
    lines.append(b'10.0.0.2 - - [10/Oct/2023 13:10:36] "POST ' + CREDENTIALS.format(bear).encode())
    return b"\n".join(lines) + b"\n"
