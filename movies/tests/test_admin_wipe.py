"""A user's film list is wiped from the user's own page, with a reason, and can be brought back."""

import re

import pytest
from django.urls import reverse

from core.models import JournalEntry
from core.roles import Role
from core.tests.keepers import notes
from movies.models import Favorite, FavoritesWipe
from movies.tests.factories import FavoriteFactory
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    client.raise_request_exception = False
    return client


def page(user):
    return f"/admin/movies/favorite/of/{user.pk}/wipe/"


def seal(response):
    return re.search(r'name="previewed" value="(\w+)"', response.content.decode())[1]


def state():
    rows = Favorite.objects.order_by("pk").values_list("user_id", "wipe_id")
    return list(rows), list(FavoritesWipe.objects.values_list("user_id", "count"))


def test_a_list_is_wiped_after_a_preview_and_with_a_reason(boss):
    mine, other = FavoriteFactory(), FavoriteFactory()
    FavoriteFactory(user=mine.user)
    shown = boss.get(reverse("admin:users_user_change", args=[mine.user_id]))
    links = [link for panel in shown.context["panels"] for _label, link in panel.actions]
    assert page(mine.user) in links
    first = boss.post(page(mine.user), {"reason": "asked by mail", "preview": "1"})
    assert "2 films are on the list." in first.content.decode()
    assert state()[1] == []
    given = {"reason": "asked by mail", "previewed": seal(first), "confirm": "1"}
    done = boss.post(page(mine.user), given)
    assert (done.status_code, done["Location"]) == (
        302,
        f"/admin/users/user/{mine.user_id}/change/",
    )
    wipe = FavoritesWipe.objects.get()
    assert state() == (
        [(mine.user_id, wipe.pk), (other.user_id, None), (mine.user_id, wipe.pk)],
        [(mine.user_id, 2)],
    )
    entry = JournalEntry.objects.get(model="movies.FavoritesWipe")
    assert (entry.action, entry.reason) == ("create", "asked by mail")


@pytest.mark.parametrize(
    "changed", [{"reason": "another"}, {"previewed": "0" * 64}, {"confirm": None}, {"reason": ""}]
)
def test_nothing_else_is_done_than_what_was_previewed(boss, changed):
    mine = FavoriteFactory()
    before = state()
    first = boss.post(page(mine.user), {"reason": "asked by mail", "preview": "1"})
    given = {"reason": "asked by mail", "previewed": seal(first), "confirm": "1", **changed}
    given = {name: value for name, value in given.items() if value is not None}
    assert boss.post(page(mine.user), given).status_code == 200
    assert state() == before


def test_a_list_that_is_wiped_because_of_a_case_is_one_of_its_events(boss, keeper):
    mine = FavoriteFactory()
    given = {"reason": "asked by mail", "case": "C-1007"}
    first = boss.post(page(mine.user), {**given, "preview": "1"})
    assert notes() == []
    boss.post(page(mine.user), {**given, "previewed": seal(first), "confirm": "1"})
    assert [(note["case"], note["action"], note["text"]) for note in notes()] == [
        (7, "wipe", "asked by mail")
    ]


def test_a_list_that_grew_since_the_preview_is_previewed_again(boss):
    mine = FavoriteFactory()
    first = boss.post(page(mine.user), {"reason": "asked by mail", "preview": "1"})
    FavoriteFactory(user=mine.user)
    before = state()
    given = {"reason": "asked by mail", "previewed": seal(first), "confirm": "1"}
    again = boss.post(page(mine.user), given)
    assert "2 films are on the list." in again.content.decode()
    assert state() == before


@pytest.mark.parametrize(
    ("role", "status"), [(Role.SUPPORT, 403), (Role.CLINICIAN, 302), (Role.SELLER, 302)]
)
def test_only_administrators_wipe(client, role, status):
    client.force_login(UserFactory(role=role))
    mine = FavoriteFactory()
    before = state()
    assert client.post(page(mine.user), {"reason": "x", "preview": "1"}).status_code == status
    assert state() == before
    if role == Role.SUPPORT:
        shown = client.get(reverse("admin:users_user_change", args=[mine.user_id]))
        assert [link for panel in shown.context["panels"] for _label, link in panel.actions] == []


@pytest.mark.parametrize("user_id", ["0", "4000000", "9" * 30])
def test_somebody_who_is_not_there_has_no_list(boss, user_id):
    assert boss.get(f"/admin/movies/favorite/of/{user_id}/wipe/").status_code == 404
