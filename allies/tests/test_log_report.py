"""The report of a log: every line in one bucket, and who was affected."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from allies.accesslog.counting import MAX_DISTINCT, OTHERS
from allies.accesslog.report import tally_of
from allies.accesslog.summary import summarise
from allies.accesslog.text import as_text
from allies.tests.factories import AllyFactory, with_credentials
from allies.tests.logs import CREDENTIALS, json_line, random_log, werkzeug

pytestmark = pytest.mark.django_db


def tally(lines, **options):
    return tally_of(io.BytesIO(b"\n".join(lines)), **options)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("packed", [False, True])
def test_buckets_add_up_to_the_lines(seed, packed):
    lines, expected = random_log(seed, 400, ["a", "b", "c"])
    content = b"\n".join(lines) + b"\n"
    counts = tally_of(io.BytesIO(gzip.compress(content) if packed else content))
    assert counts.lines == len(lines) == 400
    assert counts.succeeded == expected["succeeded"]
    assert counts.failed == expected["failed"]
    assert counts.not_understood == expected["not_understood"]
    understood = counts.succeeded + counts.failed
    assert sum(counts.by_status.values()) == understood
    for named in (counts.routes.final(), counts.clients.final()):
        assert sum(calls for calls, _failed in named.values()) == understood
        assert sum(failed for _calls, failed in named.values()) == counts.failed
    assert len(counts.shown) == counts.not_understood


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_have_their_bucket_too(seed):
    import random

    content = random.Random(seed).randbytes(200_000)
    counts = tally_of(io.BytesIO(b"x" + content))
    assert counts.lines == len((b"x" + content).split(b"\n"))
    assert counts.lines == counts.succeeded + counts.failed + counts.not_understood


def test_lines_without_an_end_and_empty_files():
    assert tally([]).lines == 0
    assert tally([b"x"]).lines == 1
    assert tally([b"x", b""]).lines == 1
    assert tally([b"x", b"", b""]).lines == 2


def test_a_line_of_many_megabytes_is_one_line():
    counts = tally([werkzeug(), b"a" * 3_000_000, werkzeug(status=500)])
    assert (counts.lines, counts.succeeded, counts.failed, counts.not_understood) == (3, 1, 1, 1)


def test_damaged_gzip_is_counted_as_far_as_it_goes_and_said():
    content = b"\n".join([werkzeug()] * 50_000)
    packed = gzip.compress(content)
    counts = tally_of(io.BytesIO(packed[: len(packed) // 2]))
    assert 0 < counts.lines < 50_000
    assert counts.problem.startswith("the file is damaged")
    assert "INCOMPLETE" in "\n".join(as_text(summarise(counts)))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_byte_order_mark_is_heeded(encoding, packed):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    lines = [json_line(status=500), werkzeug(path="/á"), werkzeug(status=404)]
    content = (mark + b"\r\n".join(lines).decode()).encode(encoding)
    counts = tally_of(io.BytesIO(gzip.compress(content) if packed else content))
    assert (counts.lines, counts.succeeded, counts.failed, counts.not_understood) == (3, 1, 2, 0)
    assert (b"POST", "/á") in counts.routes.calls


@pytest.mark.parametrize("damage", [lambda file: file[:-8], lambda file: file + b"garbage"])
def test_what_a_damaged_gzip_still_gives_is_counted(damage):
    packed = gzip.compress(b"\n".join([werkzeug(status=500)] * 4))
    counts = tally_of(io.BytesIO(damage(packed)))
    assert (counts.lines, counts.failed) == (4, 4)
    assert counts.problem.startswith("the file is damaged")


class Endless(io.RawIOBase):
    """A log of ``size`` bytes that is nowhere in memory."""

    def __init__(self, size):
        self.left, self.at = size, 0
        lines = [
            werkzeug(
                client=f"10.0.{n % 7}.{n % 251}",
                path=f"{CREDENTIALS.format(n % 300)}?{'x' * 400}",
                status=500,
            )
            for n in range(1000)
        ]
        self.page = b"\n".join(lines) + b"\n"

    def seek(self, *_args):
        return 0

    def tell(self):
        return self.at

    def read(self, size=-1):
        part = self.page[: min(self.left, len(self.page))] if size > 6 else self.page[:6]
        if size > 6:
            self.left -= len(part)
            self.at += len(part)
        return part


def test_memory_does_not_grow_with_the_file():
    import tracemalloc

    def peak(size):
        tracemalloc.start()
        counts = tally_of(Endless(size))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert counts.failed >= counts.lines - 1 > size // 600  # the last may be cut
        return top

    peak(400_000)  # fills the caches
    small, big = peak(400_000), peak(1_200_000)
    assert big < small + 400_000
    assert big < 8_000_000


def test_window():
    hours = [werkzeug(time=f"10/Oct/2023:{hour:02}:00:00 +0000") for hour in range(10)]
    lines = [*hours, werkzeug(time="nonsense-time")]
    from datetime import UTC, datetime

    counts = tally(
        lines,
        since=datetime(2023, 10, 10, 2, tzinfo=UTC),
        until=datetime(2023, 10, 10, 5, tzinfo=UTC),
    )
    assert (counts.lines, counts.succeeded, counts.outside) == (11, 3, 7)
    assert (counts.without_time, counts.not_understood) == (1, 0)


def test_allies_affected_recovered_and_unknown():
    recovered = with_credentials(AllyFactory(id="recovered", name="Recovered"))
    AllyFactory(id="affected", name="Affected")
    AllyFactory(id="fine", name="Fine")

    def call(ally, status, minute, method="POST", prefix=""):
        path = prefix + CREDENTIALS.format(ally)
        return werkzeug(
            path=path, status=status, method=method, time=f"10/Oct/2023:10:{minute:02}:00 +0000"
        )

    lines = [
        call(recovered.pk, 500, 1),
        call(recovered.pk, 400, 2, prefix="/api"),
        call(recovered.pk, 200, 3),
        call("affected", 200, 4),
        call("affected", 500, 5),
        call("affected", 200, 6, method="GET"),
        call("fine", 200, 7),
        call("ghost", 500, 8),
        # The log was merged: an earlier success stands behind a later failure.
        call("affected", 200, 2),
    ]
    report = summarise(tally(lines))
    assert report["credentials"]["failed_calls"] == 4
    assert [
        (
            row["id"],
            row["name"],
            row["attempts"],
            row["failed"],
            row["later_attempt_succeeded"],
            row["credentials_set"],
        )
        for row in report["credentials"]["allies_hurt"]
    ] == [
        ("recovered", "Recovered", 3, 2, True, True),
        ("affected", "Affected", 3, 1, False, False),
    ]
    first = report["credentials"]["allies_hurt"][0]
    assert first["first_failure"] == "2023-10-10T10:01:00+00:00"
    assert first["last_failure"] == "2023-10-10T10:02:00+00:00"
    assert [row["id"] for row in report["credentials"]["unknown_ids"]] == ["ghost"]
    assert {
        "method": "POST",
        "route": "/allies/{id}/credentials",
        "calls": 7,
        "failed": 3,
    } in report["by_route"]
    text = "\n".join(as_text(report))
    assert "affected Affected" in text
    assert "credentials now: NOT SET" in text


def test_failed_checks_recover_by_a_later_check():
    AllyFactory(id="a")
    path = CREDENTIALS.format("a")
    lines = [
        json_line(method="GET", path=path, status=400, time="2023-10-10T10:00:00Z"),
        json_line(method="GET", path=path, status=200, time="2023-10-10T10:00:01Z"),
    ]
    (row,) = summarise(tally(lines))["credentials"]["allies_hurt"]
    assert (row["failed"], row["later_attempt_succeeded"]) == (1, True)
    assert row["by_method"][0]["method"] == "GET"


def test_names_come_in_a_bounded_number_of_queries(django_assert_num_queries):
    def lines(count):
        return [werkzeug(path=CREDENTIALS.format(f"a{n}"), status=500) for n in range(count)]

    for number in range(50):
        AllyFactory(id=f"a{number}")
    for count in (1, 10, 50):
        with django_assert_num_queries(1):
            report = summarise(tally(lines(count)))
        assert len(report["credentials"]["allies_hurt"]) == count


def test_too_many_to_count_by_name_still_add_up():
    lines = [
        werkzeug(client=f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", path=CREDENTIALS.format(n))
        for n in range(MAX_DISTINCT + 50)
    ]
    counts = tally(lines)
    clients = counts.clients.final()
    assert len(clients) == MAX_DISTINCT + 1
    assert clients[OTHERS.encode()] == (50, 0)
    assert sum(calls for calls, _failed in clients.values()) == counts.lines == MAX_DISTINCT + 50


def test_command_text_json_and_rejects(tmp_path, capsys):
    AllyFactory(id="a", name="Young-Wolf")
    path = tmp_path / "server.log"
    lines = [werkzeug(path=CREDENTIALS.format("a"), status=500), b"\xff noise", werkzeug()]
    path.write_bytes(b"\n".join(lines) + b"\n")
    rejects = tmp_path / "rejects"
    call_command("analyse_log", str(path), rejects=rejects)
    out = capsys.readouterr().out
    assert "Lines: 3" in out
    assert "  a Young-Wolf" in out
    assert "  2: \\xff noise" in out
    assert rejects.read_bytes() == b"\xff noise\n"
    call_command("analyse_log", str(path), "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["lines"] == {
        "total": 3,
        "succeeded": 1,
        "failed": 1,
        "not_understood": 1,
        "outside_window": 0,
        "without_time": 0,
        "structure": 0,
    }
    call_command("analyse_log", str(path), "--json", "--since", "2023-10-11")
    assert json.loads(capsys.readouterr().out)["lines"]["outside_window"] == 2


BAD_TIMES = ["soon", "2023-10", "2023-10-32", "0001-01-01", "2023-10-10T25:00", "\uff12023-10-10"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["/nowhere"],
        *([__file__, option, text] for option in ("--since", "--until") for text in BAD_TIMES),
    ],
)
def test_command_refuses(arguments):
    with pytest.raises(CommandError):
        call_command("analyse_log", *arguments)


def test_command_says_when_a_file_is_damaged(tmp_path, capsys):
    path = tmp_path / "server.log.gz"
    path.write_bytes(gzip.compress(werkzeug() * 1000)[:-20])
    with pytest.raises(CommandError, match="incomplete"):
        call_command("analyse_log", str(path))
