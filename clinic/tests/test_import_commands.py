"""The commands that import and export, and that both together change nothing."""

import csv
import errno
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.files import exporting
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.files import (
    NOTHING,
    PATIENTS,
    STUDIES,
    rows,
    run,
)
from core.models import JournalEntry

pytestmark = pytest.mark.django_db
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture
def files(tmp_path):
    names = tmp_path / "patients.csv", tmp_path / "studies.csv"
    for path, text in zip(names, (PATIENTS, STUDIES), strict=True):
        path.write_text(text)
    return [str(name) for name in names]


def test_import_command(files, capsys):
    call_command("import_clinic", *files, "--dry-run")
    assert Patient.objects.count() == 0
    call_command("import_clinic", *files)
    shown = capsys.readouterr()
    line = "patients: 4 created, 0 updated, 0 unchanged; studies: 4 created, 0 updated, 0 unchanged"
    assert shown.out.splitlines() == ["Dry run, nothing was written.", line, line]
    assert shown.err == ""  # no progress bar where there is no terminal
    entry = JournalEntry.objects.latest("id")
    assert (entry.actor_kind, entry.actor_label) == ("command", "import_clinic")


def test_import_command_reports_every_bad_row(files, tmp_path, capsys):
    bad = "".join(f"=Ana, Paz, never, ana{n}@b.co, x{n}\n" for n in range(150))
    Path(files[0]).write_text(PATIENTS + bad)
    with pytest.raises(CommandError, match=r"Nothing was written\. Bad rows: 150\."):
        call_command("import_clinic", *files)
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 150
    assert errors[0] == "patients, row 6, birth_date: A date must look like YYYY-MM-DD."
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError):
        call_command("import_clinic", *files, "--report", str(report))
    lines = list(csv.reader(report.read_text().splitlines()))
    assert lines[0] == ["file", "row", "column", "code", "message"]
    assert lines[150][:4] == ["patients", "155", "birth_date", "invalid"]
    assert Patient.everything.count() == 0


def test_import_command_without_a_file(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_clinic", str(tmp_path / "none.csv"))
    reading, writing = os.pipe()
    with pytest.raises(CommandError, match="read twice"):
        call_command("import_clinic", f"/dev/fd/{reading}")
    os.close(reading)
    os.close(writing)
    with pytest.raises(CommandError, match="at least one"):
        call_command("import_clinic", "-")


def test_export_gives_the_briefs_files_back(files, tmp_path):
    call_command("import_clinic", *files)
    out = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *out)
    assert (Path(out[0]).read_text(), Path(out[1]).read_text()) == (PATIENTS, STUDIES)
    jose = Patient.objects.get(external_id="1")
    entry = JournalEntry.objects.get(action="export", object_id=str(jose.pk))
    assert (entry.actor_label, entry.reason, entry.count) == ("export_clinic", "export_clinic", 4)


def test_export_over_http(client_for):
    run(PATIENTS, STUDIES)
    gone = PatientFactory(archived=True)
    doctor = client_for("CLINICIAN")
    for query, text in (("", PATIENTS), ("?file=patients", PATIENTS), ("?file=studies", STUDIES)):
        answer = doctor.get(f"/api/patients/export{query}", HTTP_ACCEPT="text/csv")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert b"".join(answer.streaming_content).decode() == text
    entries = JournalEntry.objects.filter(action="export").values_list("object_id", "count")
    keys = Patient.objects.values_list("pk", flat=True)
    assert sorted(entries) == sorted([(str(key), 4) for key in (*keys, "")] * 3)
    assert str(gone.pk) not in dict(entries)
    assert doctor.get("/api/patients/export?file=users").status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "with, comma",
        'with "quotes"',
        "=SUM(A1:A9)",
        "'=already",
        "\uff1d1+1",
        "a,=1+1",
        "a\n=1+1",
        "'\uff20x",
        "''-twice",
        "'tis",
        "+1",
        "-",
        "@home",
        "ñ 李 👩‍⚕️",
        "back\\slash",
    ],
)
def test_export_and_import_is_a_no_op_whatever_the_text(tmp_path, text):
    name = text.replace("\n", " ")
    patient = PatientFactory(first_name=name, last_name=name, email="+odd@b.co")
    StudyFactory(patient=patient, description=f"{text}\n{text}", body_part=name)
    StudyFactory(patient=patient, archived=True)
    PatientFactory(archived=True)
    before = rows()[:2]
    out = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *out)
    one = {**NOTHING, "unchanged": 1}
    result = run(Path(out[0]).read_bytes(), Path(out[1]).read_bytes())
    assert result == {"dry_run": False, "patients": one, "studies": one}
    assert rows()[:2] == before
    for name in out:
        # As a spreadsheet reads it, for which a space after a comma is part of the cell.
        with Path(name).open(newline="") as file:
            lines = list(csv.reader(file))
        assert [len(line) for line in lines] == [5, 5]
        assert not [cell for cell in lines[1] if cell.strip().startswith(FORMULAS)]


@pytest.mark.parametrize("file", ["patients", "studies"])
def test_who_comes_during_an_export_is_not_in_the_file(client_for, file):
    StudyFactory()
    answer = client_for("CLINICIAN").get(f"/api/patients/export?file={file}")
    late = StudyFactory(description="LATE", patient__last_name="Late").patient
    assert b"Late" not in (content := b"".join(answer.streaming_content))
    assert (content.count(b"\n"), b"LATE" in content) == (2, False)
    assert not JournalEntry.objects.filter(action="export", object_id=str(late.pk)).exists()


@pytest.mark.parametrize("target", ["none/s.csv", "."])
def test_an_export_that_fails_leaves_no_file_and_no_entry(tmp_path, target):
    StudyFactory()
    with pytest.raises(CommandError, match="directory"):
        call_command("export_clinic", str(tmp_path / "p.csv"), str(tmp_path / target))
    assert list(tmp_path.iterdir()) == []
    assert not JournalEntry.objects.filter(action="export").exists()


def test_a_full_disk_leaves_no_half_a_file(tmp_path, monkeypatch):
    StudyFactory()

    def fill(_patients):
        yield "first line"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(exporting, "study_lines", fill)
    with pytest.raises(CommandError, match=r"s\.csv: No space left on device"):
        call_command("export_clinic", str(tmp_path / "p.csv"), str(tmp_path / "s.csv"))
    assert list(tmp_path.iterdir()) == []
    assert not JournalEntry.objects.filter(action="export").exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_both_files_are_of_one_moment(files, tmp_path, monkeypatch):
    call_command("import_clinic", *files)
    lines = exporting.study_lines
    other = connection.copy()

    def meanwhile(patients):
        with other.cursor() as cursor:
            cursor.execute("UPDATE clinic_study SET description = 'LATER'")
        return lines(patients)

    monkeypatch.setattr(exporting, "study_lines", meanwhile)
    out = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    try:
        call_command("export_clinic", *out)
    finally:
        other.close()
    assert Path(out[1]).read_text() == STUDIES
    assert Study.objects.filter(description="LATER").count() == 4
