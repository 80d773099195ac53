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
    GoneMovieFactory,
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
        ("gonemovie", GoneMovieFactory),
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


# -- this is its new id -------------------------------------------------------------------------
def new_id_page(movie):
    return reverse("admin:movies_gonemovie_replace", args=[movie.pk])


def test_support_moves_a_lost_movie_after_a_preview(support):
    old, new = GoneMovieFactory(title="Old"), MovieFactory(title="New")
    favorite = FavoriteFactory(movie=old)
    listed = support.get(reverse("admin:movies_gonemovie_changelist")).content.decode()
    assert "Old" in listed
    assert "New" not in listed
    assert support.get(new_id_page(old)).status_code == 200
    data = {"new_id": new.pk, "reason": "merged"}
    shown = support.post(new_id_page(old), {**data, "preview": "1"})
    assert "New" in shown.content.decode()
    favorite.refresh_from_db()
    assert favorite.movie == old
    seal = shown.context["previewed"]
    changed = support.post(
        new_id_page(old), {**data, "reason": "other", "previewed": seal, "confirm": "1"}
    )
    assert "previewed" in changed.context, "nothing else than was shown is done"
    favorite.refresh_from_db()
    assert favorite.movie == old
    done = support.post(new_id_page(old), {**data, "previewed": seal, "confirm": "1"}, follow=True)
    assert f"{old.pk} is {new.pk} now." in done.content.decode()
    favorite.refresh_from_db()
    assert favorite.movie == new
    assert support.get(new_id_page(old)).status_code == 404


@pytest.mark.parametrize("new_id", ["", "0", "x", str(2**31), "7", "10001"])
def test_new_ids_that_support_cannot_mean(support, tmdb, new_id):
    favorite = FavoriteFactory(movie=GoneMovieFactory(id=7))
    page = support.post(new_id_page(favorite.movie), {"new_id": new_id, "reason": "x"})
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"new_id"}
    assert "previewed" not in page.context


def test_a_new_id_needs_a_reason(support):
    old, new = GoneMovieFactory(), MovieFactory()
    page = support.post(new_id_page(old), {"new_id": new.pk, "reason": " "})
    assert page.context["form"].errors.keys() == {"reason"}


def test_support_asks_for_a_lost_movie_at_once(support):
    movie = GoneMovieFactory()
    run(support, "gonemovie", "refresh_now", movie)
    movie.refresh_from_db()
    assert movie.refresh_status == "pending"
