"""A36: the web server is killed in the middle of 200 pushes; what was acknowledged is stored."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from http.client import HTTPException
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from core.tests.helpers_threads import together
from scripts.nodes import Node, environment
from users.constants import DEMO_PASSWORD

VISITS, PHONES = 200, 4
SELLER = "ana@plaza.example"


def call(node, path, token="", body=None):
    """Return the JSON of one request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{node.port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own node
        return json.load(answer)


def stored(node, token):
    """Return the ids of the seller's visits, as a phone that begins anew pulls them."""
    ids, at = [], ""
    while True:
        page = call(node, f"/api/sync/visits?limit=100{at}", token)
        ids += [document["id"] for document in page["documents"]]
        if len(page["documents"]) < 100:
            return ids
        checkpoint = page["checkpoint"]
        at = f"&epoch={checkpoint['epoch']}&seq={checkpoint['seq']}"


def row_of(number):
    """Return one visit as a phone pushes it."""
    return {
        "newDocumentState": {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
            "establishment": "1",
            "captured_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            "clock_offset_ms": 0,
            "location": None,
            "seen": [1, 2],
        }
    }


@pytest.fixture
def node(tmp_path, db):
    """The platform in a process of its own, with the demo data."""
    database = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["DATABASE_URL"])  # noqa: TID251 - handed on to a child process
        database = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DATABASE_URL": database,
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://",
        "VAR_DIR": str(tmp_path),
        "LOG_LEVEL": "WARNING",
        "WEB_WORKERS": "2",
    }
    command = [sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment(**variables), check=True)
    with Node(tmp_path, **variables) as started:
        yield started


@pytest.mark.long
@pytest.mark.timeout(600)  # of these, `prepare --demo` takes most on a machine that is busy
@pytest.mark.django_db(transaction=True)
def test_what_was_acknowledged_before_the_kill_is_stored_and_the_rest_arrives_once(node):
    secret = {"email": SELLER, "password": DEMO_PASSWORD}
    token = call(node, "/api/auth/token", body=secret)["access"]
    before = set(stored(node, token))
    rows = [row_of(number) for number in range(VISITS)]
    acknowledged: list[str] = []
    enough = threading.Event()

    def phone(number):
        for row in rows[number::PHONES]:
            try:
                answer = call(node, "/api/sync/visits", token, [row])
            except (OSError, HTTPException):  # refused, reset, or cut in the middle of the answer
                continue
            acknowledged.append(answer[0]["id"])
            if len(acknowledged) >= VISITS // 3:
                enough.set()

    def killer():
        assert enough.wait(60)
        node.kill()

    results = together(PHONES + 1, lambda number: phone(number) if number < PHONES else killer())
    assert results == [None] * (PHONES + 1)
    assert VISITS // 3 <= len(acknowledged) < VISITS, "the kill came in the middle"
    node.start()
    found = stored(node, token)
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)

    for start in range(0, VISITS, 100):  # the phones send everything again
        call(node, "/api/sync/visits", token, rows[start : start + 100])
    found = stored(node, token)
    assert len(found) == len(before) + VISITS
    assert set(found) == before | {row["newDocumentState"]["id"] for row in rows}
