"""Requests whose end is a matter of opinion: nginx and gunicorn are of one."""

import json
import re

import pytest

from tests.helpers_framing import probes
from tests.helpers_nginx import needs_nginx

pytestmark = needs_nginx
PROBES = list(probes())


def split(stream):
    """The status lines of the answers in a byte stream, each framed by its own length."""
    statuses = []
    while stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        found = re.match(rb"HTTP/1\.1 (\d{3})", head)
        if found is None:  # HTTP/0.9: a body without a head
            statuses.append("raw")
            break
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if found[1] == b"100":
            stream = rest
            continue
        statuses.append(found[1].decode())
        if length is None:
            break
        stream = rest[int(length[1]) :]
    return statuses


def test_there_are_enough_probes():
    assert len(PROBES) >= 80
    assert len({data for _, data in PROBES}) == len(PROBES)


def test_the_detector_sees_a_second_request(fresh):
    one = b"GET /smuggled HTTP/1.1\r\nHost: plaza\r\n"
    last = one + b"Connection: close\r\n"
    assert split(fresh.send(one + b"\r\n" + last + b"\r\n")) == ["200", "200"]
    assert [seen["path"] for seen in fresh.seen()] == ["/smuggled", "/smuggled"]


@pytest.mark.parametrize("data", [data for _, data in PROBES], ids=[name for name, _ in PROBES])
def test_a_probe_gets_one_answer_and_smuggles_nothing(fresh, data):
    statuses = split(fresh.send(data))
    assert len(statuses) <= 1
    assert not {
        status for status in statuses if status.startswith("50") and status not in ("501", "505")
    }
    paths = [seen["path"] for seen in fresh.seen()]
    assert "/smuggled" not in paths
    assert len(paths) <= 1
    # The connection between nginx and the node is not left in the middle of something.
    after = fresh.ask(path="/after", headers={"X-Request-ID": "after-the-probe"})
    seen = json.loads(after.data)
    assert (after.status, seen["path"], seen["method"]) == (200, "/after", "GET")
    assert seen["headers"]["HTTP_X_REQUEST_ID"] == "after-the-probe"
