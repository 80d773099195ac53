"""What apps have about an object, on the object's own page in the admin."""

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.admin import panels
from core.roles import Role
from dogs.models import Dog
from dogs.tests.factories import DogFactory, RelayedFileFactory
from movies.tests.factories import FavoriteFactory
from stores.tests.factories import AssignmentFactory, VisitFactory
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    return client


def shown(client, user):
    response = client.get(reverse("admin:users_user_change", args=[user.pk]))
    assert response.status_code == 200
    return {str(panel.title): panel for panel in response.context["panels"]}


def page(row):
    options = row._meta
    return f"/admin/{options.app_label}/{options.model_name}/{row.pk}/change/"


@pytest.mark.parametrize(
    ("title", "make"),
    [
        ("Dogs", lambda user: DogFactory(owner=user)),
        ("Files", lambda user: RelayedFileFactory(owner=user)),
        ("Favourites", lambda user: FavoriteFactory(user=user)),
        ("Establishments", lambda user: AssignmentFactory(seller=user)),
        ("Visits", lambda user: VisitFactory(seller=user)),
        ("API tokens", lambda user: ApiTokenFactory(user=user)),
        ("Open sessions", lambda user: SessionFactory(user=user)),
    ],
)
def test_a_users_page_shows_what_is_theirs_and_leads_to_all_of_it(support, title, make):
    user = UserFactory(role=Role.SELLER)
    mine, _theirs = make(user), make(UserFactory(role=Role.SELLER))
    panel = shown(support, user)[title]
    assert ([one.link for one in panel.found], panel.number) == ([page(mine)], 1)
    listed = support.get(panel.link)
    assert listed.status_code == 200
    assert list(listed.context["cl"].queryset) == [mine]


def test_a_panel_shows_the_first_rows_and_says_how_many_there_are(support, monkeypatch):
    monkeypatch.setattr(panels, "MAX_COUNTED_ROWS", 6)
    user = UserFactory()
    for _ in range(6):
        DogFactory(owner=user)
    panel = shown(support, user)["Dogs"]
    assert (len(panel.found), panel.number, panel.is_more) == (5, 6, False)
    DogFactory(owner=user)
    response = support.get(reverse("admin:users_user_change", args=[user.pk]))
    assert "more than 6" in response.content.decode()


def test_a_page_costs_the_same_whatever_is_theirs(support):
    user, costs = UserFactory(), []
    shown(support, user)  # the first page of a session marks that it is used
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            shown(support, user)
        costs.append(len(queries))
        for _ in range(12):
            DogFactory(owner=user), FavoriteFactory(user=user)
    assert costs[0] == costs[1]


def test_a_panel_that_cannot_be_read_says_so_and_the_page_stands(support, monkeypatch):
    user = UserFactory()
    FavoriteFactory(user=user)
    hits = panels.hits

    def away(request, rows, *others):
        if rows.model is Dog:
            raise OperationalError("canceling statement due to statement timeout")
        return hits(request, rows, *others)

    monkeypatch.setattr(panels, "hits", away)
    found = shown(support, user)
    assert (found["Dogs"].failed, found["Dogs"].found) == (True, [])
    assert (found["Favourites"].failed, found["Favourites"].number) == (False, 1)
