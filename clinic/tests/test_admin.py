"""Patients in the admin: what ADMIN does, what SUPPORT sees, and what both leave behind."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic import services
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from core.models import JournalEntry
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PATIENTS, STUDIES = "admin:clinic_patient", "admin:clinic_study"
SECRETS = ("Zoraida", "Quispe", "1955-04-10", "April 10", "zora@", "STOMACH", "ULCER", "MAMMOGRAM")


def client_of(role):
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


@pytest.fixture
def boss():
    return client_of("ADMIN")


@pytest.fixture
def support():
    return client_of("SUPPORT")


@pytest.fixture
def study():
    patient = PatientFactory(
        first_name="Zoraida", last_name="Quispe", birth_date="1955-04-10", email="zora@b.co"
    )
    return StudyFactory(
        patient=patient,
        body_part="STOMACH",
        description="ULCER",
        type="MAMMOGRAM",
        urgency_level="MID",
    )


def form(study=None, **values):
    """The fields of a patient's page, with its studies inline."""
    rows = [study] if study else []
    data = {
        "first_name": "Zoraida",
        "last_name": "Quispe",
        "birth_date": "1955-04-10",
        "email": "zora@b.co",
        "studies-TOTAL_FORMS": str(len(rows) + 1),
        "studies-INITIAL_FORMS": str(len(rows)),
        "studies-MIN_NUM_FORMS": "0",
        "studies-MAX_NUM_FORMS": "1000",
    }
    for number, row in enumerate(rows):
        data |= {
            f"studies-{number}-id": str(row.pk),
            f"studies-{number}-patient": str(row.patient_id),
            f"studies-{number}-urgency_level": row.urgency_level,
            f"studies-{number}-type": row.type,
            f"studies-{number}-body_part": row.body_part,
            f"studies-{number}-description": row.description,
        }
    return {**data, **values}


def shown(client, address, *args, **query):
    answer = client.get(reverse(address, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def stories(patient):
    return list(
        JournalEntry.objects.filter(model="clinic.Patient", object_id=str(patient.pk))
        .order_by("id")
        .values_list("action", "reason")
    )


# -- ADMIN ------------------------------------------------------------------------------------
def test_admin_sees_patients_with_studies_inline(boss, study):
    page = shown(boss, f"{PATIENTS}_change", study.patient_id)
    assert "Quispe" in page
    assert "ULCER" in page
    assert 'list="id_studies-0-body_part_suggestions"' in page
    assert '<option value="STOMACH">' in page


def test_admin_adds_a_patient_with_a_study(boss):
    new = {
        "studies-0-urgency_level": "LOW",
        "studies-0-type": "CT",
        "studies-0-body_part": "hip",
        "studies-0-description": "OK",
    }
    answer = boss.post(reverse(f"{PATIENTS}_add"), form(**new))
    assert answer.status_code == 302, answer.context["errors"]
    patient = Patient.objects.get()
    assert list(patient.studies.values_list("body_part", "type")) == [("HIP", "CT")]
    study = patient.studies.get()
    assert stories(patient) == [("create", ""), ("change", f"study {study.pk}: create")]


def test_admin_changes_through_the_services(boss, study):
    change = form(study, last_name="Ruiz", **{"studies-0-description": "HEALED"})
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(path, change).status_code == 302
    study.refresh_from_db()
    assert (study.description, study.patient.last_name) == ("HEALED", "Ruiz")
    assert "ruiz" in study.patient.search_key
    told = JournalEntry.objects.filter(action="change").values_list("model", "changes")
    assert ("clinic.Study", {"description": None}) in list(told)
    assert [line[1] for line in stories(study.patient)] == ["", f"study {study.pk}: change"]


def test_admin_archives_a_study_inline(boss, study):
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(path, form(study, **{"studies-0-DELETE": "on"})).status_code == 302
    assert (Study.objects.count(), Study.everything.count()) == (0, 1)


def test_a_patient_with_many_studies_is_shown_in_pages_and_can_be_changed(boss, study):
    patient = study.patient
    StudyFactory.create_batch(44, patient=patient, description="LATER")
    page = reverse(f"{PATIENTS}_change", args=[patient.pk])
    first = boss.get(page).content.decode()
    assert (first.count(">LATER</textarea>"), "ULCER" in first) == (20, False)
    for number in ("3", "03", "\u00b2", "x", "9" * 30):
        last = boss.get(page, {"studies-page": number}).content.decode()
        assert ("ULCER" in last) == (number == "3"), number
    rows = patient.studies.order_by("-id")
    data = form(first_name="Zoila", **{"studies-page": "3"})
    fields = ("id", "patient_id", "urgency_level", "type", "body_part", "description")
    for number, row in enumerate(rows[40:]):
        for name in fields:
            key = f"studies-{number}-{name.removesuffix('_id')}"
            data[key] = str(getattr(row, name)).replace("ULCER", "HEALED")
    data |= {"studies-TOTAL_FORMS": "5", "studies-INITIAL_FORMS": "5"}
    assert boss.post(page, data).status_code == 302
    study.refresh_from_db()
    assert (Patient.objects.get().first_name, study.description) == ("Zoila", "HEALED")
    assert Study.objects.filter(description="LATER").count() == 44


def test_a_page_of_studies_with_new_ones_fits_into_a_form(boss, study):
    StudyFactory.create_batch(19, patient=study.patient)
    data = form()
    for number, row in enumerate([*study.patient.studies.order_by("-id"), *[None] * 10]):
        for name in ("id", "patient_id", "urgency_level", "type", "body_part", "description"):
            value = getattr(row or study, name) if row or name != "id" else ""
            data[f"studies-{number}-{name.removesuffix('_id')}"] = str(value)
    data |= {"studies-TOTAL_FORMS": "30", "studies-INITIAL_FORMS": "20"}
    page = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(page, data).status_code == 302
    assert Study.objects.count() == 30


def test_a_list_shown_whole_can_be_archived(boss):
    patients = PatientFactory.create_batch(150)
    page = reverse(f"{PATIENTS}_changelist")
    data = {
        "action": "delete_selected",
        "_selected_action": [patient.pk for patient in patients],
    }
    assert "Are you sure" in boss.post(page, data).content.decode()
    assert boss.post(page, {**data, "post": "yes"}).status_code == 302
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"birth_date": "10/04/1955"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"email": "zora"}, "email"),
        ({"first_name": ""}, "first_name"),
        ({"studies-0-description": ""}, "description"),
        ({"studies-0-type": "PHOTO"}, "type"),
    ],
)
def test_admin_form_refuses_what_the_api_does(boss, study, values, field):
    before = list(Patient.everything.values()), list(Study.everything.values())
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(study, **values))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before


def test_admin_is_told_of_a_taken_address(boss, study):
    PatientFactory(email="taken@b.co")
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(study, email="TAKEN@b.co"), follow=True)
    assert "There is already a patient with this e-mail address." in answer.content.decode()
    assert Patient.objects.get(pk=study.patient_id).email == "zora@b.co"


def test_deleting_archives(boss, study):
    path = reverse(f"{PATIENTS}_delete", args=[study.patient_id])
    assert "ULCER" not in boss.get(path).content.decode()
    assert boss.post(path, {"post": "yes"}).status_code == 302
    assert Patient.everything.get().archived_at == Study.everything.get().archived_at is not None
    assert ("delete", "admin") in stories(study.patient)


def test_bulk_deleting_archives(boss, study):
    data = {"action": "delete_selected", "_selected_action": [study.patient_id], "post": "yes"}
    assert boss.post(reverse(f"{PATIENTS}_changelist"), data).status_code == 302
    assert (Patient.objects.count(), Patient.everything.count()) == (0, 1)


def test_archived_patients_are_apart_and_their_pages_read_only(boss, study):
    services.archive_patient(patient=study.patient)
    assert "Quispe" not in shown(boss, f"{PATIENTS}_changelist")
    assert "Quispe" in shown(boss, f"{PATIENTS}_changelist", archived="yes")
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.get(path).status_code == 200
    assert boss.post(path, form()).status_code == 403


def test_filter_by_urgency_ignores_archived_studies(boss, study):
    page = f"{PATIENTS}_changelist"
    assert "Quispe" in shown(boss, page, urgency="MID")
    assert "Quispe" not in shown(boss, page, urgency="HIGH")
    services.archive_study(study=study)
    assert "Quispe" not in shown(boss, page, urgency="MID")


def test_search_by_name_and_address(boss, study):
    page = f"{PATIENTS}_changelist"
    services.change_patient(patient=study.patient, first_name="Zoráida")
    for words in ("quispe", "ZORA@b", "zoráida quispe", "ZORAIDA", str(study.patient_id)):
        assert "Quispe" in shown(boss, page, q=words), words
    assert "Quispe" not in shown(boss, page, q="nobody")


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (
            "export_patients",
            [
                "first_name, last_name, birth_date, email, id",
                "Zoraida, Quispe, 1955-04-10, zora@b.co, 7",
            ],
        ),
        (
            "export_studies",
            [
                "urgency_level, body_part, description, type, patient_id",
                "MID, STOMACH, ULCER, MAMMOGRAM, 7",
            ],
        ),
    ],
)
def test_export_is_recorded_for_each_patient(boss, study, action, lines):
    Patient.objects.update(external_id="7")
    other = PatientFactory()
    data = {"action": action, "_selected_action": [study.patient_id]}
    answer = boss.post(reverse(f"{PATIENTS}_changelist"), data)
    content = b"".join(answer.streaming_content).decode()
    assert content.splitlines() == lines
    assert ("export", f"admin: {action.removeprefix('export_')}.csv") in stories(study.patient)
    assert stories(other) == []


# -- SUPPORT ----------------------------------------------------------------------------------
@pytest.mark.parametrize("archived", [False, True])
def test_support_sees_existence_and_nothing_else(support, study, archived):
    services.change_patient(patient=study.patient, first_name="Zoraida R.")
    if archived:
        services.archive_patient(patient=study.patient)
    query = {"archived": "yes"} if archived else {}
    pages = [
        shown(support, f"{PATIENTS}_changelist", **query),
        shown(support, f"{PATIENTS}_change", study.patient_id),
        shown(support, f"{PATIENTS}_history", study.patient_id),
        shown(support, f"{STUDIES}_changelist", **query),
        shown(support, f"{STUDIES}_change", study.pk),
        shown(support, f"{STUDIES}_history", study.pk),
        shown(support, "admin:core_journalentry_changelist"),
        shown(support, "admin:index"),
    ]
    assert "Z.Q." in pages[0]
    for page in pages:
        assert [secret for secret in SECRETS if secret in page] == []


def test_support_finds_by_whole_address_only(support, study):
    page = f"{PATIENTS}_changelist"
    assert "Z.Q." in shown(support, page, q="ZORA@b.co")
    for words in ("zora", "quispe", "zora@b.c"):
        assert "Z.Q." not in shown(support, page, q=words)


@pytest.mark.parametrize(
    "query",
    [
        {"last_name__startswith": "Q"},
        {"birth_date__year": "1955"},
        {"email__contains": "zora"},
        {"studies__type": "CT"},
        {"urgency": "HIGH"},
        {"birth_date__gte": "1950-01-01"},
    ],
)
def test_support_cannot_ask_around_by_the_address_bar(support, study, query):
    """Whatever is asked, the answer does not depend on what is hidden."""
    path = reverse(f"{PATIENTS}_changelist")
    match, other = (
        support.get(path, {name: value}).status_code
        for name, value in ((next(iter(query)), v) for v in (next(iter(query.values())), "nothing"))
    )
    content = support.get(path, query)
    assert match == other
    assert content.status_code in {302, 400} or "Z.Q." in content.content.decode()


def test_support_changes_and_exports_nothing(support, study):
    before = list(Patient.everything.values()), list(Study.everything.values())
    for address in (
        reverse(f"{PATIENTS}_change", args=[study.patient_id]),
        reverse(f"{PATIENTS}_delete", args=[study.patient_id]),
        reverse(f"{PATIENTS}_add"),
        reverse(f"{STUDIES}_change", args=[study.pk]),
        reverse(f"{STUDIES}_add"),
    ):
        assert support.post(address, form(study, post="yes")).status_code == 403, address
    for action in ("export_patients", "export_studies", "export_csv", "delete_selected"):
        data = {"action": action, "_selected_action": [study.patient_id], "post": "yes"}
        answer = support.post(reverse(f"{PATIENTS}_changelist"), data)
        assert answer["Content-Type"].startswith("text/html")
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before
    assert not JournalEntry.objects.filter(action="export").exists()


@pytest.mark.parametrize("role", ["SUPPORT", "ADMIN"])
def test_restore(role, study):
    services.archive_patient(patient=study.patient)
    client = client_of(role)
    page = shown(client, f"{PATIENTS}_changelist", archived="yes")
    assert 'value="restore"' in page
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    data = {"action": "restore", "_selected_action": [study.patient_id]}
    answer = client.post(path, data, follow=True)
    assert "1 patient restored." in answer.content.decode()
    assert (Patient.objects.count(), Study.objects.count()) == (1, 1)
    assert ("change", "admin") in stories(study.patient)


def test_restore_that_cannot_be_restores_none(support):
    gone = [PatientFactory(email=f"p{n}@b.co", archived=True) for n in range(2)]
    PatientFactory(email="p1@b.co")
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    data = {"action": "restore", "_selected_action": [patient.pk for patient in gone]}
    answer = support.post(path, data, follow=True)
    assert "There is already a patient with this e-mail address." in answer.content.decode()
    assert Patient.objects.count() == 1


def test_restore_a_study(support, study):
    services.archive_study(study=study)
    data = {"action": "restore", "_selected_action": [study.pk]}
    support.post(reverse(f"{STUDIES}_changelist") + "?archived=yes", data)
    assert Study.objects.get() == study


@pytest.mark.parametrize("role", ["CLINICIAN", "SELLER", "USER"])
def test_others_do_not_get_in(role, study):
    for address in (f"{PATIENTS}_changelist", f"{STUDIES}_changelist"):
        assert client_of(role).get(reverse(address)).status_code == 302


# -- what is left behind ----------------------------------------------------------------------
def test_every_look_in_the_admin_is_in_the_patients_story(boss, study):
    patient = study.patient
    for address, args in (
        (f"{PATIENTS}_changelist", ()),
        (f"{PATIENTS}_change", (patient.pk,)),
        (f"{PATIENTS}_history", (patient.pk,)),
        (f"{STUDIES}_changelist", ()),
        (f"{STUDIES}_change", (study.pk,)),
        (f"{STUDIES}_history", (study.pk,)),
    ):
        before = len(stories(patient))
        shown(boss, address, *args)
        new = stories(patient)[before:]
        assert [line[0] for line in new] == ["read"], address


def test_a_form_with_mistakes_and_an_action_of_nothing_are_looks_too(boss, study):
    patient = study.patient
    for address, args, data in (
        (f"{PATIENTS}_change", (patient.pk,), form(study, first_name="")),
        (f"{STUDIES}_change", (study.pk,), {}),
        (f"{PATIENTS}_changelist", (), {}),
        (f"{STUDIES}_changelist", (), {}),
    ):
        before = len(stories(patient))
        path = reverse(address, args=args)
        answer = boss.post(path, data)
        assert (answer.status_code, "STOMACH" in answer.content.decode()) == (
            200,
            address != f"{PATIENTS}_changelist",
        )
        assert stories(patient)[before:] == [("read", f"POST {path}")]


@pytest.mark.parametrize("role", ["ADMIN", "SUPPORT"])
def test_no_route_of_the_admin_searches_without_a_trace(role, study):
    query = {"app_label": "clinic", "model_name": "study", "field_name": "patient"}
    for term in ("quispe", "zora@b.co", ""):
        answer = client_of(role).get(reverse("admin:autocomplete"), {**query, "term": term})
        assert answer.status_code == 404
    answer = client_of(role).get(reverse("admin:search"), {"s": "quispe", "extended": "1"})
    assert f"/clinic/patient/{study.patient_id}/" not in answer.content.decode()
    assert stories(study.patient) == []


def test_the_journal_in_the_admin_filters_by_patient_and_action(boss, support, study):
    shown(support, f"{PATIENTS}_change", study.patient_id)
    page = "admin:core_journalentry_changelist"
    query = {"model": "clinic.Patient", "q": str(study.patient_id)}
    looked = 'class="field-reason'
    assert looked in shown(boss, page, action__exact="read", **query)
    assert looked not in shown(boss, page, action__exact="export", **query)


def test_lists_in_the_admin_cost_the_same(boss, django_assert_max_num_queries):
    path = reverse(f"{STUDIES}_changelist")
    boss.get(path)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        StudyFactory.create_batch(10)
        with CaptureQueriesContext(connection) as captured:
            boss.get(path)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("key", ["x", "0", "%00", "9" * 30])
def test_a_page_that_is_not_there_is_no_500(boss, key):
    for model in ("patient", "study"):
        for page in ("change", "history", "delete"):
            assert boss.get(f"/admin/clinic/{model}/{key}/{page}/").status_code in {302, 404, 400}
