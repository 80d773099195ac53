"""A26: photos are looked at in the background, and what is found changes nothing by itself."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from core.models import JournalEntry
from sandbox.vision import TOKEN
from stores import drawing, tasks
from stores.models import Photo, Recognition, Visit
from stores.photos import files
from stores.photos.errors import StorageAway
from stores.recognition import http
from stores.services import recognising
from stores.services.photo_retention import expire
from stores.tests.factories import ProductFactory
from stores.tests.factories_recognition import RecognitionFactory
from stores.tests.helpers_photos import declared, picture, uploaded
from stores.tests.helpers_push import pushed, visit

pytestmark = pytest.mark.django_db
GTIN = "9520010000018"
SHELF = drawing.jpeg(drawing.shelf(GTIN, size=(800, 600)))


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    settings.RECOGNITION = ["barcode"]


@pytest.fixture
def vision(settings, sandbox_server):
    sandbox_server.reset()
    settings.RECOGNITION = ["http"]
    settings.RECOGNITION_API_URL = f"{sandbox_server.url}/vision/api"
    settings.RECOGNITION_API_TOKEN = TOKEN
    http.upstream.cache_clear()
    yield sandbox_server
    http.upstream.cache_clear()


@pytest.fixture
def sent(phone, store):
    """Return a function that sends a photo with its visit, and returns the look and the visit."""

    def send(data=SHELF):
        key = uuid.uuid4()
        (document,) = pushed(phone, visit(store, photos=[declared(key, data)], seen=[]))
        uploaded(phone, data, key=key)
        return Recognition.objects.get(photo=key), visit_row(document["id"])

    return send


def visit_row(key):
    """Return all that is stored of a visit."""
    return Visit.objects.filter(pk=key).values().get()


def due_now(look):
    Recognition.objects.filter(pk=look.pk).update(due_at=timezone.now())


def test_a_stored_photo_is_looked_at_and_the_product_is_suggested(
    sent, published, django_capture_on_commit_callbacks
):
    product = ProductFactory(gtin=GTIN)
    with django_capture_on_commit_callbacks(execute=True):
        look, before = sent()
    assert (look.adapter, look.status, look.found, look.attempts) == ("barcode", "pending", [], 0)
    queued = [arguments["pk"] for task, arguments in published if task == "stores.tasks.recognise"]
    assert queued == [look.pk]
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    [found] = look.found
    assert (look.status, look.problem, look.attempts) == ("done", "", 1)
    assert look.done_at is not None
    assert {**found, "box": len(found["box"])} == {
        "product": product.pk,
        "kind": "gtin",
        "value": GTIN,
        "box": 4,
        "confidence": None,
    }
    assert visit_row(before["id"]) == before


def test_a_photo_without_a_code_suggests_nothing_and_is_no_error(sent):
    ProductFactory(gtin=GTIN)
    look, before = sent(picture((800, 600)))
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.found, look.problem) == ("done", [], "")
    assert visit_row(before["id"]) == before


def test_a_dead_service_opens_the_breaker_and_the_photo_waits(vision, sent):
    vision.faults.set("vision", reset=True)
    look, before = sent()
    for attempt in range(1, 6):
        due_now(look)
        tasks.recognise(pk=look.pk)
        look.refresh_from_db()
        assert (look.status, look.attempts, look.problem) == (
            "pending",
            attempt,
            "recognition: connection",
        )
    called = vision.calls("vision")
    due_now(look)
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    # Nothing was tried, so that attempt does not count.
    assert (look.status, look.attempts, look.problem) == (
        "pending",
        5,
        "recognition: breaker_open",
    )
    assert vision.calls("vision") == called
    assert dt.timedelta(seconds=10) < look.due_at - timezone.now() <= dt.timedelta(seconds=15)
    assert visit_row(before["id"]) == before


def test_what_the_service_suggests_is_kept_when_it_is_back(vision, sent):
    vision.faults.set("vision", status=503, times=3)
    look, before = sent()
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.problem) == ("pending", "recognition: status 503")
    due_now(look)
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.problem, look.attempts) == ("done", "", 2)
    assert [one["kind"] for one in look.found] == ["label", "text"]
    assert visit_row(before["id"]) == before


def test_an_answer_that_says_what_it_may_not_is_not_kept(vision, sent):
    vision.faults.set("vision", wrong_type=True)
    look, _before = sent()
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.found, look.problem) == ("pending", [], "recognition: unexpected")


def test_the_same_message_twice_looks_once(sent, monkeypatch):
    look, _before = sent()
    looked = []
    recognise = recognising.adapters.barcode.recognise
    monkeypatch.setattr(
        recognising.adapters.barcode, "recognise", lambda one: looked.append(1) or recognise(one)
    )
    tasks.recognise(pk=look.pk)
    tasks.recognise(pk=look.pk)
    assert looked == [1]
    tasks.recognise(pk=look.pk + 1)


def test_with_manual_nobody_looks(settings, phone):
    settings.RECOGNITION = ["manual"]
    uploaded(phone, SHELF)
    assert Recognition.objects.count() == 0


def test_several_adapters_look_each_for_itself(settings, phone):
    settings.RECOGNITION = ["barcode", "manual", "http"]
    uploaded(phone, SHELF)
    looks = Recognition.objects.order_by("pk").values_list("adapter", "status")
    assert list(looks) == [("barcode", "pending"), ("http", "pending")]


def test_an_adapter_that_is_switched_off_meanwhile_looks_at_nothing(settings, sent):
    look, _before = sent()
    settings.RECOGNITION = ["manual"]
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.problem) == ("failed", recognising.SWITCHED_OFF)


def test_a_photo_whose_file_is_gone_is_looked_at_no_more(sent):
    look, _before = sent()
    files.delete(look.photo.file)
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.problem) == ("failed", recognising.GONE)


def test_a_storage_that_is_away_is_waited_for(sent, monkeypatch):
    def away(_name):
        raise StorageAway

    look, _before = sent()
    monkeypatch.setattr(files, "opened", away)
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.problem) == ("pending", recognising.STORAGE)


def test_other_bytes_under_the_same_id_are_looked_at_anew(sent):
    look, _before = sent()
    tasks.recognise(pk=look.pk)
    recognising.ask(look.photo)
    again = Recognition.objects.get()
    assert (again.pk, again.status, again.found, again.attempts) == (look.pk, "pending", [], 0)
    assert again.done_at is None


def test_a_look_that_ends_after_the_photo_was_asked_for_anew_is_not_kept(sent, monkeypatch):
    look, _before = sent()

    def meanwhile(_picture):
        recognising.ask(look.photo)
        return []

    monkeypatch.setattr(recognising.adapters.barcode, "recognise", meanwhile)
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert (look.status, look.done_at) == ("pending", None)


def test_asking_again_keeps_what_was_found_until_then_and_says_who_asked(sent):
    ProductFactory(gtin=GTIN)
    look, _before = sent()
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    found = look.found
    recognising.ask_again(recognition=look)
    look.refresh_from_db()
    assert (look.status, look.found, look.attempts) == ("pending", found, 0)
    [entry] = JournalEntry.objects.filter(model="stores.Recognition")
    assert (entry.action, entry.changes["status"]) == ("change", ["done", "pending"])
    tasks.recognise(pk=look.pk)
    look.refresh_from_db()
    assert look.status == "done"


def test_what_was_found_goes_with_the_photo(sent):
    look, _before = sent()
    other = RecognitionFactory()
    expire(Photo.objects.filter(pk=look.photo_id), reason="test")
    assert list(Recognition.objects.all()) == [other]
