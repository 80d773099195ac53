"""Odd logs and odd lines: each is read, or said not to be, and nothing hides what matters."""

import bz2
import gzip
import io
import json
import lzma
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from allies.accesslog import calls, counting
from allies.accesslog.calls import Allies
from allies.accesslog.entry import Structure
from allies.accesslog.lines import LineReader
from allies.accesslog.reading import LogStream
from allies.accesslog.report import Tally, tally_of
from allies.accesslog.summary import SCHEMA, summarise
from allies.accesslog.text import as_text
from allies.accesslog.times import read_time
from allies.tests.corpus import docker
from allies.tests.factories import AllyFactory
from allies.tests.logs import CREDENTIALS, combined, json_line, werkzeug

pytestmark = pytest.mark.django_db
CLF = b' - - [10/Oct/2023:13:55:30 +0000] "GET /x HTTP/1.1" 404 5'
NOON = datetime(2023, 10, 10, 12, tzinfo=UTC)


def read(line):
    return LineReader().read(line)


def report_of(*lines, **options):
    return summarise(tally_of(io.BytesIO(b"\n".join(lines)), **options))


# --- Clients -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "client"),
    [
        (b"uplherc.upl.example", b"uplherc.upl.example"),
        (b"localhost", b"localhost"),
        (b"SHOP.example.", b"shop.example"),
        (b"10.0.0.2:5123", b"10.0.0.2"),
        (b"[2001:DB8::7]:443", b"2001:db8::7"),
        (b"2001:db8:0:0:0:0:0:7", b"2001:db8::7"),
        (b"fe80::1%eth0", b"fe80::1"),
        (b"::ffff:10.0.0.2", b"10.0.0.2"),
        (b"13:55:30 10.0.0.2", b"10.0.0.2"),
        (b"10.0.0.2, 10.0.0.3", b"10.0.0.2"),
        (b"Oct 10 13:55:30 web-1 nginx: 10.0.0.2", b"10.0.0.2"),
        (b"Oct  1 13:55:30 web-1 nginx[7]: shop.example", b"shop.example"),
        (b"www.example.com:443 10.0.0.2", b"10.0.0.2"),
        (b"10.9.9.9:443 10.0.0.2", b"10.0.0.2"),
        (b"www.example.com:443 shop.example", b"shop.example"),
        (b"13:55:30", b"-"),
        (b"1995:00:00:07", b"-"),
        (b"999.1.1.1", b"-"),
        (b"10.0.0", b"-"),
        (b"unix:", b"-"),
        (b"-", b"-"),
        (b"***.example", b"-"),
    ],
)
def test_only_addresses_and_host_names_are_clients(before, client):
    assert read(before + CLF).client == client


def test_the_time_is_no_client_and_the_user_is_none():
    line = b'host.example - 10.0.0.9 [01/Aug/1995:00:00:07 -0400] "GET / HTTP/1.0" 304 0'
    assert read(line).client == b"host.example"
    assert read(b'13:55:30 "GET / HTTP/1.1" 200 5').client == b"-"


# --- Statuses ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("behind", "status"),
    [
        (b" status: 404 len: 289", 404),
        (b" len: 200 status: 404", 404),
        (b" status=404 bytes=200", 404),
        (b" 200 12 status=404", 404),
        (b" 404 200", 404),
        (b" 200 12 upstream_status=502", 200),
        (b' 200 12 "-" "status: 500"', 200),
        (b' 200 12 "-" "status=500 HTTP/1.1"', 200),
    ],
)
def test_a_labelled_status_wins_outside_of_quotes(behind, status):
    line = b'1.2.3.4 - - [10/Oct/2023:13:55:30 +0000] "GET /x HTTP/1.1"' + behind
    assert read(line).status == status


@pytest.mark.parametrize("line", [b" status: 404 status: 500", b" status: 999", b" 000 5", b""])
def test_a_status_with_a_doubt_is_none(line):
    assert read(b'1.2.3.4 - - [t] "GET /x HTTP/1.1"' + line) is None


# --- Not ours, not requests ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "line",
    [
        # Calls that we made have method, path and status too.
        b"13:55:36.123 WARNING  call_failed status=503 method=GET path=/3/movie upstream=tmdb",
        b'2023/10/10 13:55:36 [error] 12#12: *1 client: 10.0.0.2, request: "GET / HTTP/1.1"',
        b'1.2.3.4 - - [10/Oct/2023:13:55:30 +0000] "-" 400 0 "-" "-"',
        b'1.2.3.4 - - [10/Oct/2023:13:55:30 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"',
        b'{"log":"hello\\n","stream":"stdout","time":"2023-10-10T13:55:36Z"}',
        b'{"log":{"log":"x"}}',
        b'{"message":"{\\"message\\":\\"{\\\\\\"message\\\\\\":1}\\"}"}',
        b'"GET /a\\' * 9_000,
        b"web-1  | Traceback (most recent call last):",
        b"2023-10-10T13:55:36Z stdout F 2023-10-10T13:55:36Z stdout F " * 9,
    ],
)
def test_what_is_no_request_of_ours(line):
    assert read(line) is None


@pytest.mark.parametrize("prefix", [b"", b"13:55:36 web.1     | "])
def test_what_else_we_record_is_understood(prefix):
    line = (
        b'{"timestamp":"t","level":"WARNING","logger":"plaza.outbound","message":"call_failed",'
        b'"request_id":null,"actor":"nobody","status":503,"method":"GET","path":"/3/movie"}'
    )
    assert read(prefix + line) == Structure("plaza json")


# --- Times ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1696939200", NOON),
        (b"1696939200000", NOON),
        (b"1696939200000000", NOON),
        (b"1696939200000000000", NOON),
        (b"1696939200.000", NOON),
        (b"2023-10-10T12:00:00,000Z", NOON),
        (b"2023-10-10 12:00:00 +0000", NOON),
        (b"2023-10-10T14:00:00.123456789+02:00", NOON.replace(microsecond=123456)),
        (b"2023/10/10 - 12:00:00", NOON),
        (b"Tue Oct 10 12:00:00 2023", NOON),
        (b"Oct 10 12:00:00", NOON),
        (b"Oct 10 2023 12:00:00", NOON),
        (b"Dec 31 23:59:59", datetime(2022, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"Feb 29 12:00:00", datetime(2020, 2, 29, 12, tzinfo=UTC)),
        (b"12:00:00", None),
        (b"1234", None),
        (b"INFO", None),
        (b"pod/web/x", None),
        (b"9" * 60, None),
        (b"1" * 5000, None),
    ],
)
def test_times_as_logs_write_them(text, expected):
    assert read_time(text, UTC, NOON) == expected


@pytest.mark.parametrize(
    "line",
    [
        b'[pod/web/x] 1.2.3.4 [10/Oct/2023:12:00:00 +0000] "GET / HTTP/1.1" 200 5',
        b'[INFO] [12] [10/Oct/2023:12:00:00 +0000] 1.2.3.4 "GET / HTTP/1.1" 200 5',
        b'[2023-10-10 12:00:00 +0000] [12] [INFO] 1.2.3.4:33 - "GET / HTTP/1.1" 200',
        b'2023-10-10T12:00:00.000Z stdout F 1.2.3.4:33 - "GET / HTTP/1.1" 200 OK',
        b'{"ts":1696939200000,"method":"GET","path":"/","status":200}',
        b'{"time":1696939200.0,"message":"1.2.3.4 - - [x] \\"GET / HTTP/1.1\\" 200 5"}',
        b'1.2.3.4 "GET / HTTP/1.1" 200 5 [10/Oct/2023:12:00:00 +0000]',
    ],
)
def test_the_first_bracket_that_is_a_time(line):
    assert read_time(read(line).time, UTC) == NOON


def test_requests_without_a_time_are_said_to_be_left_out():
    lines = [b'1.2.3.4:33 - "GET / HTTP/1.1" 200 OK'] * 3 + [werkzeug()]
    report = report_of(*lines, since=datetime(2023, 1, 1, tzinfo=UTC))
    assert (report["lines"]["succeeded"], report["lines"]["without_time"]) == (1, 3)
    assert next(iter(as_text(report))).startswith("CAUTION: 3 requests have no time")


# --- Doubts come first ---------------------------------------------------------------------------
def test_a_log_with_many_lines_not_understood_says_so_first():
    noise = [b"\x1b[31mone", b"two", b"three", b"four"]
    report = report_of(*[werkzeug()] * 96, *noise, name="a.log")
    first = next(iter(as_text(report)))
    assert first == (
        "CAUTION: 4 of 100 lines (4.0 %) of a.log are not understood, such as"
        " 97: \\x1b[31mone · 98: two · 99: three"
    )
    calm = report_of(*[werkzeug()] * 99, b"one")
    assert next(iter(as_text(calm))) == "Lines: 100"


@pytest.mark.parametrize("status", [200, 500])
def test_formats_may_change_midway(status):
    lines = [
        b"#Fields: date time c-ip cs-method cs-uri-stem sc-status",
        b"2023-10-10 12:00:00 10.0.0.2 GET /x %d" % status,
        b"#Fields: sc-status cs-uri-stem cs-method c-ip time date",
        b"%d /x GET 10.0.0.2 12:00:00 2023-10-10" % status,
        werkzeug(client="10.0.0.2", path="/x", status=status),
        b"10.0.0.2 GET /x",
    ]
    report = report_of(*lines)
    assert report["by_status"] == [{"status": status, "calls": 3}]
    assert report["lines"]["structure"] == 2
    assert report["lines"]["not_understood"] == 1
    assert [one["format"] for one in report["files"][0]["formats"]] == ["w3c", "werkzeug"]


def test_parts_of_a_line_that_never_go_on_are_not_understood():
    report = report_of(docker("half of", NOON).encode(), b"2023-10-10T12:00:00Z stdout P x")
    assert (report["lines"]["not_understood"], report["lines"]["structure"]) == (2, 0)


def test_lines_without_their_end_in_docker_are_lines():
    line = docker(werkzeug(status=500).decode(), NOON).encode()
    assert report_of(line, line)["lines"]["failed"] == 2


# --- Nobody hides the allies hurt ----------------------------------------------------------------
@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(calls, "MAX_CLIENTS", 5)
    return 20


def test_made_up_ids_hide_no_ally(small):
    AllyFactory(id="real")
    scanner = [
        werkzeug(path=CREDENTIALS.format(f"x{n}"), status=404, client="10.6.6.6")
        for n in range(1000)
    ]
    real = [
        werkzeug(path=CREDENTIALS.format("real"), status=500, client="10.0.0.2") for _ in range(7)
    ]
    ghost = [werkzeug(path=CREDENTIALS.format("ghost"), status=500) for _ in range(5)]
    tally = Tally(allies=Allies(limit=small))
    tally.read(LogStream(io.BytesIO(b"\n".join([*scanner, *real, *scanner, *ghost, *scanner]))))
    found = summarise(tally)["credentials"]
    (row,) = found["allies_hurt"]
    assert (row["id"], row["failed"]) == ("real", 7)
    assert [(one["client"], one["failed"]) for one in row["by_client"]] == [("10.0.0.2", 7)]
    assert found["unknown_ids"][0]["id"] == "ghost"
    assert len(found["unknown_ids"]) <= 2 * small
    assert found["failed_calls"] == 3012
    named = sum(one["failed"] for one in found["unknown_ids"])
    assert named + found["failed_calls_of_ids_not_told_apart"] == 3005


def test_many_clients_hide_neither_the_worst_nor_any_failure(small):
    AllyFactory(id="real")
    path = CREDENTIALS.format("real")
    crowd = [werkzeug(path=path, status=500, client=f"10.1.{n % 9}.{n}") for n in range(200)]
    worst = [werkzeug(path=path, status=500, client="10.0.0.2")] * 9
    report = report_of(*crowd, *worst, *crowd[:50])
    (row,) = report["credentials"]["allies_hurt"]
    assert row["by_client"][0]["client"] == "10.0.0.2"
    assert row["by_client"][0]["failed"] == 9
    named = sum(one["failed"] for one in row["by_client"])
    assert named + row["failed_of_further_clients"] == row["failed"] == 259
    assert len(row["by_client"]) <= 10


def test_counts_keep_what_comes_late_and_often():
    counts = counting.Counts("others", limit=10)
    for number in range(1000):
        counts.calls[f"once-{number}"] = 1
        counts.bound()
    counts.calls["often"] = 50
    counts.failed["often"] = 3
    final = counts.final()
    assert final["often"] == (50, 3)
    assert len(final) == 11
    assert sum(number for number, _failed in final.values()) == 1050


# --- Files ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_packed_files(pack):
    members = pack(werkzeug() + b"\n"), pack(werkzeug(status=500) + b"\n")
    assert tally_of(io.BytesIO(b"".join(members))).lines == 2


@pytest.mark.parametrize(
    ("start", "name"), [(b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"Rar!", "rar")]
)
def test_an_archive_is_said_to_be_one(start, name):
    tally = tally_of(io.BytesIO(start + b"x" * 100))
    assert (tally.lines, tally.problem) == (0, f"this is a {name} archive: unpack it first")


def test_several_files_are_one_report(tmp_path, capsys):
    AllyFactory(id="a")
    path = CREDENTIALS.format("a")
    failed = werkzeug(path=path, status=500, time="10/Oct/2023 10:00:00", client="10.0.0.1")
    later = json_line(path=path, status=200, time="2023-10-10T20:00:00Z", client="10.0.0.2")
    (tmp_path / "new.log").write_bytes(later + b"\nnoise\n")
    (tmp_path / "old.log.1.gz").write_bytes(gzip.compress(failed + b"\n"))
    call_command("analyse_log", str(tmp_path / "new.log"), str(tmp_path / "old.log.1.gz"), "--json")
    text = capsys.readouterr().out
    report = json.loads(text)
    assert list(report)[:2] == ["lines", "schema"]
    assert list(report["lines"])[:4] == ["total", "succeeded", "failed", "not_understood"]
    assert report["schema"] == SCHEMA == 2
    assert report["lines"]["total"] == 3
    assert [(one["file"], one["lines"]) for one in report["files"]] == [
        ("new.log", 2),
        ("old.log.1.gz", 1),
    ]
    assert report["not_understood"]["shown"] == [{"file": "new.log", "line": 2, "text": "noise"}]
    (row,) = report["credentials"]["allies_hurt"]
    assert (row["failed"], row["later_attempt_succeeded"]) == (1, True)


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed, capsys, monkeypatch):
    content = werkzeug(status=500) + b"\n"
    raw = io.BufferedReader(io.BytesIO(gzip.compress(content) if packed else content))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    call_command("analyse_log", "-")
    assert "Lines: 1\n" in capsys.readouterr().out


def test_what_cannot_be_read_is_refused_before_anything_is(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(werkzeug())
    for names, message in (
        ([str(log), str(tmp_path)], "is a directory: name its files"),
        ([str(log), str(tmp_path / "none.log")], "is no file"),
        ([str(log), str(log)], "is named twice"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("analyse_log", *names)
    with pytest.raises(CommandError, match="No such file"):
        call_command("analyse_log", str(log), rejects=tmp_path / "no" / "folder")


def test_a_binary_file_is_counted_and_doubted(tmp_path, capsys):
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 100)
    call_command("analyse_log", str(path))
    assert capsys.readouterr().out.startswith("CAUTION: ")


# --- Languages -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("terminal", "option", "language"),
    [
        ("es_CO.UTF-8", [], "es"),
        ("en_US.UTF-8", [], "en"),
        ("C.UTF-8", [], "en"),
        ("", [], "en"),
        ("tlh_XX@piqad", [], "en"),
        ("en_US.UTF-8", ["--language", "es"], "es"),
        ("es", ["--language", "en"], "en"),
    ],
)
def test_the_report_speaks_the_terminals_language(
    terminal, option, language, settings, tmp_path, *, monkeypatch
):
    settings.TERMINAL_LANGUAGE = terminal
    spoken = []
    monkeypatch.setattr(
        "allies.management.commands.analyse_log.as_text",
        lambda *_args, **_options: spoken.append(translation.get_language()) or [],
    )
    path = tmp_path / "a.log"
    path.write_bytes(combined())
    call_command("analyse_log", str(path), *option)
    assert spoken == [language]
