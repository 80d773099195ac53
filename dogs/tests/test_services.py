"""Pictures, files and owners: what happens in the background, and when it goes wrong."""

import errno
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import responses
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.utils import timezone

from core import signals
from core.jobs.work import sweep_all
from core.models import JournalEntry
from core.tests.locks import wait_until_somebody_waits
from dogs import retention, services, tasks
from dogs.errors import DogNameTaken
from dogs.models import Dog, RelayedFile
from dogs.tests.factories import DogFactory, RelayedFileFactory
from users.services import remove_user
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

API = "https://dog.example/api"
RANDOM = f"{API}/breeds/image/random"
PICTURE = "https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg"
RELAY = "https://relay.example/api"


@pytest.fixture(autouse=True)
def _upstreams(settings):
    settings.DOG_API_URL = API
    settings.RELAY_API_URL = RELAY


@pytest.fixture
def upstream():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_register_dog_queues_its_picture_after_commit(
    published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        dog = services.register_dog(name="Lazy")
        assert published == []
    assert published == [("dogs.tasks.fetch_picture", {"pk": dog.pk, "request_id": ""})]
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.model, entry.object_id) == ("create", "dogs.Dog", str(dog.pk))
    assert entry.changes["name"] == [None, "Lazy"]


def test_taken_name_leaves_nothing_behind(published):
    DogFactory(name="Lazy")
    with pytest.raises(DogNameTaken), transaction.atomic():
        services.register_dog(name="lazy")
    assert list(Dog.objects.values_list("name", flat=True)) == ["Lazy"]
    assert (JournalEntry.objects.count(), published) == (0, [])


def test_fetch_picture(upstream):
    upstream.get(RANDOM, json={"message": PICTURE, "status": "success"})
    dog = DogFactory()
    tasks.fetch_picture(pk=dog.pk, request_id="request-1")
    dog.refresh_from_db()
    assert (dog.picture, dog.picture_status, dog.picture_attempts) == (PICTURE, "ready", 1)
    entry = JournalEntry.objects.get()
    assert entry.changes == {"picture": ["", PICTURE], "picture_status": ["pending", "ready"]}
    assert (entry.actor_kind, entry.actor_label) == ("task", "dogs.tasks.fetch_picture")
    assert entry.request_id == "request-1"


def test_fetch_picture_twice_asks_once(upstream):
    upstream.get(RANDOM, json={"message": PICTURE, "status": "success"})
    dog = DogFactory()
    services.fetch_picture(pk=dog.pk)
    services.fetch_picture(pk=dog.pk)
    assert [call.request.url for call in upstream.calls].count(RANDOM) == 1
    assert JournalEntry.objects.count() == 1


def test_fetch_picture_of_a_dog_that_is_gone(upstream):
    services.fetch_picture(pk=1)
    assert len(upstream.calls) == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "http://images.dog.ceo/1.jpg", "status": "success"},
        {"message": "https://evil.example/1.jpg", "status": "success"},
        {"message": "https://images.dog.ceo@evil.example/1.jpg", "status": "success"},
        {"message": "https://images.dog.ceo:8443/1.jpg", "status": "success"},
        {"message": "https://images.dog.ceo:port/1.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/ñ.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/" + "x" * 500, "status": "success"},
        {"message": "https://images.dog.ceo/1\n.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/1.jpg?\x00", "status": "success"},
        {"message": " https://images.dog.ceo/1.jpg", "status": "success"},
        {"message": "https://images.dog.ceo", "status": "success"},
        {"message": "https://images.dog.ceo/", "status": "success"},
        {"message": "https://images.dog.ceo/wiki.txt", "status": "success"},
        {"message": "https://images.dog.ceo/wiki.txt?x=.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/wiki.txt#.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/1.jpg/", "status": "success"},
        {"message": "https://images.dog.ceo/.jpg", "status": "success"},
        {"message": "https://images.dog.ceo/1.svg", "status": "success"},
        {"message": "https://images.dog.ceo/1jpg", "status": "success"},
        {"message": "https://images.dog.ceo/%2e%2e/1.jpg", "status": "success"},
        {"message": "javascript:alert(1)", "status": "success"},
        {"message": "https://[::1/1.jpg", "status": "success"},
        {"message": None, "status": "success"},
        {"message": [PICTURE], "status": "success"},
        {"message": PICTURE, "status": "error"},
        {},
    ],
)
def test_a_picture_from_elsewhere_is_refused(upstream, answer):
    upstream.get(RANDOM, json=answer)
    dog = DogFactory()
    services.fetch_picture(pk=dog.pk)
    dog.refresh_from_db()
    assert (dog.picture, dog.picture_status, dog.picture_attempts) == ("", "pending", 1)
    assert dog.picture_due_at > timezone.now()
    assert JournalEntry.objects.count() == 0


def test_upstream_failure_postpones_and_gives_up_in_the_end(upstream):
    upstream.get(RANDOM, status=404)
    dog = DogFactory(picture_attempts=services.pictures.max_attempts - 2)
    services.fetch_picture(pk=dog.pk)
    dog.refresh_from_db()
    assert dog.picture_status == "pending"
    Dog.objects.update(picture_due_at=timezone.now())
    services.fetch_picture(pk=dog.pk)
    dog.refresh_from_db()
    assert (dog.picture_status, dog.picture) == ("failed", "")
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.reason) == ("change", "given up")
    assert entry.changes == {"picture_status": ["pending", "failed"]}


def test_sweep_queues_again_what_is_overdue(published):
    overdue = DogFactory(picture_due_at=timezone.now() - timedelta(minutes=1))
    DogFactory(picture_due_at=timezone.now() + timedelta(minutes=1))
    DogFactory(ready=True, picture_due_at=timezone.now() - timedelta(minutes=1))
    file = RelayedFileFactory(due_at=timezone.now() - timedelta(minutes=1))
    assert sweep_all() == 2
    assert published == [
        ("dogs.tasks.fetch_picture", {"pk": overdue.pk, "request_id": ""}),
        ("dogs.tasks.relay_file", {"pk": str(file.pk), "request_id": ""}),
    ]


def test_a_worker_that_died_holds_the_row_only_for_its_lease(upstream, published):
    dog = DogFactory()
    assert services.pictures.claim(dog.pk) == dog
    assert services.pictures.claim(dog.pk) is None
    assert sweep_all() == 0
    Dog.objects.update(picture_due_at=timezone.now() - timedelta(seconds=1))
    assert sweep_all() == 1
    assert services.pictures.claim(dog.pk) == dog


def test_a_first_message_has_five_seconds_to_arrive(published):
    dog = DogFactory(picture_due_at=timezone.now() - timedelta(seconds=4))
    assert sweep_all() == 0
    Dog.objects.update(picture_due_at=timezone.now() - timedelta(seconds=5))
    assert sweep_all() == 1
    assert published == [("dogs.tasks.fetch_picture", {"pk": dog.pk, "request_id": ""})]


def test_a_lease_goes_by_the_one_clock_that_all_workers_share(monkeypatch, published):
    dog, now = DogFactory(), timezone.now()
    lease = services.pictures.lease
    for moment, may_work in (
        (now, True),
        (now + lease - timedelta(seconds=1), False),
        (now + lease, True),
    ):
        monkeypatch.setattr("core.jobs.work.database_now", lambda moment=moment: moment)
        assert sweep_all() == int(may_work and moment > now)
        assert (services.pictures.claim(dog.pk) is not None) is may_work


def test_work_that_kills_its_workers_is_given_up(upstream, published):
    limit = services.pictures.max_attempts
    dog = DogFactory(picture_attempts=limit)  # claimed so often, and never heard of again
    services.fetch_picture(pk=dog.pk)
    dog.refresh_from_db()
    assert dog.picture_status == "failed"
    assert not upstream.calls
    assert JournalEntry.objects.get().changes == {"picture_status": ["pending", "failed"]}
    Dog.objects.update(picture_due_at=timezone.now() - timedelta(seconds=60))
    assert sweep_all() == 0


def test_removed_user_releases_its_dogs():
    leaver, other = UserFactory(), UserFactory()
    dog = DogFactory(owner=leaver, is_adopted=True)
    kept = DogFactory(owner=other)
    signals.user_removed.send(sender=None, user_id=leaver.pk)
    dog.refresh_from_db()
    kept.refresh_from_db()
    assert (dog.owner_id, kept.owner_id) == (None, other.pk)
    entry = JournalEntry.objects.get()
    assert (dog.is_adopted, kept.is_adopted) == (False, True)
    assert entry.changes == {"is_adopted": [True, False], "owner": [leaver.pk, None]}


def test_receive_and_relay_a_file(upstream, published, django_capture_on_commit_callbacks):
    upstream.post(f"{RELAY}/files", json={"filename": "remote.bin"})
    upload = SimpleUploadedFile("a.bin", b"\x00\x01\x02")
    with django_capture_on_commit_callbacks(execute=True):
        relayed = services.receive_file(upload=upload, owner=UserFactory())
    assert published == [
        ("dogs.tasks.relay_file", {"pk": str(relayed.pk), "request_id": ""}),
    ]
    tasks.relay_file(pk=str(relayed.pk))
    relayed.refresh_from_db()
    assert (relayed.status, relayed.remote_name, relayed.attempts) == ("sent", "remote.bin", 1)
    assert b"\x00\x01\x02" in upstream.calls[0].request.body
    assert [entry.action for entry in JournalEntry.objects.order_by("id")] == ["create", "change"]


@pytest.mark.parametrize(
    ("answer", "name"),
    [({"filename": "a\x00b\n"}, "ab"), ({"name": 7}, "7"), ({"filename": "x" * 300}, "x" * 255)],
)
def test_whatever_the_relay_calls_the_file_is_stored(upstream, answer, name):
    upstream.post(f"{RELAY}/files", json=answer)
    relayed = RelayedFileFactory()
    services.relay_file(pk=str(relayed.pk))
    relayed.refresh_from_db()
    assert (relayed.status, relayed.remote_name) == ("sent", name)


def test_a_file_that_another_worker_sent_meanwhile_has_one_history(upstream):
    relayed = RelayedFileFactory()

    def overtaken(_request):
        RelayedFile.objects.update(status="sent", remote_name="first")
        return 200, {}, '{"filename": "second"}'

    upstream.add_callback("POST", f"{RELAY}/files", overtaken)
    services.relay_file(pk=str(relayed.pk))
    relayed.refresh_from_db()
    assert (relayed.status, relayed.remote_name) == ("sent", "first")
    assert JournalEntry.objects.count() == 0


def test_relay_failure_postpones(upstream):
    upstream.post(f"{RELAY}/files", status=503)
    relayed = RelayedFileFactory()
    services.relay_file(pk=relayed.pk)
    relayed.refresh_from_db()
    assert (relayed.status, relayed.attempts) == ("pending", 1)
    assert relayed.due_at > timezone.now()


def test_relay_of_a_lost_file_does_not_crash(upstream):
    relayed = RelayedFileFactory()
    relayed.file.storage.delete(relayed.file.name)
    services.relay_file(pk=relayed.pk)
    assert RelayedFile.objects.get().status == "pending"


def test_a_file_whose_row_is_refused_is_removed(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)

    def refuse(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("core.audit.journal.record", refuse)
    with pytest.raises(RuntimeError), transaction.atomic():
        services.receive_file(upload=SimpleUploadedFile("a", b"x"), owner=UserFactory())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert RelayedFile.objects.count() == 0


def test_a_full_disk_leaves_neither_half_a_file_nor_a_row(
    user_api, monkeypatch, settings, tmp_path
):
    settings.MEDIA_ROOT = str(tmp_path)

    def write_half(storage, name, _content):
        path = Path(storage.path(name))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", write_half)
    upload = SimpleUploadedFile("a", b"half of it")
    response = user_api.post("/api/files", {"file": upload}, format="multipart")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response.json()["code"] == "service_unavailable"
    assert RelayedFile.objects.count() == 0
    stored = Path(RelayedFile._meta.get_field("file").storage.location)
    assert [path for path in stored.rglob("*") if path.is_file()] == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_being_removed_gets_no_dog(client_for):
    caller, leaver = client_for("USER"), UserFactory()
    answers = []

    def adopt() -> None:
        answers.append(caller.post("/api/dogs/Rex", {"id_user": leaver.pk}))
        connections.close_all()

    thread = threading.Thread(target=adopt)
    with transaction.atomic():
        locked = type(leaver).objects.select_for_update().get(pk=leaver.pk)
        thread.start()
        wait_until_somebody_waits()
        remove_user(user=locked)
    thread.join()
    assert answers[0].status_code == 400
    assert Dog.objects.count() == 0


def test_orphans_are_removed_when_they_are_old(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    kept = RelayedFileFactory()
    old, young = tmp_path / "files/ab/old", tmp_path / "files/ab/young"
    old.parent.mkdir(parents=True, exist_ok=True)
    for path in (old, young):
        path.write_bytes(b"x")
    for path in (old, tmp_path / kept.file.name):
        os.utime(path, (0, 0))
    assert tasks.remove_orphans() == 1
    assert not old.exists()
    assert young.exists()
    assert kept.file.storage.exists(kept.file.name)


def test_without_a_folder_there_are_no_orphans(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    assert retention.remove_orphans() == 0
