"""Allies are found however their names are typed, whoever wrote them."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from allies.models import Ally
from allies.tests.factories import AllyFactory
from core.roles import Role

pytestmark = pytest.mark.django_db


def found(client_for, words):
    answer = client_for(Role.SUPPORT).get("/api/allies", {"search": words})
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize("words", ["dunas", "DUÑAS", "l'oreal", "loreal", "L\u2019Oréal dun"])
def test_search_forgives(client_for, words):
    AllyFactory(id="a", name="Las Duñas", brand_owner="L'Oréal")
    AllyFactory(id="b", name="Otra")
    assert found(client_for, words) == ["a"]


def test_what_a_file_says_is_found(client_for, tmp_path):
    path = tmp_path / "allies.jsonl"
    for name in ("Peñón", "Łódź"):
        path.write_text(f'{{"id": "a", "name": "{name}"}}\n')
        call_command("import_allies", str(path))
    assert found(client_for, "lodz") == ["a"]
    assert found(client_for, "penon") == []


def test_the_migration_spells_tags_anew(capsys):
    ally, other = AllyFactory(), AllyFactory(tags=["salud"])
    Ally.objects.filter(pk=ally.pk).update(tags=["fin\u200danzas", "finanzas", "\u3164"])
    migration = import_module("allies.migrations.0003_keys_of_names")
    for said in (f"allies.Ally {ally.pk}: its tags have their one spelling now.\n", ""):
        migration.one_spelling_of_tags(apps, SimpleNamespace(connection=connection))
        assert capsys.readouterr().out == said
    ally.refresh_from_db()
    other.refresh_from_db()
    assert (ally.tags, other.tags) == (["finanzas"], ["salud"])
