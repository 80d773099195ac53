"""Allies are found however their names are typed, whoever wrote them."""

import pytest
from django.core.management import call_command

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
