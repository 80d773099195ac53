"""Tables of the former release become this one's, whatever SQL stored in them."""

import json

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from allies.models import Ally

FORMER, CURRENT = ("allies", "0002_tags_index"), ("allies", "0006_tags_spelled")


def migrate(*targets):
    executor = MigrationExecutor(connection)
    executor.migrate([*targets])
    return executor.loader.project_state([*targets]).apps


@pytest.mark.django_db(transaction=True)
def test_tags_of_any_kind_are_migrated():
    # Only PostgreSQL could refuse a number there.
    odd = ["Educación ", "fin\u200danzas", "", *([] if connection.vendor == "postgresql" else [7])]
    try:
        former = migrate(FORMER).get_model("allies", "Ally")
        former.objects.create(id="a", name="A", tags=["salud"])
        former.objects.create(id="b", name="B", tags=["x"])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE allies_ally SET tags = %s WHERE id = 'b'", [json.dumps(odd)])
    finally:
        migrate(CURRENT)
    wanted = [str(tag).strip().lower().replace("\u200d", "") for tag in odd if tag]
    assert [*Ally.objects.order_by("pk").values_list("pk", "tags")] == [
        ("a", ["salud"]),
        ("b", wanted),
    ]
