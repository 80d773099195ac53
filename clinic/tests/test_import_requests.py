"""The request of an import: keys that keep no passing refusal, and forms as clients send them."""

import pytest

from clinic.errors import ImportOvertaken, ImportRunning
from clinic.files import importing
from clinic.models import Patient, Study
from clinic.tests.files import PATIENTS, STUDIES
from core.models import StoredAnswer
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

PATH = "/api/patients/import"
KEY = {"HTTP_IDEMPOTENCY_KEY": "key-00000001"}


@pytest.fixture
def doctor(client_for):
    return client_for("CLINICIAN")


def part(name, content, filename=b"x.csv"):
    text = content if isinstance(content, bytes) else content.encode()
    head = b'--xYz\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n'
    return head % (name, filename) + text + b"\r\n"


def send(client, *parts, media_type="multipart/form-data; boundary=xYz", after=b"", **extra):
    body = b"".join(parts) + b"--xYz--\r\n" + after
    return client.generic("POST", PATH, body, content_type=media_type, **extra)


@pytest.mark.parametrize(
    ("error", "code"), [(ImportRunning, "import_running"), (ImportOvertaken, "import_overtaken")]
)
def test_an_import_that_had_to_wait_is_run_when_it_is_sent_again(doctor, monkeypatch, error, code):
    def refused(*_args, **_kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(importing, "import_files", refused)
        for _time in range(2):
            answer = send(doctor, part(b"patients", PATIENTS), **KEY)
            assert_problem(answer, 409, code)
            assert int(answer["Retry-After"]) >= 1
            assert "Idempotency-Replayed" not in answer
    assert (StoredAnswer.objects.count(), Patient.objects.count()) == (0, 0)
    for replayed in (False, True):
        answer = send(doctor, part(b"patients", PATIENTS), **KEY)
        assert (answer.status_code, "Idempotency-Replayed" in answer) == (201, replayed)
    assert Patient.objects.count() == 4


@pytest.mark.parametrize(
    "filename", ["señas.csv".encode(), "señas.csv".encode("cp1252"), b"\xff\xfe.csv", b"a;b.csv"]
)
def test_a_file_is_read_whatever_it_is_called(doctor, filename):
    parts = (part(b"patients", PATIENTS), part(b"studies", STUDIES, filename))
    assert send(doctor, *parts).status_code == 201
    assert (Patient.objects.count(), Study.objects.count()) == (4, 4)


@pytest.mark.parametrize(
    ("parts", "field", "code"),
    [
        ((part(b"studies", STUDIES), part(b"studies", STUDIES)), "studies", "repeated_file"),
        ((part(b"estudios", STUDIES),), "estudios", "unknown_part"),
        ((part(b"Studies", STUDIES),), "Studies", "unknown_part"),
    ],
)
def test_a_part_too_many_is_named_and_nothing_is_written(doctor, parts, field, code):
    answer = send(doctor, part(b"patients", PATIENTS), *parts)
    problem = assert_problem(answer, 400, "invalid", field=field)
    assert [error["code"] for error in problem["errors"]] == [code]
    assert Patient.objects.count() == 0


def test_a_form_may_have_capitals_and_an_epilogue(doctor):
    media_type = 'Multipart/Form-Data; charset=utf-8; Boundary="xYz"'
    answer = send(doctor, part(b"patients", PATIENTS), media_type=media_type, after=b"e" * 2048)
    assert answer.status_code == 201
    assert Patient.objects.count() == 4


def test_a_file_that_is_cut_off_is_not_read(doctor):
    whole = part(b"patients", PATIENTS) + b"--xYz--\r\n"
    for end in (20, len(whole) // 2, len(whole) - 12, len(whole) - 5):
        answer = doctor.generic(
            "POST", PATH, whole[:end], content_type="multipart/form-data; boundary=xYz"
        )
        assert_problem(answer, 400, "form_incomplete")
    assert Patient.objects.count() == 0
