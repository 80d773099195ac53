"""A backup holds everything, opens for nobody else, and changes nothing when it does not fit."""

import base64
import io
import os
import shutil
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection, connections

from core import signals
from core.backups import archive, databases, sealing
from users.models import User
from users.tests.factories import UserFactory

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
pytestmark = pytest.mark.django_db(transaction=True)


# --- The stream ----------------------------------------------------------------------------------
def sealed(data, key=b"k" * 32):
    file = io.BytesIO()
    sealer = sealing.Sealer(file, key)
    for begin in range(0, len(data), 100_000):
        sealer.write(data[begin : begin + 100_000])
    sealer.finish()
    return file.getvalue()


def unsealed(data, key=b"k" * 32):
    return io.BufferedReader(sealing.Opener(io.BytesIO(data), key)).read()


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_what_is_sealed_opens_as_it_was(size):
    data = os.urandom(size)
    assert unsealed(sealed(data)) == data


def test_what_is_cut_off_anywhere_changed_moved_or_anothers_does_not_open():
    whole_file = sealed(b"x" * (2 * 2**20 + 5))
    chunk = 4 + 2**20 + 16
    head = len(sealing.MAGIC) + 16
    first, second = whole_file[head : head + chunk], whole_file[head + chunk : head + 2 * chunk]
    rest = whole_file[head + 2 * chunk :]
    for cut in (head, head + 2, head + chunk, head + chunk + 9, len(whole_file) - 1):
        with pytest.raises(sealing.BadBackup, match="cut off"):
            unsealed(whole_file[:cut])
    flipped = bytearray(whole_file)
    flipped[head + chunk + 50] ^= 1
    for bad in (bytes(flipped), whole_file[:head] + first + rest):
        with pytest.raises(sealing.BadBackup, match="was changed"):
            unsealed(bad)
    with pytest.raises(sealing.BadBackup, match="BACKUP_KEY does not open"):
        unsealed(whole_file[:head] + second + first + rest)
    with pytest.raises(sealing.BadBackup, match="BACKUP_KEY does not open"):
        unsealed(whole_file, b"o" * 32)
    with pytest.raises(sealing.BadBackup, match="bytes after its end"):
        unsealed(whole_file + b"x")


@pytest.mark.parametrize("text", ["x", "a" * 44, base64.b64encode(b"short").decode()])
def test_a_key_that_is_none_is_not_quoted(text):
    with pytest.raises(sealing.BadBackup, match="BACKUP_KEY is not base64 of 32 bytes") as refused:
        sealing.key_of(text)
    assert text not in str(refused.value).replace("head -c32 /dev/urandom | base64", "")


# --- The whole -----------------------------------------------------------------------------------
@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    (tmp_path / "media" / "files").mkdir(parents=True)
    (tmp_path / "media" / "files" / "ñandú.txt").write_bytes(b"sent")
    return tmp_path / "media"


@pytest.fixture
def needs_programs(is_postgres):
    if is_postgres and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")  # nobody can make a backup here


@pytest.fixture(params=["", KEY], ids=["plain", "encrypted"])
def backup(request, settings, tmp_path, media, needs_programs):
    settings.BACKUP_KEY = request.param
    UserFactory(email="zoë@plaza.example")
    call_command("backup", to=tmp_path / "b.plaza", stdout=io.StringIO())
    return tmp_path / "b.plaza"


@pytest.fixture
def empty(tmp_path, settings):
    """Let this thread's connection lead to an empty database of its own."""
    usual = connections["default"]
    other = usual.copy()
    if usual.vendor == "sqlite":
        other.settings_dict["NAME"] = str(tmp_path / "restored.sqlite3")
    else:
        other.settings_dict["NAME"] = f"{usual.settings_dict['NAME']}_restored"
        administer(f'DROP DATABASE IF EXISTS "{other.settings_dict["NAME"]}" WITH (FORCE)')
        administer(f'CREATE DATABASE "{other.settings_dict["NAME"]}"')
    connections["default"] = other
    settings.MEDIA_ROOT = str(tmp_path / "media-here")
    try:
        yield other
    finally:
        other.close()
        connections["default"] = usual
        if usual.vendor != "sqlite":
            administer(f'DROP DATABASE "{other.settings_dict["NAME"]}" WITH (FORCE)')


def administer(statement):
    wanted = connections["default"].get_connection_params()
    names = ("host", "port", "user", "password")
    admin = psycopg2.connect(
        dbname="postgres", **{name: wanted[name] for name in names if name in wanted}
    )
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(statement)
    admin.close()


def restore(backup, **options):
    said = io.StringIO()
    call_command("restore", backup, stdout=said, **options)
    return said.getvalue()


def test_an_empty_platform_has_every_row_file_and_secret_afterwards(backup, empty, published):
    heard = []
    signals.restored.connect(lambda **_: heard.append(1), weak=False, dispatch_uid="test")
    try:
        said = restore(backup)
    finally:
        signals.restored.disconnect(dispatch_uid="test")
    assert "  media: 1 files" in said
    assert User.objects.get().email == "zoë@plaza.example"
    here = Path(configured.MEDIA_ROOT) / "files" / "ñandú.txt"
    assert here.read_bytes() == b"sent"
    assert heard == [1]
    # It is a platform like any other: migrated, and its journal is kept from changes.
    call_command("migrate", check=True, verbosity=0)
    with pytest.raises(CommandError, match="The database is not empty"):
        restore(backup)
    UserFactory(email="late@plaza.example")
    restore(backup, force=True)
    assert [user.email for user in User.objects.all()] == ["zoë@plaza.example"]


def test_what_is_cut_in_half_changes_nothing(backup, empty):
    data = backup.read_bytes()
    backup.write_bytes(data[: len(data) // 2])
    with pytest.raises(CommandError, match="cut off"):
        restore(backup)
    assert connection.introspection.table_names() == []
    assert not Path(configured.MEDIA_ROOT).exists()


@pytest.mark.parametrize("backup", [KEY], indirect=True)
@pytest.mark.parametrize(
    ("key", "words"),
    [
        (OTHER, "BACKUP_KEY does not open this backup: it was made with another one."),
        ("", "The backup is encrypted, and BACKUP_KEY is not set."),
        ("x", "BACKUP_KEY is not base64 of 32 bytes"),
    ],
)
def test_a_wrong_or_missing_key_changes_nothing(backup, empty, settings, key, words):
    settings.BACKUP_KEY = key
    with pytest.raises(CommandError, match=words):
        restore(backup)
    assert connection.introspection.table_names() == []


@pytest.mark.parametrize("backup", [""], indirect=True)
def test_the_keys_of_what_is_inside_are_asked_for_and_never_written(backup, empty, settings):
    before = settings.SECRET_KEY
    assert before.encode() not in backup.read_bytes()
    settings.SECRET_KEY = "another-" + "x" * 50
    words = r"Keys of the backup are missing here: SECRET_KEY \(fingerprint [0-9a-f]{12}; without"
    with pytest.raises(CommandError, match=words):
        restore(backup)
    assert connection.introspection.table_names() == []
    settings.SECRET_KEY_FALLBACKS = [before]
    restore(backup)
    settings.SECRET_KEY_FALLBACKS = []
    restore(backup, without_keys=True, force=True)
    assert User.objects.count() == 1


@pytest.mark.parametrize("backup", [""], indirect=True)
def test_a_backup_of_a_newer_release_or_another_engine_is_refused(backup, empty, monkeypatch):
    manifest = archive.verified(backup, None)
    newer = {**manifest, "migrations": [*manifest["migrations"], ["core", "0999_later"]]}
    other = {**manifest, "database": "oracle"}
    for fake, words in (
        (newer, "The backup is of a newer Plaza: this one does not know core.0999_later."),
        (other, "The backup is of oracle, and DATABASE_URL is "),
    ):
        monkeypatch.setattr(archive, "verified", lambda *_, found=fake: found)
        with pytest.raises(CommandError, match=words):
            restore(backup)
    assert connection.introspection.table_names() == []


def test_a_file_that_is_no_backup_is_refused(tmp_path, empty):
    for name, data in (("empty", b""), ("text", b"hello"), ("zeros", b"\0" * 20_000)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CommandError, match=r"no backup|cut off"):
            restore(tmp_path / name)
    with pytest.raises(CommandError, match="There is no file"):
        restore(tmp_path / "missing")


@pytest.mark.parametrize("backup", [""], indirect=True)
def test_check_changes_nothing_and_no_file_is_overwritten(backup, empty, needs_programs):
    assert restore(backup, check=True).startswith("whole: Plaza ")
    assert connection.introspection.table_names() == []
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", to=backup)


@pytest.mark.postgres
def test_a_restore_that_fails_leaves_the_database_as_it_was(backup, empty, monkeypatch):
    restore(backup)
    UserFactory(email="late@plaza.example")
    monkeypatch.setattr(databases, "EMPTY", databases.EMPTY + "SELECT 1/0;")
    with pytest.raises(CommandError, match=r"psql failed: .*division by zero"):
        restore(backup, force=True)
    assert User.objects.filter(email="late@plaza.example").exists()


@pytest.mark.postgres
def test_nobody_makes_a_backup_through_a_pooler(tmp_path, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "POOLED", True)
    with pytest.raises(CommandError, match="Set DATABASE_DIRECT_URL"):
        call_command("backup", to=tmp_path / "x.plaza")
    assert list(tmp_path.iterdir()) == []
