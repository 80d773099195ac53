"""Statements that are compiled once give what a queryset gives, whatever the values are."""

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from core.api.fast.statements import Mark, Statement
from dogs.models import Dog
from dogs.tests.factories import DogFactory
from dogs.views import DogViewSet, FileViewSet
from users.tests.factories import UserFactory


def of_owner() -> Statement:
    owner = Mark(0, Dog._meta.get_field("owner"))
    return Statement(Dog.objects.filter(owner_id=owner).values("id", "create_date", "owner_id"))


def test_rows_are_those_of_the_queryset(db):
    dogs = [DogFactory(owner=UserFactory()) for _ in range(3)]
    statement = of_owner()
    for dog in dogs:
        wanted = Dog.objects.filter(owner=dog.owner).values("id", "create_date", "owner_id")
        assert statement.dicts([dog.owner_id]) == list(wanted)
    assert statement.rows([dogs[0].owner_id]) == [
        (dogs[0].pk, dogs[0].create_date, dogs[0].owner_id)
    ]


@pytest.mark.parametrize("key", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_no_row_can_have_finds_none_and_asks_nobody(db, key):
    DogFactory()
    with CaptureQueriesContext(connection) as queries:
        assert of_owner().rows([key]) == []
    assert len(queries) == 0


@pytest.mark.parametrize("key", ["nobody", [], {}])
def test_what_is_no_number_is_refused_as_a_queryset_refuses_it(db, key):
    with pytest.raises((TypeError, ValueError)):
        of_owner().rows([key])


@pytest.mark.parametrize("key", ["0", "-1", "9" * 18, "9" * 30, "x", "1.5", "٣"])
def test_a_key_that_no_row_has_is_not_found(admin_api, key):
    response = admin_api.get(f"/api/journal/{key}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_queryset_that_somebody_narrowed_is_not_the_declared_one(rf):
    view = DogViewSet(action_map={"get": "list"}, request=rf.get("/"))
    declared = view.get_queryset()
    assert declared.is_declared
    for changed in (declared.all(), declared.filter(pk=1), declared.order_by("name")):
        assert isinstance(changed, QuerySet)
        assert not hasattr(changed, "is_declared")
    view.queryset = Dog.objects.none()  # as clinic does for SUPPORT
    assert not hasattr(view.get_queryset(), "is_declared")


def test_two_callers_of_one_route_see_their_own(client_for):
    from dogs.tests.factories import RelayedFileFactory

    assert FileViewSet.get_queryset is not DogViewSet.get_queryset
    for user in UserFactory.create_batch(2):
        mine = RelayedFileFactory(owner=user)
        page = client_for(user).get("/api/files").json()
        assert [one["id"] for one in page["results"]] == [str(mine.pk)]
