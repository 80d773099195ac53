"""Secrets stay secret: a canary is searched wherever a secret could have gone."""

import base64
import io
import json
import logging

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from allies import services
from allies.models import AllyCredential
from allies.tests.factories import AllyFactory
from core.ops.logging import JSONFormatter
from core.roles import Role
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

USER, PASSWORD = "canaryUser7Zq", "canaryPass9Xw}:"
WORDS = (b"canaryUser7Zq", b"canaryPass9Xw")


def spellings(word):
    """The ways in which a word may lie about: as it is, hex, base64 in each alignment."""
    yield word
    yield word.hex().encode()
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + word + b"x" * ((-shift - len(word)) % 3))[4:-4]


def sightings(content, words=WORDS):
    return [
        spelling
        for word in words
        for spelling in spellings(word)
        if spelling.lower() in content.lower()
    ]


def database_dump():
    """Every row of every table, as Django dumps it and as the database holds it."""
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    parts = [out.getvalue().encode()]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables' names
            for row in cursor.fetchall():
                parts += [
                    bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                    for cell in row
                ]
    return b"\n".join(parts)


@pytest.fixture
def log_lines(logged):
    """What every logger says at DEBUG, as production would write it and as anybody else would."""
    formatters = JSONFormatter(), logging.Formatter()

    def written():
        return "\n".join(
            formatter.format(record) for record in logged for formatter in formatters
        ).encode()

    return written


def test_the_canary_is_nowhere(  # noqa: PLR0915, PLR0917 - one life of a secret, from end to end
    client_for, log_lines, monkeypatch, settings, tmp_path, capsys
):
    ally = AllyFactory(id="canary", name="Canary")
    support, seen = client_for(Role.SUPPORT), []

    def call(client, method, *args, **kwargs):
        response = getattr(client, method)(*args, **kwargs)
        headers = "\n".join(f"{name}: {value}" for name, value in response.items())
        content = b"".join(response) if response.streaming else response.content
        seen.append(headers.encode() + b"\n" + content)
        return response

    path, body = "/allies/canary/credentials", {"user": USER, "password": PASSWORD}
    # What goes well.
    assert call(support, "post", path, body).status_code == 200
    for _ in range(2):
        keyed = call(support, "post", path, body, HTTP_IDEMPOTENCY_KEY="key-1")
        assert keyed.status_code == 200
    call(support, "get", path)
    call(support, "get", "/api/allies/canary")
    call(support, "get", "/api/allies?search=canary")
    # What does not.
    wrong = [
        {"user": USER, "password": 1},
        {"user": USER, "username": PASSWORD, "password": PASSWORD},
        {"user": USER * 50, "password": PASSWORD},
        {"name": USER, "tags": [PASSWORD, 1], "id": "a/" + USER},
    ]
    for one in wrong:
        assert call(support, "post", path, one).status_code == 400
    truncated = orjson.dumps(body)[:-1]
    for content_type in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        call(support, "post", path, data=truncated, content_type=content_type)
    assert call(support, "post", "/allies/nobody/credentials", body).status_code == 400
    call(support, "post", path, {**body, "password": "x"}, HTTP_IDEMPOTENCY_KEY="key-1")

    def broken(*args, **kwargs):
        raise RuntimeError("defect of ours")

    with monkeypatch.context() as patch:
        patch.setattr("allies.credentials.crypto.seal_credentials", broken)
        assert call(support, "post", path, body).status_code == 500
    with monkeypatch.context() as patch:
        patch.setattr("allies.services.journal.record", broken)
        assert call(support, "post", path, body).status_code == 500
    # People in the admin.
    admin = Client(raise_request_exception=False)
    admin.force_login(UserFactory(role=Role.ADMIN))
    page = "/admin/allies/ally/canary/credentials/"
    assert call(admin, "post", page, {**body, "reason": ""}).status_code == 200
    assert call(admin, "post", page, {**body, "reason": "new"}).status_code == 302
    with monkeypatch.context() as patch:
        patch.setattr("allies.credentials.crypto.seal_credentials", broken)
        assert call(admin, "post", page, {**body, "reason": "new"}).status_code == 500
    credential = AllyCredential.objects.first()
    for where in (
        "ally/",
        "ally/canary/change/",
        "ally/canary/history/",
        page.removeprefix("/admin/allies/"),
        "allycredential/",
        f"allycredential/{credential.pk}/change/",
        f"allycredential/{credential.pk}/history/",
    ):
        assert call(admin, "get", f"/admin/allies/{where}").status_code == 200
    call(
        admin,
        "post",
        "/admin/allies/allycredential/",
        {"action": "export_csv", "_selected_action": [credential.pk]},
    )
    call(admin, "get", "/admin/core/journalentry/?q=canary")
    # Use, import, rotation, and a ring that does not fit.
    assert services.open_credentials(ally_id="canary", purpose="test").password == PASSWORD
    source = tmp_path / "allies.jsonl"
    source.write_text(json.dumps({"id": "canary", "data": {"name": "C", "credentials": body}}))
    call_command("import_allies", str(source), report=tmp_path / "report", verbosity=2)
    settings.CREDENTIALS_KEYS = ["new:" + "A" * 43 + "=", *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials")
    settings.CREDENTIALS_KEYS = ["other:" + "A" * 43 + "="]
    with pytest.raises(CommandError):
        call_command("rotate_credentials")
    captured = capsys.readouterr()

    assert AllyCredential.objects.filter(ally=ally).count() == 3
    places = {
        "database": database_dump(),
        "logs": log_lines(),
        "answers": b"\n".join(seen),
        "output": (captured.out + captured.err).encode(),
        "report": (tmp_path / "report").read_bytes(),
    }
    assert len(seen) > 25
    assert b"/allies/canary/credentials" in places["logs"]
    assert {name: sightings(content) for name, content in places.items()} == {
        name: [] for name in places
    }


def test_the_search_finds_what_is_there():
    """The control: had a secret leaked, in whichever spelling, the search would say so."""
    for content in (
        USER.encode(),
        PASSWORD.encode().hex().encode(),
        base64.b64encode(USER.encode()),
    ):
        assert sightings(b"..." + content + b"...")
    AllyFactory(id="leak", name=USER)
    assert sightings(database_dump())
