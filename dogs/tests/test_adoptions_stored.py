"""Adoption in the database: many at once, rows that cannot be, rows of before."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.db import violates
from core.roles import Role
from core.tests.helpers_threads import together
from dogs import adoptions
from dogs.models import Adoption, Dog
from dogs.tests.factories import DogFactory
from dogs.tests.helpers_adoptions import PATH, state
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_adopt_at_once_one_has_the_dog(client_for):
    DogFactory(name="Lazy")
    users = UserFactory.create_batch(6)
    clients = [client_for(user) for user in users]
    answers = together(
        6, lambda number: clients[number].post(PATH, {"id_user": users[number].pk}).status_code
    )
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    winner = users[answers.index(201)].pk
    assert state() == ((True, winner), [(winner, "")])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_undo_at_once_one_does(client_for):
    owner = UserFactory()
    DogFactory(name="Lazy", owner=owner)
    clients = [client_for("USER") for _ in range(4)]
    answers = together(4, lambda number: clients[number].delete(PATH).status_code)
    assert sorted(answers) == [204, 404, 404, 404]
    assert state() == ((False, None), [(owner.pk, "returned")])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_adoption_and_removal_of_the_user_at_once(client_for):
    caller, admin = client_for("USER"), client_for(Role.ADMIN)
    for number in range(8):
        name, user = f"Dog{number}", UserFactory()
        DogFactory(name=name)

        def act(turn, name=name, user=user):
            if turn:
                return admin.delete(f"/api/users/{user.pk}").status_code
            return caller.post(f"/api/dogs/{name}/adoption", {"id_user": user.pk}).status_code

        adopted, removed = together(2, act)
        assert (adopted in {201, 400}, removed) == (True, 204)
        dog = Dog.objects.get(name=name)
        assert (dog.is_adopted, dog.owner_id) == (False, None)
        rows = Adoption.objects.filter(dog=dog).values_list("end_reason", flat=True)
        assert list(rows) == (["owner_removed"] if adopted == 201 else [])


# -- what the database refuses -------------------------------------------------------------------
def test_an_owner_has_adopted(db):
    owner = UserFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        DogFactory(owner=owner, is_adopted=False)
    assert violates(caught.value, Dog, "dogs_owner_has_adopted")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({}, "dogs_adoption_one_open"),
        ({"end_reason": "returned"}, "dogs_adoption_ended_with_reason"),
        ({"ended_at": timezone.now()}, "dogs_adoption_ended_with_reason"),
        ({"ended_at": timezone.now(), "end_reason": "lost"}, "dogs_adoption_ended_with_reason"),
        (
            {"ended_at": timezone.now() - timedelta(days=1), "end_reason": "returned"},
            "dogs_adoption_ends_after_it_began",
        ),
    ],
)
def test_adoptions_that_cannot_be(values, constraint):
    dog = DogFactory(owner=UserFactory())
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Adoption.objects.create(dog=dog, owner_id=dog.owner_id, **values)
    assert violates(caught.value, Adoption, constraint)
    assert Adoption.objects.count() == 1


def test_nothing_ends_before_it_began():
    dog = DogFactory(owner=UserFactory())
    ahead = timezone.now() + timedelta(minutes=5)
    Adoption.objects.update(adopted_at=ahead)
    adoptions.release_dog(dog=dog)
    assert Adoption.objects.values_list("ended_at", "end_reason").get() == (ahead, "returned")


def test_an_adoption_of_an_unknown_date_ends():
    dog = DogFactory(owner=UserFactory())
    Adoption.objects.update(adopted_at=None)
    adoptions.release_dog(dog=dog)
    assert Adoption.objects.get().ended_at is not None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_columns_written_by_hand_get_their_adoption():
    owner, other = UserFactory(), UserFactory()
    dog = DogFactory()
    for values in (
        {"is_adopted": True, "owner": owner},
        {"owner": other},
        {"is_adopted": False, "owner": None},
        {"is_adopted": True},
    ):
        Dog.objects.filter(pk=dog.pk).update(**values)
    assert state() == (
        (True, None),
        [(owner.pk, "passed_on"), (other.pk, "returned"), (None, "")],
    )


def end(rows, _free):
    rows.update(ended_at=timezone.now(), end_reason="returned")


def delete(rows, _free):
    rows.delete()


def begin(_rows, free):
    Adoption.objects.create(dog=free)


def begin_with_owner(_rows, free):
    Adoption.objects.create(dog=free, owner=UserFactory())


def give_away(rows, _free):
    rows.update(owner=UserFactory())


def move(rows, _free):
    adopted = DogFactory(owner=rows.get().owner)
    Adoption.objects.filter(dog=adopted).delete()
    rows.update(dog=adopted)


@pytest.mark.postgres
@pytest.mark.parametrize("act", [end, delete, begin, begin_with_owner, give_away, move])
def test_an_adoption_that_contradicts_its_dog_is_refused(act):
    dog, free = DogFactory(owner=UserFactory()), DogFactory()
    connection.check_constraints()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():  # noqa: PT012 - the refusal comes at the transaction's end
        act(Adoption.objects.filter(dog=dog), free)
        connection.check_constraints()
    assert violates(caught.value, Adoption, "dogs_adoption_agrees")


def test_dogs_of_before_get_their_adoption_of_an_unknown_date(monkeypatch):
    migration = import_module("dogs.migrations.0004_adoptions_of_before")
    monkeypatch.setattr(migration, "BATCH_ROWS", 2)
    owner = UserFactory()
    dogs = [*DogFactory.create_batch(3, owner=owner), DogFactory(is_adopted=True)]
    DogFactory()
    Adoption.objects.all().delete()
    for _ in range(2):  # a run that was stopped is repeated
        migration.store(apps, None)
        rows = Adoption.objects.order_by("dog").values_list("dog", "owner", "adopted_at")
        assert list(rows) == [(dog.pk, dog.owner_id, None) for dog in dogs]
