"""What support staff do with dogs and files."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_writes import updates_of
from dogs.models import Adoption, Dog, RelayedFile
from dogs.tests.factories import DogFactory, RelayedFileFactory
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

DOGS = "/admin/dogs/dog/"
FILES = "/admin/dogs/relayedfile/"


@pytest.fixture(params=[Role.ADMIN, Role.SUPPORT])
def staff(client, request):
    client.user = UserFactory(role=request.param)
    client.force_login(client.user)
    return client


def act(client, path: str, action: str, *rows):
    return client.post(
        path, {"action": action, "_selected_action": [str(row.pk) for row in rows]}, follow=True
    )


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_others_are_sent_to_the_login_page(client, role):
    client.force_login(UserFactory(role=role))
    response = client.get(DOGS)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=laz",
        "?is_adopted__exact=1",
        "?picture_status__exact=failed",
        "?p=1",
        "?o=1",
        "?q=%00",
    ],
)
def test_lists(staff, query):
    DogFactory(name="Lazy", owner=UserFactory())
    RelayedFileFactory()
    assert staff.get(DOGS + query).status_code == 200
    assert staff.get(FILES + ("?q=x" if query else "")).status_code == 200


def test_list_costs_the_same_at_1_10_and_50_rows(staff):
    counts = []
    for size in (1, 9, 40):
        DogFactory.create_batch(size, owner=UserFactory())
        with CaptureQueriesContext(connection) as queries:
            staff.get(DOGS)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    counted = [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()]
    assert all("LIMIT 10001" in sql for sql in counted)


def test_add_goes_through_the_service(staff, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = staff.post(DOGS + "add/", {"name": "Lazy", "is_adopted": "on"})
    assert response.status_code == 302
    dog = Dog.objects.get()
    assert (dog.name, dog.is_adopted, dog.picture_status) == ("Lazy", True, "pending")
    assert [task for task, _arguments in published] == ["dogs.tasks.fetch_picture"]
    entry = JournalEntry.objects.get(model="dogs.Dog")
    assert (entry.action, entry.actor_id) == ("create", staff.user.pk)


def test_taken_name_gets_a_message_and_changes_nothing(staff):
    DogFactory(name="Lazy")
    response = staff.post(DOGS + "add/", {"name": "LAZY"}, follow=True)
    assert "There is already a dog of this name." in response.content.decode()
    assert Dog.objects.count() == 1
    assert not JournalEntry.objects.filter(model="dogs.Dog").exists()


@pytest.mark.parametrize("name", ["is_adopted", "", "a/b", "x" * 101, "a\x00b"])
def test_unusable_name_gets_a_message(staff, name):
    assert staff.post(DOGS + "add/", {"name": name}).status_code == 200
    assert Dog.objects.count() == 0


def test_change_leaves_a_history(staff):
    dog = DogFactory(name="Lazy")
    page = f"{DOGS}{dog.pk}/change/"
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"name": "Eager"}).status_code == 302
    dog.refresh_from_db()
    assert dog.name == "Eager"
    with updates_of(Dog) as updates:
        assert staff.post(page, {"name": "Eager"}).status_code == 302
    assert updates == []
    assert JournalEntry.objects.filter(model="dogs.Dog").count() == 1
    history = staff.get(f"{DOGS}{dog.pk}/history/").content.decode()
    assert "Lazy → Eager" in history
    assert str(staff.user) in history


def test_owner_and_flag_are_in_step(staff):
    owner = UserFactory()
    dog = DogFactory(name="Lazy")
    page = f"{DOGS}{dog.pk}/change/"
    staff.post(page, {"name": "Lazy", "owner": owner.pk})
    assert Dog.objects.values_list("is_adopted", "owner").get() == (True, owner.pk)
    text = staff.get(page).content.decode()
    assert f"{owner}: " in text
    staff.post(page, {"name": "Lazy", "owner": owner.pk})  # unticked
    assert Dog.objects.values_list("is_adopted", "owner").get() == (False, None)
    assert Adoption.objects.values_list("owner", "end_reason").get() == (owner.pk, "returned")
    assert "the dog came back" in staff.get(page).content.decode()


def test_a_new_dog_with_an_owner_is_adopted(staff):
    owner = UserFactory()
    staff.post(DOGS + "add/", {"name": "Lazy", "owner": owner.pk})
    assert Dog.objects.values_list("is_adopted", "owner").get() == (True, owner.pk)
    assert Adoption.objects.get().owner == owner


def test_a_contradiction_gets_a_message_and_changes_nothing(staff):
    dog = DogFactory(name="Lazy", is_adopted=True)
    page = f"{DOGS}{dog.pk}/change/"
    response = staff.post(page, {"name": "Lazy", "owner": UserFactory().pk}, follow=True)
    assert "A dog with an owner is adopted" in response.content.decode()
    assert Dog.objects.values_list("is_adopted", "owner").get() == (True, None)


def test_undo_adoptions(staff):
    dogs = [DogFactory(owner=UserFactory()), DogFactory(is_adopted=True), DogFactory()]
    response = act(staff, DOGS, "release", *dogs)
    assert "2 dogs are free again." in response.content.decode()
    assert not Dog.objects.filter(is_adopted=True).exists()
    ends = Adoption.objects.values_list("end_reason", flat=True)
    assert list(ends) == ["returned", "returned"]
    assert JournalEntry.objects.filter(model="dogs.Dog", action="change").count() == 2


def test_another_picture(staff, published, django_capture_on_commit_callbacks):
    later = timezone.now() + timedelta(hours=1)
    ready, waits = DogFactory(ready=True), DogFactory(picture_attempts=4, picture_due_at=later)
    failed = DogFactory(picture_status="failed", picture_attempts=12, picture_error="dogs: timeout")
    other = DogFactory(ready=True)
    with django_capture_on_commit_callbacks(execute=True):
        response = act(staff, DOGS, "fetch_picture_again", ready, waits, failed)
    assert "3 pictures are fetched again." in response.content.decode()
    names = ("picture", "picture_status", "picture_attempts", "picture_error")
    rows = {row.pk: tuple(getattr(row, name) for name in names) for row in Dog.objects.all()}
    fresh = ("", "pending", 0, "")
    kept = (other.picture, "ready", 0, "")
    assert rows == {ready.pk: fresh, waits.pk: fresh, failed.pk: fresh, other.pk: kept}
    assert not Dog.objects.filter(picture_due_at__gt=timezone.now()).exists()
    sent = {arguments["pk"] for _task, arguments in published}
    assert sent == {ready.pk, waits.pk, failed.pk}


def test_another_picture_from_the_dogs_own_page_with_the_cause(staff, published):
    dog = DogFactory(picture_status="failed", picture_attempts=12, picture_error="dogs: timeout")
    page = f"/admin/dogs/dog/{dog.pk}/picture/"
    assert "dogs: timeout" in staff.get(f"{DOGS}{dog.pk}/change/").content.decode()
    assert "dogs: timeout" in staff.get(page).content.decode()
    assert staff.post(page, {"reason": ""}).status_code == 200
    dog.refresh_from_db()
    assert (dog.picture_status, dog.picture_attempts) == ("failed", 12)
    response = staff.post(page, {"reason": "dog.ceo is back"})
    assert (response.status_code, response["Location"]) == (302, f"{DOGS}{dog.pk}/change/")
    dog.refresh_from_db()
    assert (dog.picture_status, dog.picture_attempts, dog.picture_error) == ("pending", 0, "")
    entry = JournalEntry.objects.get(model="dogs.Dog", object_id=str(dog.pk))
    assert (entry.reason, entry.changes) == (
        "dog.ceo is back",
        {"picture_status": ["failed", "pending"]},
    )


def test_send_again(staff, published, django_capture_on_commit_callbacks):
    relayed = RelayedFileFactory(status="failed", attempts=12)
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, FILES, "relay_again", relayed)
    relayed = RelayedFile.objects.get()
    assert (relayed.status, relayed.attempts) == ("pending", 0)
    assert [arguments["pk"] for _task, arguments in published] == [str(relayed.pk)]
    entry = JournalEntry.objects.get(model="dogs.RelayedFile")
    assert entry.changes == {"status": ["failed", "pending"]}


def test_a_file_on_its_way_is_not_sent_twice(staff, published, django_capture_on_commit_callbacks):
    relayed = RelayedFileFactory(attempts=1)
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, FILES, "relay_again", relayed)
    assert RelayedFile.objects.get().attempts == 1
    assert published == []
    assert not JournalEntry.objects.filter(model="dogs.RelayedFile").exists()


def test_export_is_inert_and_leaves_an_entry(staff):
    DogFactory(name="=1+1")
    response = staff.post(
        DOGS,
        {"action": "export_csv", "_selected_action": [str(Dog.objects.get().pk)]},
    )
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert "'=1+1" in lines[1].split(",")
    entry = JournalEntry.objects.get(action="export")
    assert (entry.model, entry.count) == ("dogs.Dog", 1)


def test_files_are_read_only(staff):
    relayed = RelayedFileFactory()
    assert staff.get(f"{FILES}{relayed.pk}/change/").status_code == 200
    assert staff.post(f"{FILES}{relayed.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.get(FILES + "add/").status_code == 403
    assert RelayedFile.objects.count() == 1


def test_support_deletes_nothing(client):
    dog = DogFactory()
    client.force_login(UserFactory(role=Role.SUPPORT))
    assert client.post(f"{DOGS}{dog.pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, DOGS, "delete_selected", dog)
    assert Dog.objects.count() == 1
    client.force_login(UserFactory(role=Role.ADMIN))
    assert client.post(f"{DOGS}{dog.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Dog.objects.count() == 0
    assert JournalEntry.objects.get(model="dogs.Dog").action == "delete"
