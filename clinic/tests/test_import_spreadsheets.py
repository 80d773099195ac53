"""The brief's files after a spreadsheet: read by the route and the command, and said how."""

import csv
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from clinic.models import Patient
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.files import NOTHING, PATIENTS, STUDIES, refused, rows, run

pytestmark = pytest.mark.django_db
# As Excel writes them in Colombia, whatever one saves as.
EXCEL_PATIENTS = (
    "Nombres;Apellidos;Fecha de nacimiento;Correo electrónico;ID;;\r\n"
    "José;Villalobos;10/04/1955;pepe@ejemplo.com;1;;\r\n"
    "Jessica;Ramírez;1/07/1971;jessica@ejemplo.com;2;;\r\n"
    "Diana Laura;Del Toro;29/08/1988;diana@ejemplo.com;3;;\r\n"
    ";;;;;;\r\n"
).encode("cp1252")
EXCEL_STUDIES = STUDIES.replace(", ", ";").replace("\n", "\r\n").encode("utf-8-sig")
AS_EXCEL = {"delimiter": ";", "encoding": "windows-1252", "date_format": "dmy"}


def post(client, query="", **files):
    uploads = {name: SimpleUploadedFile(f"{name}.csv", text) for name, text in files.items()}
    return client.post(f"/api/patients/import{query}", uploads, format="multipart")


def test_what_excel_writes_is_read_and_said(doctor):
    answer = post(doctor, patients=EXCEL_PATIENTS, studies=EXCEL_STUDIES)
    assert answer.status_code == 201
    assert answer.json() == {
        "dry_run": False,
        "patients": {**NOTHING, **AS_EXCEL, "created": 3},
        "studies": {**NOTHING, "delimiter": ";", "created": 4},
    }
    jose = Patient.objects.get(external_id="1")
    assert (jose.first_name, jose.birth_date.isoformat()) == ("José", "1955-04-10")
    again = post(doctor, patients=EXCEL_PATIENTS, studies=EXCEL_STUDIES).json()
    assert again["patients"] == {**NOTHING, **AS_EXCEL, "unchanged": 3}
    assert again["studies"]["unchanged"] == 4


def test_the_same_file_in_another_dress_changes_nothing():
    text = PATIENTS.replace("Jose,", "José,")
    run(text)
    before = rows()[:2]
    for content in (
        text.replace(", ", "\t").encode("utf-16"),
        text.replace(", ", ";").replace("\n", "\r").encode("mac-roman"),
        "sep=|\r\n" + text.replace(", ", "|"),
        text.replace("-04-10", "-04-10 00:00:00") + ",,,,\n",
        text.replace("\n", ",,\n"),
    ):
        assert run(content)["patients"]["unchanged"] == 4
    assert rows()[:2] == before


@pytest.mark.parametrize("delimiter", [";", "%3B", "semicolon"])
def test_excel_in_colombia_by_choice(doctor, delimiter):
    answer = post(doctor, f"?delimiter={delimiter}&date_format=dmy", patients=EXCEL_PATIENTS)
    assert answer.json()["patients"] == {**NOTHING, **AS_EXCEL, "created": 3}


def test_choices_are_parameters(doctor):
    unclear = PATIENTS.replace("1955-04-10", "10/04/1955").encode()
    answer = post(doctor, patients=unclear)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [
            {
                "file": "patients",
                "row": 2,
                "column": "birth_date",
                "code": "ambiguous_date",
                "reason": (
                    "Whether day or month comes first shows in no row: say date_format=dmy or mdy."
                ),
                "field": "birth_date",
                "detail": (
                    "Whether day or month comes first shows in no row: say date_format=dmy or mdy."
                ),
            }
        ],
    )
    assert Patient.everything.count() == 0
    for order, day in (("dmy", "1955-04-10"), ("mdy", "1955-10-04")):
        query = f"?date_format={order}&delimiter=,&encoding=utf-8&on_conflict=file"
        answer = post(doctor, query, patients=unclear)
        assert answer.json()["patients"]["date_format"] == order
        assert Patient.objects.get(external_id="1").birth_date.isoformat() == day


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?delimiter=:", "delimiter"),
        ("?encoding=rot13", "encoding"),
        ("?date_format=ymd", "date_format"),
        ("?on_conflict=ask", "on_conflict"),
    ],
)
def test_unknown_choices_are_refused_and_named(doctor, query, field):
    answer = post(doctor, query, patients=PATIENTS.encode())
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, "invalid_choice")
    assert error["detail"].startswith("One of: ")
    assert Patient.everything.count() == 0


def test_a_patients_file_that_cannot_be_read_makes_no_noise_about_studies():
    assert refused(b"PK\x03\x04" + PATIENTS.encode(), STUDIES) == [("patients", 0, "", "not_csv")]


def test_the_command_has_the_same_choices(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_bytes(EXCEL_PATIENTS)
    call_command("import_clinic", str(path))
    assert capsys.readouterr().out.splitlines()[0] == (
        "patients: windows-1252, separated by ';', days as dmy"
    )
    path.write_text(PATIENTS.replace("1955-04-10", "10/04/1955"))
    call_command("import_clinic", str(path), "--date-format", "dmy", "--on-conflict", "keep")
    assert "0 updated" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--delimiter: one of tab, comma, semicolon"):
        call_command("import_clinic", str(path), "--delimiter", ":")


# -- out --------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", ["", "&bom=true"])
def test_an_export_has_five_columns_for_everybody(doctor, query):
    StudyFactory(
        patient=PatientFactory(first_name="Ana, María", last_name='De la O "Ruiz", hija'),
        body_part="HIP; LEFT",
        description='He said: "ouch"\n=twice, 4,5',
    )
    contents = []
    for file in ("patients", "studies"):
        answer = doctor.get(f"/api/patients/export?file={file}{query}")
        content = b"".join(answer.streaming_content)
        assert content.startswith(b"\xef\xbb\xbf") is bool(query)
        assert b', "' not in content
        text = StringIO(content.decode("utf-8-sig"), newline="")
        assert [len(line) for line in csv.reader(text)] == [5, 5]
        contents.append(content)
    before = rows()[:2]
    result = run(*contents)
    assert (result["patients"]["unchanged"], result["studies"]["unchanged"]) == (1, 1)
    assert rows()[:2] == before


def test_the_commands_export_has_a_mark_by_choice(tmp_path):
    run(PATIENTS, STUDIES)
    out = [tmp_path / name for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *map(str, out), "--bom")
    assert [path.read_text(encoding="utf-8") for path in out] == [
        "\ufeff" + PATIENTS,
        "\ufeff" + STUDIES,
    ]
