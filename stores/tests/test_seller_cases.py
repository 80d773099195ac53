"""Sellers file support cases and follow them; uploads that nobody can read are cases, too."""

import uuid

import pytest

from core.cases import Report
from core.models import JournalEntry
from core.signals import case_changed
from stores import clock
from stores.models import Clock, RejectedUpload, SellerCase, Unrecognised, UnrecognisedGroup
from stores.services import seller_cases
from stores.services.visits import process_rejected
from stores.tests.factories import AssignmentFactory, SellerFactory
from stores.tests.factories_cases import SellerCaseFactory
from stores.tests.helpers_cases import GTIN, waiting, with_items, work
from stores.tests.helpers_constraints import change
from stores.tests.helpers_push import push, pushed, rows, visit
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem
from users.services import remove_user

pytestmark = pytest.mark.django_db
CASES = "/api/sync/cases"


def case(**fields):
    """Return a case as a phone files it."""
    return {
        "id": str(uuid.uuid4()),
        "kind": "service_failure",
        "subject": "La cámara no abre",
        "details": "Pantalla negra.\nDos veces.",
        "visit_id": None,
        "request_id": None,
        "_deleted": False,
        **fields,
    }


def filed(client, *documents):
    """File cases that are taken; return the documents of the answer."""
    answer = client.post(CASES, rows(*documents))
    assert answer.status_code == 200, answer.content
    return answer.json()


def documents(client, **position):
    """Return what a phone pulls."""
    return client.get(CASES, position).json()["documents"]


def test_a_case_is_filed_reported_answered_and_followed(keeper, phone, seller):
    sent = case(visit_id=str(uuid.uuid4()), request_id="r-1", app_version="3.2.0")
    (master,) = filed(phone, sent)
    assert master == {
        **{name: value for name, value in sent.items() if name != "app_version"},
        "state": "new",
        "number": "",
        "answer": "",
        "updated_at": master["updated_at"],
    }
    assert filed(phone, master) == []
    work()
    (report,) = keeper.reports
    assert (report.kind, report.subject, report.reporter_id) == (
        "service_failure",
        "La cámara no abre",
        seller.pk,
    )
    assert (report.label, report.object_id) == ("stores.SellerCase", sent["id"])
    assert (report.request_id, report.app_version) == ("r-1", "3.2.0")
    assert report.links == {"stores.Visit": sent["visit_id"]}
    (after,) = documents(phone)
    assert (after["number"], after["state"]) == ("C-1", "new")
    keeper.change(1, state="waiting_seller", answer="¿Qué teléfono?")
    work()
    (after,) = documents(phone)
    assert (after["state"], after["answer"]) == ("waiting_seller", "¿Qué teléfono?")
    assert after["details"] == sent["details"]
    assert waiting() == 0


def test_replays_add_nothing_and_other_content_is_answered_with_what_is_stored(phone, seller):
    sent = case()
    (master,) = filed(phone, sent)
    seq = Clock.objects.get(key=clock.seller_key(seller.pk)).seq
    with nothing_changes():
        assert filed(phone, sent, sent) == [master, master]
        assert filed(phone, {**sent, "subject": "Otra cosa"}) == [master]
        assert filed(phone, {**sent, "_deleted": True}) == []
    assert Clock.objects.get(key=clock.seller_key(seller.pk)).seq == seq
    entry = JournalEntry.objects.get(model="stores.SellerCase")
    assert (entry.action, entry.count) == ("create", 1)


def test_an_id_of_another_sellers_case_is_taken_and_shows_nothing_of_it(phone, client_for):
    sent = case()
    filed(client_for(SellerFactory()), {**sent, "subject": "Secreto"})
    filed(phone, case())
    with nothing_changes():
        (answer,) = filed(phone, sent)
    assert answer == {
        **sent,
        "state": "rejected",
        "flags": ["id_taken"],
        "problems": [{"field": "id", "code": "id_taken"}],
    }


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"id": None}, "id", "required"),
        ({"id": "x"}, "id", "invalid"),
        ({"id": str(uuid.UUID(int=0))}, "id", "invalid"),
        ({"kind": None}, "kind", "required"),
        ({"kind": "question"}, "kind", "invalid_choice"),
        ({"kind": {}}, "kind", "invalid_choice"),
        ({"subject": None}, "subject", "required"),
        ({"subject": " \u200b"}, "subject", "required"),
        ({"subject": 7}, "subject", "invalid"),
        ({"subject": "a" * 201}, "subject", "max_length"),
        ({"subject": "a\nb"}, "subject", "invalid_text"),
        ({"details": "a" * 4001}, "details", "max_length"),
        ({"details": ["a"]}, "details", "invalid"),
        ({"details": "a\u202eb"}, "details", "invalid_text"),
        ({"visit_id": 3}, "visit_id", "invalid"),
        ({"visit_id": "x"}, "visit_id", "invalid"),
        ({"request_id": "a" * 65}, "request_id", "max_length"),
        ({"request_id": {}}, "request_id", "invalid"),
    ],
)
@pytest.mark.usefixtures("unpromised")  # what was sent comes back as it was, whatever it is
def test_a_case_that_cannot_be_read_is_answered_whole_and_holds_up_no_other(
    phone, wrong, field, code
):
    sent, good = case(**wrong), case()
    answer = filed(phone, sent, good)
    assert answer[0] == {
        **sent,
        "state": "rejected",
        "flags": ["invalid"],
        "problems": [{"field": field, "code": code}],
    }
    assert [str(one.pk) for one in SellerCase.objects.all()] == [good["id"]]
    assert not RejectedUpload.objects.exists()


def test_a_text_cut_inside_an_emoji_is_repaired(phone):
    body = b'[{"newDocumentState":{"id":"%s","kind":"service_failure","subject":"a \\ud83d"}}]'
    answer = phone.generic(
        "POST", CASES, body % str(uuid.uuid4()).encode(), content_type="application/json"
    )
    assert answer.status_code == 200
    assert answer.json()[0]["subject"] == "a \ufffd"


def test_a_body_that_is_no_push_is_refused(phone, client_for):
    assert_problem(phone.post(CASES, {}), 400, "json_not_an_array")
    assert_problem(phone.post(CASES, rows(*[case()] * 101)), 413, "too_many_rows")
    assert_problem(phone.post(CASES, [{"id": 1}]), 400, "invalid")
    for role in ("ADMIN", "SUPPORT", "USER"):
        assert client_for(role).post(CASES, rows(case())).status_code == 403
    assert not SellerCase.objects.exists()


def test_nobodys_case_is_seen_by_another_seller(phone, client_for):
    filed(phone, case())
    assert documents(client_for(SellerFactory())) == []


def test_the_head_says_how_far_the_cases_are_and_visits_have_a_number_of_their_own(
    keeper, phone, store
):
    assert phone.get("/api/sync").json()["heads"]["cases"] == 0
    pushed(phone, visit(store))
    filed(phone, case())
    heads = phone.get("/api/sync").json()["heads"]
    assert (heads["visits"], heads["cases"]) == (1, 2)
    page = phone.get(CASES).json()
    assert page["checkpoint"]["seq"] == 2
    assert documents(phone, **page["checkpoint"]) == []
    work()
    assert phone.get("/api/sync").json()["heads"]["visits"] == 1
    (after,) = documents(phone, **page["checkpoint"])
    assert after["number"] == "C-1"
    assert_problem(phone.get(CASES, {**page["checkpoint"], "seq": 99}), 409, "resync_required")


def test_where_nobody_keeps_cases_they_wait_and_are_reported_later(nobody, phone, store, request):
    filed(phone, case())
    pushed(phone, with_items(store, GTIN))
    work()
    assert waiting() == 0
    assert "cases" not in phone.get("/api/sync").json()["heads"]
    (document,) = documents(phone)
    assert (document["state"], document["number"]) == ("new", "")
    assert UnrecognisedGroup.objects.get().occurrences == 1
    assert seller_cases.report_what_waits() == 0
    keeper = request.getfixturevalue("keeper")
    assert seller_cases.report_what_waits() == 2
    work()
    assert {one.kind for one in keeper.views.values()} == {"unrecognised", "service_failure"}
    assert {one["number"] for one in documents(phone)} == {"C-1", "C-2"}
    assert seller_cases.report_what_waits() == 0


def test_a_rejected_upload_is_a_case_that_ends_when_it_is_processed(keeper, phone, store, seller):
    sent = visit(store, seen=None)
    pushed(phone, sent)
    pushed(phone, sent)
    work()
    (report,) = keeper.reports
    upload = RejectedUpload.objects.get()
    assert report.kind == "service_failure"
    assert report.details == "seen: required"
    assert report.links == {"stores.Visit": sent["id"], "stores.RejectedUpload": str(upload.pk)}
    (document,) = documents(phone)
    assert (document["number"], document["visit_id"]) == ("C-1", sent["id"])
    raw = upload.raw.replace('"seen":null', '"seen":[]')
    change(upload, raw=raw)
    upload.refresh_from_db()
    process_rejected(upload=upload)
    work()
    (document,) = documents(phone)
    assert (document["state"], document["answer"]) == ("resolved", "The upload was processed.")
    assert waiting() == 0


def test_a_case_that_a_seller_files_elsewhere_reaches_the_phone(keeper, phone, seller):
    keeper.report(Report(kind="question", subject="¿Cuándo pagan?", reporter_id=seller.pk))
    keeper.report(Report(kind="question", subject="¿Y esto?", reporter_id=1_000_000))
    assert documents(phone) == []  # not stamped yet
    work()
    (document,) = documents(phone)
    assert (document["kind"], document["number"]) == ("question", "C-1")
    keeper.change(1, state="resolved", answer="El viernes.")
    work()
    assert [one["answer"] for one in documents(phone)] == ["El viernes."]
    assert SellerCase.objects.count() == 1


def test_one_more_occurrence_is_no_news_for_the_sellers_before(keeper, phone, store, client_for):
    pushed(phone, with_items(store, GTIN))
    work()
    (before,) = documents(phone)
    other = AssignmentFactory(seller=SellerFactory())
    theirs = client_for(other.seller)
    pushed(theirs, with_items(other.establishment, GTIN))
    work()
    assert keeper.reports[-1].occurrences == 2
    assert documents(phone) == [before]
    assert [one["number"] for one in documents(theirs)] == ["C-1"]


def test_news_of_an_unknown_case_and_of_odd_objects_change_nothing(keeper):
    with nothing_changes():
        case_changed.send(sender=None, case_id=77)
        for label in ("stores.SellerCase", "stores.UnrecognisedGroup", "dogs.Dog"):
            keeper.report(Report(kind="k", subject="s", label=label, object_id="x\x00"))


def test_a_removed_seller_leaves_no_text(keeper, phone, store, seller):
    filed(phone, case())
    photo = "0195c1ca-0000-7000-8000-000000000001"
    unnamed = [{"text": "yogur de Ana", "photo": photo}, {"gtin": GTIN, "text": "mi yogur"}]
    push(phone, visit(store, unrecognised=unnamed))
    work()
    remove_user(user=seller)
    assert not SellerCase.objects.exists()
    assert list(
        Unrecognised.objects.order_by("item").values_list("text", "value", "photo_id", "kind")
    ) == [("", "", None, "text"), ("", f"0{GTIN}", None, "gtin")]
    UnrecognisedGroup.objects.update(status="pending")
    change(UnrecognisedGroup.objects.earliest("pk"), case_id=None)
    work()
    assert not SellerCase.objects.exists()


@pytest.mark.parametrize("count", [1, 10, 50])
def test_a_page_of_cases_costs_the_same(phone, seller, django_assert_num_queries, count):
    documents(phone)
    SellerCaseFactory.create_batch(count, seller=seller)
    with django_assert_num_queries(3):
        assert len(documents(phone)) == count
