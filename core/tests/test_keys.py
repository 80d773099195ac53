"""Columns of keys: how they are computed, looked into, and made anew."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.fields import SearchKeyField
from core.keys import BATCH_ROWS, Refresh
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def found(words):
    return [*User.objects.filter(search_key__icontains=words).values_list("name", flat=True)]


@pytest.mark.parametrize(
    "words", ["nunez", "NÚÑEZ", "Nu\u0301n\u0303ez", "\uff2euñez", "nu\u200dñez"]
)
def test_a_look_up_folds_what_is_looked_for(words):
    UserFactory(name="Lucía", last_name="Núñez")
    assert found(words) == ["Lucía"]


@pytest.mark.parametrize("words", ["O'Brien", "O\u2019Brien", "obrien", "o\u00b4brien"])
def test_apostrophes_do_not_matter(words):
    UserFactory(name="Sinéad", last_name="O\u02bcBrien")
    assert found(words) == ["Sinéad"]


@pytest.mark.parametrize("words", ["%", "_", "nun%z", "\\"])
def test_signs_of_patterns_are_signs(words):
    UserFactory(name="Lucía", last_name="Núñez")
    assert found(words) == []


def test_a_key_is_as_long_as_its_column():
    field = SearchKeyField(sources=("name", "last_name"), max_length=10)
    assert field.key_of(User(name="ﷺ" * 100, last_name="x")) == field.key_of(User(name="ﷺ" * 9))
    assert field.key_of(User(name="Ana", last_name="")) == "ana"


def test_rows_that_sql_wrote_get_their_keys_once():
    users = [UserFactory(name=f"Ñ{number}") for number in range(3)]
    User.objects.filter(pk__in=[users[0].pk, users[2].pk]).update(search_key="")
    assert Refresh(User).run() == 2
    assert Refresh(User).run() == 0
    for number, user in enumerate(users):
        user.refresh_from_db()
        assert user.search_key.startswith(f"n{number} ")


def test_a_table_is_read_and_written_in_batches(monkeypatch):
    UserFactory.create_batch(5)
    monkeypatch.setattr("core.keys.BATCH_ROWS", 2)
    User.objects.update(search_key="")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert Refresh(User).run(["search_key"]) == 5
    kinds = [query["sql"].split()[0] for query in seen.captured_queries]
    assert (kinds.count("SELECT"), kinds.count("UPDATE")) == (4, 3)
    assert BATCH_ROWS == 500


def test_the_command_names_what_it_wrote():
    UserFactory()
    User.objects.update(search_key="")
    out = StringIO()
    call_command("refresh_keys", "users.User", stdout=out)
    assert out.getvalue() == "users.User: 1 keys written\n"
    call_command("refresh_keys", stdout=out)
    assert "users.User: 0 keys written" in out.getvalue()


def test_the_command_refuses_what_has_no_keys():
    with pytest.raises(CommandError, match=r"^No keys in users\.Session\. Choose from "):
        call_command("refresh_keys", "users.Session")
