"""The database refuses rows that cannot be."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from core.db import violates
from movies.models import Favorite, Movie, Rating
from movies.tests.factories import (
    CachedAnswerFactory,
    FavoriteFactory,
    MovieFactory,
    RatingFactory,
    WipeFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "values", "constraint"),
    [
        (MovieFactory, {"id": 0}, "movies_movie_id_positive"),
        (MovieFactory, {"refresh_status": "lost"}, "movies_movie_refresh_known"),
        (FavoriteFactory, {"rating_rank": 7}, "movies_favorite_rating"),
        (FavoriteFactory, {"release_rank": 1}, "movies_favorite_release"),
        (RatingFactory, {"stars": 6}, "movies_rating_stars"),
    ],
)
def test_constraint_refuses(factory, values, constraint):
    model = factory._meta.model
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        factory(**values)
    assert violates(caught.value, model, constraint)
    assert model.objects.count() == 0


def test_fewer_stars_than_none_are_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        RatingFactory(stars=-1)
    assert Rating.objects.count() == 0


def test_a_movie_is_on_a_list_once_but_may_have_been_wiped_before():
    favorite = FavoriteFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        FavoriteFactory(user=favorite.user, movie=favorite.movie)
    assert violates(caught.value, Favorite, "movies_favorite_unique")
    wipe = WipeFactory(user=favorite.user)
    FavoriteFactory.create_batch(2, user=favorite.user, movie=favorite.movie, wipe=wipe)
    assert Favorite.objects.count() == 3


def test_a_movie_is_rated_once_by_a_user():
    rating = RatingFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        RatingFactory(user=rating.user, movie=rating.movie)
    assert violates(caught.value, Rating, "movies_rating_unique")


def test_names_for_people():
    favorite, rating = FavoriteFactory(), RatingFactory(stars=0)
    assert str(MovieFactory(title="Ñ")) == "Ñ"
    assert str(favorite) == f"{favorite.user_id}: {favorite.movie_id}"
    assert str(rating) == f"{rating.user_id}: {rating.movie_id} 0"
    assert str(CachedAnswerFactory()) == "popular:1::"
    wipe = WipeFactory(count=2)
    assert str(wipe) == f"{wipe.user_id}: 2"


def test_details_come_back_as_they_were_stored():
    details = {"id": 1, "popularity": 84.1234, "genres": [{"id": 1}], "title": "Ñandú 🦤"}
    MovieFactory(id=1, details=details)
    assert Movie.objects.get().details == details


@pytest.mark.parametrize(
    "values",
    [
        {"absent_days": 1},
        {"absent_on": date(2026, 1, 1)},
        {"absent_days": 1, "absent_on": date(2026, 1, 1)},
        {"absent_days": 1, "absent_since": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_is_absent_says_since_when(values):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        MovieFactory(**values)
    assert violates(caught.value, Movie, "movies_movie_absent_since")


def test_no_movie_is_its_own_successor():
    movie = MovieFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Movie.objects.filter(pk=movie.pk).update(replaced_by=movie)
    assert violates(caught.value, Movie, "movies_movie_replaced_by_another")
