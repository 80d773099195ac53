"""Allies from a file on a page of the admin: preview, then exactly that."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from allies.models import Ally
from allies.tests.factories import AllyFactory
from core.models import JournalEntry
from core.roles import Role
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/allies/ally/import/"


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    return client


def upload(client, *rows):
    text = "\n".join(json.dumps(row) for row in rows)
    return client.post(PAGE, {"file": SimpleUploadedFile("allies.jsonl", text.encode())})


def confirm(client, preview, **values):
    fields = {name: preview.context[name] for name in ("token", "choices", "previewed")}
    return client.post(PAGE, {**fields, "reason": "ticket 9", "confirm": "1", **values})


def test_what_was_previewed_is_imported_and_nothing_else_of_an_ally_changes(support):
    stored = AllyFactory(id="a1", name="Old", tags=["kept"])
    before = AllyFactory(id="a3")
    rows = [{"id": "a1", "data": {"name": "New"}}, {"id": "a2", "data": {"name": "Two"}}]
    preview = upload(support, *rows)
    assert preview.context["outcome"].lines == ["Allies: created 1, updated 1, unchanged 0"]
    assert Ally.objects.count() == 2
    done = confirm(support, preview)
    assert (done.status_code, done["Location"]) == (302, "/admin/allies/ally/")
    stored.refresh_from_db()
    assert (stored.name, stored.tags) == ("New", ["kept"])
    assert Ally.objects.get(pk="a2").name == "Two"
    assert before.updated_at == Ally.objects.get(pk="a3").updated_at
    line = JournalEntry.objects.get(reason="ticket 9")
    assert (line.model, line.count) == ("allies.Ally", 2)
    assert "What it did, row by row" in support.get(done["Location"]).content.decode()


def test_bad_rows_are_told_in_the_readers_language_and_nothing_is_written(support):
    support.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    good = {"id": "a1", "data": {"name": "One"}}
    preview = upload(support, good, good, {"id": "a2", "data": {"maxAmount": 1, "minAmount": 2}})
    text = preview.content.decode()
    assert "Hay filas con errores. No se puede importar nada." in text
    assert [one.row for one in preview.context["problems"]] == [2, 3]
    assert "La fila 1 tiene lo mismo." in text
    assert confirm(support, preview).status_code == 200
    assert Ally.objects.count() == 0


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SELLER, Role.CLINICIAN])
def test_nobody_else_imports(client, role):
    client.force_login(UserFactory(role=role))
    assert upload(client, {"id": "a1", "data": {"name": "One"}}).status_code in {302, 403}
    assert Ally.objects.count() == 0
