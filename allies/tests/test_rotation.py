"""Rotation: killed, resumed, beside writers, and honest about what is left."""

import base64
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from allies import services
from allies.credentials import crypto, rotation
from allies.models import AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials

pytestmark = pytest.mark.django_db


def entry(name):
    return f"{name}:{base64.b64encode(name.encode().ljust(32, b'.')).decode()}"


@pytest.fixture
def rotated(settings):
    """Ten credentials of an old key, and a new key in front."""
    settings.CREDENTIALS_KEYS = [entry("old")]
    allies = [with_credentials(user=f"user-{n}", password=f"password-{n}") for n in range(10)]
    settings.CREDENTIALS_KEYS = [entry("new"), entry("old")]
    return allies


def opened(allies):
    return [services.open_credentials(ally_id=ally.pk, purpose="test").user for ally in allies]


def test_rotate(rotated, settings, capsys):
    before = {
        row.pk: (bytes(row.user_sealed), bytes(row.data_key))
        for row in AllyCredential.objects.all()
    }
    call_command("rotate_credentials", batch=3)
    out = capsys.readouterr().out
    assert "10 wrapped by key 'new'." in out
    assert "left: 0." in out
    for row in AllyCredential.objects.all():
        assert row.key_id == "new"
        assert bytes(row.user_sealed) == before[row.pk][0]
        assert bytes(row.data_key) != before[row.pk][1]
    settings.CREDENTIALS_KEYS = [entry("new")]
    assert opened(rotated) == [f"user-{n}" for n in range(10)]
    done = history().filter(reason="rotate_credentials")
    assert [entry.count for entry in done] == [3, 3, 3, 1]
    assert {(entry.actor_kind, entry.actor_label) for entry in done} == {
        ("command", "rotate_credentials")
    }
    assert done[0].changes == {"data_key": None, "key_id": ["old", "new"]}


def test_again_does_nothing(rotated, capsys):
    call_command("rotate_credentials")
    entries = history().count()
    call_command("rotate_credentials")
    assert "0 wrapped" in capsys.readouterr().out
    assert history().count() == entries


def test_dry_run_only_says(rotated, capsys):
    call_command("rotate_credentials", "--dry-run")
    assert capsys.readouterr().out == "left: 10 wrapped by key 'old'\n"
    assert set(AllyCredential.objects.values_list("key_id", flat=True)) == {"old"}


def test_killed_in_the_middle_and_resumed(rotated, monkeypatch):
    original, calls = rotation.store, []

    def dies(wrapped):
        original(wrapped)
        calls.append(len(wrapped))
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "store", dies)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(batch=3)
    # The batch in whose middle it died is undone as a whole.
    assert rotation.what_is_left() == {"old": 7}
    monkeypatch.setattr(rotation, "store", original)
    assert rotation.rotate(batch=3).rewrapped == 7
    assert rotation.what_is_left() == {}
    assert opened(rotated) == [f"user-{n}" for n in range(10)]


def test_what_does_not_open_is_named_and_the_rest_is_done(rotated, settings, capsys):
    first = AllyCredential.objects.order_by("pk").first()
    AllyCredential.objects.filter(pk=first.pk).update(data_key=b"\x01" + b"x" * 60)
    with pytest.raises(CommandError, match="1 credentials could not be opened"):
        call_command("rotate_credentials", batch=2)
    captured = capsys.readouterr()
    assert "9 wrapped" in captured.out
    assert "left: 1 wrapped by key 'old'" in captured.out
    assert f"{first.ally_id} v1" in captured.err


def test_a_lost_key_is_loud(rotated, settings):
    settings.CREDENTIALS_KEYS = [entry("new")]
    with pytest.raises(CommandError, match="10 credentials could not be opened"):
        call_command("rotate_credentials")
    assert rotation.what_is_left() == {"old": 10}


@pytest.mark.parametrize("batch", [0, 10_001])
def test_batches_that_are_refused(batch):
    with pytest.raises(CommandError):
        call_command("rotate_credentials", batch=batch)


def test_an_empty_ring_is_refused(settings):
    settings.CREDENTIALS_KEYS = []
    with pytest.raises(CommandError, match="CREDENTIALS_KEYS is empty"):
        call_command("rotate_credentials")


def test_queries_do_not_depend_on_the_rows(rotated, django_assert_num_queries):
    # count, savepoint, rows, update, journal, release; the empty batch (3); count
    with django_assert_num_queries(10):
        rotation.rotate(batch=100)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_beside_writers_nothing_is_lost(settings):
    settings.CREDENTIALS_KEYS = [entry("old")]
    allies = [with_credentials(AllyFactory(id=f"a{n}"), user=f"{n}-1") for n in range(30)]
    settings.CREDENTIALS_KEYS = [entry("new"), entry("old")]
    failures = []

    def write():
        try:
            for ally in allies:
                services.add_credentials(ally_id=ally.pk, user=f"{ally.pk[1:]}-2", password="p")
                services.open_credentials(ally_id=ally.pk, purpose="race")
        except Exception as error:  # noqa: BLE001 - the test looks at whatever it was
            failures.append(error)
        finally:
            connection.close()

    def rotate():
        try:
            rotation.rotate(batch=4)
        except Exception as error:  # noqa: BLE001 - the test looks at whatever it was
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=job) for job in (write, rotate, rotate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rotation.rotate().left == {}
    settings.CREDENTIALS_KEYS = [entry("new")]
    assert crypto.ring().current == "new"
    assert opened(allies) == [f"{n}-2" for n in range(30)]
