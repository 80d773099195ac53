"""A picture is an image that its host has; another one can be asked for."""

import pytest

import sandbox
from core.models import JournalEntry
from core.roles import Role
from dogs import pictures, services
from dogs.models import Dog
from dogs.tests.factories import DogFactory
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

PATH = "/api/dogs/Lazy/picture"


@pytest.fixture
def hosts(settings):
    services.upstream.cache_clear()
    pictures.host.cache_clear()
    with sandbox.running() as server:
        settings.DOG_API_URL = f"{server.url}/dogs/api"
        settings.DOG_PICTURES_URL = f"{server.url}/pictures"
        yield server
    services.upstream.cache_clear()
    pictures.host.cache_clear()


def look(dog):
    """Look for the dog's picture once and return what it has then."""
    services.fetch_picture(pk=dog.pk)
    return Dog.objects.values_list("picture", "picture_status", "picture_attempts").get()


def test_a_picture_that_is_there(hosts):
    picture, status, attempts = look(DogFactory())
    assert (picture[:27], status, attempts) == ("https://images.dog.ceo/bree", "ready", 1)
    assert hosts.calls("pictures") == 1


@pytest.mark.parametrize("ending", ["jpg", "JPG", "jpeg", "png", "gif", "webp", "jpg?width=10&b="])
def test_images(ending):
    assert pictures.is_allowed(f"https://images.dog.ceo/breeds/a/1.{ending}")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404},
        {"status": 403},
        {"status": 410},
        {"redirect": "https://images.dog.ceo/removed.jpg"},
        {"wrong_type": True},
        {"garbage": True},
    ],
)
def test_what_its_host_denies_is_refused_and_another_one_is_tried(hosts, fault):
    hosts.faults.set("pictures", **fault)
    dog = DogFactory()
    assert look(dog) == ("", "pending", 1)
    assert JournalEntry.objects.count() == 0
    hosts.faults.clear("pictures")
    Dog.objects.update(picture_due_at=dog.create_date)
    picture, status, attempts = look(dog)
    assert (status, attempts) == ("ready", 2)
    assert picture.startswith("https://images.dog.ceo/breeds/hound-afghan/")


def test_a_host_without_any_picture_fails_in_the_end(hosts):
    hosts.faults.set("pictures", status=404)
    dog = DogFactory(picture_attempts=services.pictures.max_attempts - 1)
    assert look(dog) == ("", "failed", services.pictures.max_attempts)


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 405}, {"retry_after": 1}, {"reset": True}]
)
def test_a_host_that_cannot_say_is_believed(hosts, fault):
    hosts.faults.set("pictures", **fault)
    assert look(DogFactory())[1:] == ("ready", 1)


def test_without_a_host_of_ones_own_the_pictures_is_asked(settings, monkeypatch):
    settings.DOG_PICTURES_URL = ""
    asked = []

    class Host:
        def __init__(self, base):
            self.base = base

        def media_type(self, path, params):
            asked.append((self.base, path, params))
            return "image/jpeg"

    monkeypatch.setattr(pictures, "host", Host)
    assert pictures.is_there("https://images.dog.ceo/a%20b.jpg?w=1")
    assert asked == [("https://images.dog.ceo", "/a b.jpg", {"w": "1"})]


# -- another one ---------------------------------------------------------------------------------
@pytest.mark.parametrize("before", ["ready", "failed"])
def test_another_picture(user_api, published, django_capture_on_commit_callbacks, before):
    ready = before == "ready"
    dog = DogFactory(name="Lazy", ready=ready, picture_status=before, picture_attempts=12)
    with django_capture_on_commit_callbacks(execute=True):
        response = user_api.post("/api/dogs/lazy/picture")
    assert response.status_code == 202
    assert response.json() == user_api.get("/api/dogs/Lazy").json()
    stored = Dog.objects.get()
    found = (stored.picture, stored.picture_status, stored.picture_attempts)
    assert found == ("", "pending", 0)
    assert [(task, sent["pk"]) for task, sent in published] == [
        ("dogs.tasks.fetch_picture", dog.pk)
    ]
    entry = JournalEntry.objects.get(model="dogs.Dog")
    assert entry.changes["picture_status"] == [before, "pending"]


def test_who_asks_while_one_is_looked_for_gets_that_one(
    user_api, published, django_capture_on_commit_callbacks
):
    DogFactory(name="Lazy", picture_attempts=3)
    before = Dog.objects.values().get()
    with django_capture_on_commit_callbacks(execute=True):
        assert user_api.post(PATH).status_code == 202
    assert (Dog.objects.values().get(), published) == (before, [])
    assert not JournalEntry.objects.filter(model="dogs.Dog").exists()


def test_who_may_ask(api, client_for):
    DogFactory(name="Lazy", ready=True)
    assert_problem(api.post(PATH), 401, "not_authenticated")
    assert Dog.objects.get().picture_status == "ready"
    assert client_for(Role.USER).post(PATH).status_code == 202


def test_a_picture_of_nobody(user_api):
    assert_problem(user_api.post("/api/dogs/Nobody/picture"), 404, "not_found")


def test_a_repeated_key_asks_once(user_api, published, django_capture_on_commit_callbacks):
    DogFactory(name="Lazy", ready=True)
    with django_capture_on_commit_callbacks(execute=True):
        first, again = (user_api.post(PATH, HTTP_IDEMPOTENCY_KEY="p1") for _ in range(2))
    assert (first.status_code, again.content) == (202, first.content)
    assert len(published) == 1
