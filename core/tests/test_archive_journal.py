"""Months of the journal go into files by the table's owner on purpose, and by nobody else."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from core.models import Action, JournalEntry

pytestmark = pytest.mark.django_db
KEY = base64.b64encode(b"k" * 32).decode()


def entry(year, month, day=15, **values):
    made = JournalEntry(
        actor_kind="user", action=Action.CREATE, model="dogs.Dog", object_label="Ñandú", **values
    )
    at = datetime(year, month, day, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: at)
        made.save()
    return made


@pytest.fixture
def rows():
    return [entry(2020, 1), entry(2020, 1, 31), entry(2020, 2), entry(2020, 3)]


def archive(tmp_path, **options):
    said = io.StringIO()
    call_command("archive_journal", to=tmp_path, stdout=said, **options)
    return said.getvalue()


def read(path):
    said = io.StringIO()
    call_command("archive_journal", read=path, stdout=said)
    return [json.loads(line) for line in said.getvalue().splitlines()]


@pytest.mark.parametrize(("key", "ending"), [("", ""), (KEY, ".sealed")])
def test_months_are_in_files_and_no_longer_in_the_table(tmp_path, rows, settings, key, ending):
    settings.BACKUP_KEY = key
    said = archive(tmp_path, before="2020-03", delete=True)
    names = [f"journal-2020-0{month}.jsonl.gz{ending}" for month in (1, 2)]
    assert said == (
        f"2020-01: 2 entries moved to {tmp_path / names[0]}\n"
        f"2020-02: 1 entries moved to {tmp_path / names[1]}\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    january = read(tmp_path / names[0])
    assert [one["id"] for one in january] == [rows[0].pk, rows[1].pk]
    assert january[0]["object_label"] == "Ñandú"
    assert january[0]["at"] == "2020-01-15T00:00:00+00:00"
    left = [one for one in JournalEntry.objects.order_by("pk") if one.model == "dogs.Dog"]
    assert left == [rows[3]]
    said = JournalEntry.objects.filter(model="core.JournalEntry").order_by("pk")
    assert [(one.action, one.count) for one in said] == [("export", 2), ("export", 1)]
    assert said[0].reason.startswith(f"archived: {names[0]}, SHA-256 ")


def test_without_delete_the_rows_stay(tmp_path, rows):
    assert "2 entries copied" in archive(tmp_path, before="2020-02")
    assert JournalEntry.objects.count() == 4


@pytest.mark.parametrize("before", ["", "2020", "2020-13", "x", "2999-01"])
def test_what_is_no_month_that_is_over_is_refused(tmp_path, rows, before):
    with pytest.raises(CommandError, match="--before is"):
        archive(tmp_path, before=before, delete=True)
    assert JournalEntry.objects.count() == 4


def test_a_file_is_never_overwritten_and_a_wrong_key_reads_nothing(tmp_path, rows, settings):
    settings.BACKUP_KEY = KEY
    archive(tmp_path, before="2020-02")
    with pytest.raises(CommandError, match="is there already"):
        archive(tmp_path, before="2020-02", delete=True)
    settings.BACKUP_KEY = base64.b64encode(b"o" * 32).decode()
    with pytest.raises(CommandError, match="was made with another one"):
        read(tmp_path / "journal-2020-01.jsonl.gz.sealed")
    assert JournalEntry.objects.count() == 4


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path, rows):
    archive(tmp_path, before="2020-02")
    path = tmp_path / "journal-2020-01.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CommandError, match="cut off"):
        read(path)


@pytest.mark.postgres
def test_only_whole_months_go_and_only_on_purpose(rows):
    now = JournalEntry.objects.create(actor_kind="user", action=Action.CREATE, model="dogs.Dog")
    with connection.cursor() as cursor:
        for purpose, row in (("off", rows[0]), ("on", now)):
            cursor.execute(f"SET LOCAL plaza.archiving = '{purpose}'")
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                cursor.execute("DELETE FROM core_journalentry WHERE id = %s", [row.pk])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plaza.archiving = 'on'")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute("UPDATE core_journalentry SET reason = 'x'")
    assert JournalEntry.objects.count() == 5
