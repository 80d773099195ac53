"""Support answers tickets: it looks, and brings wiped favourites back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.roles import Role
from movies import services
from movies.models import Favorite, FavoritesWipe, Movie
from movies.tests.factories import (
    CachedAnswerFactory,
    FavoriteFactory,
    MovieFactory,
    RatingFactory,
    WipeFactory,
)
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    return client


def run(client, model, action, *rows):
    url = reverse(f"admin:movies_{model}_changelist")
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url, data, follow=True)


@pytest.mark.parametrize(
    ("model", "factory"),
    [
        ("movie", MovieFactory),
        ("favorite", FavoriteFactory),
        ("rating", RatingFactory),
        ("favoriteswipe", WipeFactory),
        ("cachedanswer", CachedAnswerFactory),
    ],
)
def test_support_searches_and_looks(support, model, factory):
    row = factory()
    changelist = reverse(f"admin:movies_{model}_changelist")
    for text in ("1", "ñandú", "9" * 30):
        assert support.get(changelist, {"q": text}).status_code == 200
    assert support.get(reverse(f"admin:movies_{model}_change", args=[row.pk])).status_code == 200
    assert support.get(reverse(f"admin:movies_{model}_add")).status_code == 403
    assert support.get(reverse(f"admin:movies_{model}_delete", args=[row.pk])).status_code == 403


def test_support_undoes_a_wipe(support):
    favorite = FavoriteFactory()
    services.wipe_favorites(user_id=favorite.user_id)
    wipe = FavoritesWipe.objects.get()
    page = run(support, "favoriteswipe", "undo", wipe)
    assert "1 favourite is back." in page.content.decode()
    assert Favorite.objects.get().wipe_id is None
    page = run(support, "favoriteswipe", "undo", wipe)
    assert "undone already" in page.content.decode()


def test_a_wipe_of_long_ago_says_so(support):
    wipe = WipeFactory(created_at=timezone.now() - timedelta(days=31))
    favorite = FavoriteFactory(user=wipe.user, wipe=wipe)
    page = run(support, "favoriteswipe", "undo", wipe)
    assert "too long ago" in page.content.decode()
    favorite.refresh_from_db()
    assert favorite.wipe_id == wipe.pk


def test_support_has_details_read_again(support):
    movies = MovieFactory.create_batch(2, refresh_status="gone")
    page = run(support, "movie", "refresh_now", *movies)
    assert "2 movies are read again." in page.content.decode()
    assert set(Movie.objects.values_list("refresh_status", flat=True)) == {"pending"}
