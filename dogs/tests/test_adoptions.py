"""Adoption: one act and its undo, a history, and columns that cannot contradict it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import JournalEntry
from core.roles import Role
from dogs import adoptions
from dogs.models import Adoption, Dog
from dogs.tests.factories import DogFactory
from dogs.tests.helpers_adoptions import HISTORY, PATH, state
from tests.asserts import assert_problem
from users.services import remove_user
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def entries():
    rows = JournalEntry.objects.filter(model="dogs.Dog").order_by("id")
    return [(row.action, row.changes, row.reason) for row in rows]


# -- the act and its undo ------------------------------------------------------------------------
def test_adopt_and_undo(user_api):
    dog, owner = DogFactory(name="Lazy"), UserFactory()
    response = user_api.post(PATH, {"id_user": owner.pk})
    made = Adoption.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": made.pk,
        "id_user": owner.pk,
        "adopted_at": response.json()["adopted_at"],
        "ended_at": None,
        "end_reason": "",
    }
    assert "ETag" not in response
    shown = user_api.get("/api/dogs/Lazy").json()
    assert (shown["is_adopted"], shown["id_user"]) == (True, owner.pk)
    response = user_api.delete(PATH)
    assert (response.status_code, response.content) == (204, b"")
    assert state() == ((False, None), [(owner.pk, "returned")])
    assert entries() == [
        ("change", {"is_adopted": [False, True], "owner": [None, owner.pk]}, ""),
        ("change", {"is_adopted": [True, False], "owner": [owner.pk, None]}, "returned"),
    ]
    assert dog.pk == made.dog_id


def test_an_adopted_dog_is_409(user_api):
    owner, other = UserFactory(), UserFactory()
    DogFactory(name="Lazy", owner=owner)
    for candidate in (owner, other):
        assert_problem(user_api.post(PATH, {"id_user": candidate.pk}), 409, "dog_adopted")
    assert state() == ((True, owner.pk), [(owner.pk, "")])
    assert entries() == []


def test_a_dog_adopted_by_somebody_without_account_is_409_too(user_api):
    DogFactory(name="Lazy", is_adopted=True)
    response = user_api.post(PATH, {"id_user": UserFactory().pk})
    assert_problem(response, 409, "dog_adopted")
    assert state() == ((True, None), [(None, "")])


def test_undo_of_none_is_404(user_api):
    DogFactory(name="Lazy")
    assert_problem(user_api.delete(PATH), 404, "dog_not_adopted")
    assert (state(), entries()) == (((False, None), []), [])


@pytest.mark.parametrize("method", ["post", "delete"])
def test_unknown_dog(user_api, method):
    response = getattr(user_api, method)(PATH, {"id_user": UserFactory().pk})
    assert_problem(response, 404, "not_found")
    assert_problem(user_api.get(HISTORY), 404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"id_user": None}, {"id_user": 0}, {"id_user": 2**62}, {"id_user": "1"},
             {"id_user": True}, {"id_user": [1]}]
)  # fmt: skip
def test_nobody_to_adopt_it(user_api, body):
    DogFactory(name="Lazy")
    assert_problem(user_api.post(PATH, body), 400, "invalid", field="id_user")
    assert state() == ((False, None), [])


def test_a_deactivated_or_removed_user_adopts_nothing(user_api):
    DogFactory(name="Lazy")
    removed = UserFactory()
    remove_user(user=removed)
    for user in (UserFactory(is_active=False), removed):
        response = user_api.post(PATH, {"id_user": user.pk})
        assert_problem(response, 400, "invalid", field="id_user")
    assert state() == ((False, None), [])


def test_if_match_is_the_dogs(user_api):
    DogFactory(name="Lazy")
    body, tag = {"id_user": UserFactory().pk}, user_api.get("/api/dogs/Lazy")["ETag"]
    assert_problem(user_api.post(PATH, body, HTTP_IF_MATCH='"x"'), 412, "precondition_failed")
    assert state() == ((False, None), [])
    assert user_api.post(PATH, body, HTTP_IF_MATCH=tag).status_code == 201


def test_a_repeated_key_adopts_once(user_api):
    DogFactory(name="Lazy")
    body = {"id_user": UserFactory().pk}
    first, again = (user_api.post(PATH, body, HTTP_IDEMPOTENCY_KEY="a1") for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert Adoption.objects.count() == 1


def test_adoption_is_no_reserved_name(user_api):
    assert user_api.post("/api/dogs/adoption").status_code == 201
    assert user_api.post("/api/dogs/adoption/adoption", {"id_user": 10**9}).status_code == 400


# -- PUT, PATCH and POST keep both in step -------------------------------------------------------
OWNER, OTHER, NONE = "owner", "other", None


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("before", "body", "after", "history"),
    [
        # what the dog is, what is written, what it is then, how its adoptions ended
        ((False, NONE), {"id_user": OWNER}, (True, OWNER), [(OWNER, "")]),
        ((False, NONE), {"id_user": OWNER, "is_adopted": True}, (True, OWNER), [(OWNER, "")]),
        ((False, NONE), {"is_adopted": True}, (True, NONE), [(NONE, "")]),
        ((False, NONE), {"id_user": NONE}, (False, NONE), []),
        ((True, OWNER), {"is_adopted": False}, (False, NONE), [(OWNER, "returned")]),
        ((True, OWNER), {"id_user": NONE}, (False, NONE), [(OWNER, "returned")]),
        ((True, OWNER), {"id_user": NONE, "is_adopted": False}, (False, NONE),
         [(OWNER, "returned")]),
        ((True, OWNER), {"id_user": NONE, "is_adopted": True}, (True, NONE),
         [(OWNER, "passed_on"), (NONE, "")]),
        ((True, OWNER), {"id_user": OTHER}, (True, OTHER), [(OWNER, "passed_on"), (OTHER, "")]),
        ((True, OWNER), {"id_user": OWNER}, (True, OWNER), [(OWNER, "")]),
        ((True, OWNER), {"is_adopted": True}, (True, OWNER), [(OWNER, "")]),
        ((True, OWNER), {}, (True, OWNER), [(OWNER, "")]),
        ((True, NONE), {"id_user": OWNER}, (True, OWNER), [(NONE, "passed_on"), (OWNER, "")]),
        ((True, NONE), {"id_user": NONE}, (True, NONE), [(NONE, "")]),
        ((True, NONE), {"is_adopted": False}, (False, NONE), [(NONE, "returned")]),
    ],
)  # fmt: skip
def test_flag_and_owner_are_in_step(user_api, method, before, body, after, history):  # noqa: PLR0917 - a table's columns
    ids = {"owner": UserFactory().pk, "other": UserFactory().pk, None: None}
    adopted, owner = before
    DogFactory(name="Lazy", is_adopted=adopted, owner_id=ids[owner])
    sent = {name: ids[value] if name == "id_user" else value for name, value in body.items()}
    response = getattr(user_api, method)("/api/dogs/Lazy", sent)
    assert response.status_code == 200
    assert (response.json()["is_adopted"], response.json()["id_user"]) == (after[0], ids[after[1]])
    expected = [(ids[who], ended) for who, ended in history]
    assert state() == ((after[0], ids[after[1]]), expected)
    assert len(entries()) == (before != after)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ({}, (False, NONE)),
        ({"id_user": OWNER}, (True, OWNER)),
        ({"is_adopted": True}, (True, NONE)),
        ({"is_adopted": False, "id_user": NONE}, (False, NONE)),
    ],
)
def test_a_new_dog_is_in_step(user_api, body, after):
    ids = {"owner": UserFactory().pk, None: None}
    sent = {name: ids[value] if name == "id_user" else value for name, value in body.items()}
    assert user_api.post("/api/dogs/Lazy", sent).status_code == 201
    owner = ids[after[1]]
    assert state() == ((after[0], owner), [(owner, "")] if after[0] else [])


@pytest.mark.parametrize("method", ["put", "patch", "post"])
def test_a_contradiction_is_400(user_api, method):
    body = {"is_adopted": False, "id_user": UserFactory().pk}
    if method != "post":
        DogFactory(name="Lazy")
    response = getattr(user_api, method)("/api/dogs/Lazy", body)
    assert_problem(response, 400, "invalid", field="id_user")
    assert response.json()["errors"][0]["code"] == "adoption_contradictory"
    assert not Dog.objects.filter(is_adopted=True).exists()
    assert (Adoption.objects.count(), entries()) == (0, [])


# -- the history ---------------------------------------------------------------------------------
def test_history_newest_first(user_api):
    first, second = UserFactory(), UserFactory()
    DogFactory(name="Lazy")
    DogFactory(name="Toby", owner=first)
    for user in (first, second):
        user_api.post(PATH, {"id_user": user.pk})
        user_api.delete(PATH)
    user_api.post(PATH, {"id_user": first.pk})
    page = user_api.get("/api/dogs/lazy/adoptions").json()
    assert [(row["id_user"], row["end_reason"]) for row in page["results"]] == [
        (first.pk, ""),
        (second.pk, "returned"),
        (first.pk, "returned"),
    ]
    assert [row["ended_at"] is None for row in page["results"]] == [True, False, False]
    assert list(page) == ["next", "previous", "results"]


def test_history_is_for_who_signed_in(api, client_for):
    DogFactory(name="Lazy", owner=UserFactory())
    assert api.get(HISTORY).status_code == 401
    for role in Role.values:
        assert len(client_for(role).get(HISTORY).json()["results"]) == 1


def test_empty_history(user_api):
    DogFactory(name="Lazy")
    assert user_api.get(HISTORY).json() == {"next": None, "previous": None, "results": []}


def test_history_costs_the_same_at_1_10_and_50_rows(user_api):
    dog, counts = DogFactory(name="Lazy"), []
    for size in (1, 9, 40):
        for _ in range(size):
            adoptions.adopt_dog(dog=dog, owner=user_api.user)
            adoptions.release_dog(dog=dog)
        with CaptureQueriesContext(connection) as queries:
            assert user_api.get(HISTORY).status_code == 200
        counts.append(len(queries))
    assert counts == [3, 3, 3]


def test_history_pages(user_api):
    dog = DogFactory(name="Lazy")
    for _ in range(3):
        adoptions.adopt_dog(dog=dog, owner=user_api.user)
        adoptions.release_dog(dog=dog)
    seen, url = [], f"{HISTORY}?limit=2"
    while url:
        page = user_api.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == list(Adoption.objects.order_by("-id").values_list("id", flat=True))


def test_a_deleted_dog_takes_its_history_and_the_journal_keeps_it(user_api):
    DogFactory(name="Lazy")
    user_api.post(PATH, {"id_user": UserFactory().pk})
    assert user_api.delete("/api/dogs/Lazy").status_code == 204
    assert Adoption.objects.count() == 0
    assert [action for action, _changes, _reason in entries()] == ["change", "delete"]
    DogFactory(name="Lazy")
    assert user_api.get(HISTORY).json()["results"] == []


# -- the owner's account goes --------------------------------------------------------------------
def test_a_removed_owner_releases_all_dogs(client_for, monkeypatch):
    monkeypatch.setattr(adoptions, "REMOVED_BATCH_ROWS", 2)
    leaver, other = UserFactory(), UserFactory()
    DogFactory.create_batch(5, owner=leaver)
    DogFactory(owner=other)
    assert client_for(Role.ADMIN).delete(f"/api/users/{leaver.pk}").status_code == 204
    assert Dog.objects.filter(is_adopted=True).values_list("owner_id", flat=True).get() == other.pk
    ended = Adoption.objects.filter(end_reason="owner_removed", ended_at__isnull=False)
    assert ended.values_list("owner_id", flat=True).distinct().get() == leaver.pk
    assert (ended.count(), Adoption.objects.filter(ended_at__isnull=True).count()) == (5, 1)
    changes = {"is_adopted": [True, False], "owner": [leaver.pk, None]}
    assert entries() == [("change", changes, "the owner's account was removed")] * 5


def test_a_deactivated_owner_keeps_the_dog(client_for):
    owner = UserFactory()
    DogFactory(name="Lazy", owner=owner)
    client_for(Role.ADMIN).patch(f"/api/users/{owner.pk}", {"is_active": False})
    assert state() == ((True, owner.pk), [(owner.pk, "")])


# -- races ---------------------------------------------------------------------------------------
