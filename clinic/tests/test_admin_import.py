"""Import with a preview: every bad row, then exactly what was previewed, once, sealed."""

import csv
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import services
from clinic.models import Patient, Study
from clinic.tests.admin import PATIENTS, client_of, history_of
from clinic.tests.factories import PatientFactory
from core import tasks
from core.admin import import_forms
from core.models import JournalEntry, PreviewedFile
from core.tests.keepers import notes

pytestmark = pytest.mark.django_db
PAGE = "/admin/clinic/patient/import/"
HEADER = "first_name, last_name, birth_date, email, id\n"
GOOD = HEADER + "Ana, Pardo, 1990-02-03, ana@b.co, p1\nLuis, Rojas, 1980-01-01, , p2\n"
STUDIES = "urgency_level, body_part, description, type, patient_id\nLOW, HIP, FINE, XRAY, p1\n"
BAD = HEADER + "Ana, Pardo, soon, ana@b.co, p1\nLuis, Rojas, 1980-01-01, , \n"


def upload(client, *, patients=None, studies=None, **values):
    files = {"patients": patients, "studies": studies}
    given = {
        name: SimpleUploadedFile(f"{name}.csv", text.encode())
        for name, text in files.items()
        if text is not None
    }
    return client.post(PAGE, {"on_conflict": "keep", **given, **values})


def hidden(answer):
    """The fields of the form that confirms."""
    text = answer.content.decode()
    found = re.findall(r'name="(token|choices|previewed)" value="([^"]*)"', text)
    return {name: value.replace("&quot;", '"') for name, value in found}


def confirm(client, preview, **values):
    return client.post(PAGE, {**hidden(preview), "reason": "ticket 9", "confirm": "1", **values})


def nothing_is_written():
    return (Patient.objects.count(), Study.objects.count()) == (0, 0)


def test_the_list_leads_to_the_page(boss):
    assert PAGE in boss.get(reverse(f"{PATIENTS}_changelist")).content.decode()
    assert reverse(f"{PATIENTS}_import_rows") == PAGE


def test_a_preview_writes_nothing_and_then_exactly_that_is_imported(boss):
    preview = upload(boss, patients=GOOD, studies=STUDIES)
    assert preview.status_code == 200
    assert preview.context["outcome"].lines == [
        "Patients (CSV): created 2, updated 0, unchanged 0",
        "Studies (CSV): created 1, updated 0, unchanged 0",
    ]
    assert "no-store" in preview["Cache-Control"]
    assert nothing_is_written()
    done = confirm(boss, preview)
    assert (done.status_code, done["Location"]) == (302, reverse(f"{PATIENTS}_changelist"))
    assert list(Patient.objects.order_by("pk").values_list("first_name", "external_id")) == [
        ("Ana", "p1"),
        ("Luis", "p2"),
    ]
    assert Study.objects.get().patient.external_id == "p1"
    line = JournalEntry.objects.get(reason="ticket 9")
    assert (line.action, line.model, line.count) == ("change", "clinic.Patient", 3)
    page = boss.get(done["Location"]).content.decode()
    link = re.search(r'href="([^"]+)">What it did, row by row', page)[1]
    assert f"request={line.request_id}" in link
    listed = boss.get(link).context["cl"].queryset
    assert {(one.action, one.model) for one in listed} == {
        ("create", "clinic.Patient"),
        ("create", "clinic.Study"),
        ("change", "clinic.Patient"),
    }
    assert PreviewedFile.objects.count() == 0


def test_a_preview_is_confirmed_once(boss):
    preview = upload(boss, patients=GOOD)
    assert confirm(boss, preview).status_code == 302
    again = confirm(boss, preview)
    assert again.status_code == 200
    assert "This preview is over: choose the file again." in again.content.decode()
    assert Patient.objects.count() == 2


def test_every_bad_row_is_shown_and_sent_and_nothing_can_be_confirmed(boss):
    preview = upload(boss, patients=BAD)
    text = preview.content.decode()
    assert "There are bad rows. Nothing can be imported." in text
    assert "2 bad rows" in text
    assert [(one.row, one.column) for one in preview.context["problems"]] == [
        (2, "birth_date"),
        (3, "id"),
    ]
    assert 'name="confirm"' not in text
    sent = boss.post(PAGE, {**hidden(preview), "bad_rows": "1"})
    rows = list(csv.reader(sent.getvalue().decode().splitlines()))
    assert rows[0] == ["file", "row", "column", "problem"]
    assert [row[:3] for row in rows[1:]] == [
        ["patients", "2", "birth_date"],
        ["patients", "3", "id"],
    ]
    forced = confirm(boss, preview, previewed="0" * 64)
    assert forced.status_code == 200
    assert nothing_is_written()


def test_more_bad_rows_than_are_shown(boss):
    rows = "".join(f"Ana, Pardo, soon, a{number}@b.co, p{number}\n" for number in range(101))
    preview = upload(boss, patients=HEADER + rows)
    assert (len(preview.context["problems"]), preview.context["problem_count"]) == (100, 101)
    sent = boss.post(PAGE, {**hidden(preview), "bad_rows": "1"})
    assert len(sent.getvalue().decode().splitlines()) == 102


def test_what_changed_since_the_preview_is_shown_again(boss):
    preview = upload(boss, patients=GOOD)
    PatientFactory(external_id="p2", email="other@b.co")
    again = confirm(boss, preview)
    assert "Rows changed since the preview. Nothing was imported: look again." in (
        again.content.decode()
    )
    assert Patient.objects.count() == 1
    assert not JournalEntry.objects.filter(reason="ticket 9").exists()
    assert again.context["outcome"].counts["Patients (CSV)"]["created"] == 1
    assert confirm(boss, again).status_code == 302
    assert Patient.objects.count() == 2


def test_a_taken_address_is_a_bad_row_and_a_look(boss):
    known = PatientFactory(email="ana@b.co")
    preview = upload(boss, patients=GOOD)
    assert preview.context["problem_count"] == 1
    assert history_of(known) == [("read", f"422 POST {PAGE}")]


def test_what_people_corrected_is_counted_in_words(boss):
    confirm(boss, upload(boss, patients=GOOD))
    services.change_patient(patient=Patient.objects.get(external_id="p1"), first_name="Anna")
    changed = GOOD.replace("Ana,", "Annie,")
    kept = upload(boss, patients=changed).context["outcome"]
    said = "changed here and in the file, kept as it is here 1"
    assert kept.lines == [f"Patients (CSV): created 0, updated 0, unchanged 1, {said}"]
    preview = upload(boss, patients=changed, on_conflict="file")
    assert confirm(boss, preview).status_code == 302
    assert Patient.objects.get(external_id="p1").first_name == "Annie"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previewed", "0" * 64),
        ("token", "a" * 43),
        ("token", "a" * 10_000),
        ("token", "\x00"),
        ("choices", '{"on_conflict": "file"}'),
        ("choices", '{"encoding": "x"}'),
        ("choices", "[]"),
        ("choices", "{"),
        ("choices", "[" * 10_000),
        ("choices", ""),
        ("reason", ""),
        ("reason", "\x00"),
        ("reason", "a" * 501),
    ],
)
def test_nothing_but_what_was_previewed_is_imported(boss, field, value):
    preview = upload(boss, patients=GOOD)
    assert confirm(boss, preview, **{field: value}).status_code == 200
    assert nothing_is_written()
    assert confirm(boss, preview).status_code == 302


def test_nobody_else_confirms_and_an_hour_later_nobody(boss):
    preview = upload(boss, patients=GOOD)
    assert "This preview is over" in confirm(client_of("ADMIN"), preview).content.decode()
    hour_ago = timezone.now() - timedelta(hours=1, seconds=1)
    PreviewedFile.objects.update(created_at=hour_ago)
    assert "This preview is over" in confirm(boss, preview).content.decode()
    assert nothing_is_written()
    tasks.purge()
    assert PreviewedFile.objects.count() == 0


def test_the_table_alone_shows_nothing(boss):
    preview = upload(boss, patients=GOOD)
    row = PreviewedFile.objects.get()
    assert hidden(preview)["token"] not in row.key
    assert b"Pardo" not in bytes(row.body)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "Choose a file."),
        ({"patients": ""}, "The file is empty"),
        ({"patients": "\x00\x01"}, None),
        ({"patients": "name;age\nA;1\n"}, None),
    ],
)
def test_files_that_are_none(boss, files, said):
    answer = upload(boss, **files)
    assert answer.status_code == 200
    assert 'name="confirm"' not in answer.content.decode()
    if said is not None:
        assert said in answer.content.decode()
    assert nothing_is_written()


def test_a_file_that_is_too_large_for_a_page(boss, monkeypatch):
    monkeypatch.setattr(import_forms, "MAX_PAGE_BYTES", len(GOOD) - 1)
    assert "larger files go through the command" in upload(boss, patients=GOOD).content.decode()
    assert PreviewedFile.objects.count() == 0


def test_the_reason_may_name_a_case(boss, keeper):
    preview = upload(boss, patients=GOOD)
    assert "No open case has this number." in confirm(boss, preview, case="C-1008").content.decode()
    assert (nothing_is_written(), notes()) == (True, [])
    assert confirm(boss, preview, case="C-1007").status_code == 302
    [note] = notes()
    assert (note["case"], note["action"], note["label"]) == (7, "import_rows", "clinic.Patient")


@pytest.mark.parametrize("role", ["SUPPORT", "ANALYST", "CLINICIAN", "USER"])
def test_nobody_else_imports(boss, role):
    preview, client = upload(boss, patients=GOOD), client_of(role)
    assert client.get(PAGE).status_code in {302, 403}
    assert upload(client, patients=GOOD).status_code in {302, 403}
    assert confirm(client, preview).status_code in {302, 403}
    assert nothing_is_written()


def test_a_preview_costs_the_same_whatever_the_file_has(boss):
    costs = []
    for size in (1, 10, 50):
        rows = "".join(f"A, B, 1990-02-03, , q{number}\n" for number in range(size))
        upload(boss, patients=HEADER + rows)
        with CaptureQueriesContext(connection) as queries:
            upload(boss, patients=HEADER + rows)
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]
