"""Ratings, and the places that they give favourites."""

from django.db import transaction

from core.audit import journal
from movies.errors import AlreadyRated
from movies.models import Favorite, Rating, rating_rank
from movies.services.movies import lock_movie


def rank_favorites(rating: Rating, stars: int | None) -> None:
    """Give the user's favourite of this movie, wiped or not, its new place in the list."""
    listed = Favorite.objects.filter(user_id=rating.user_id, movie_id=rating.movie_id)
    listed.update(rating_rank=rating_rank(stars))


@transaction.atomic(savepoint=False)
def rate(*, user_id: int, movie_id: int, stars: int) -> Rating:
    """Rate a known movie.

    Raises:
        AlreadyRated: the user has rated it before.
    """
    movie = lock_movie(movie_id)
    if Rating.objects.filter(user_id=user_id, movie=movie).exists():
        raise AlreadyRated
    rating = Rating.objects.create(user_id=user_id, movie=movie, stars=stars)
    rank_favorites(rating, stars)
    changes = {"user": [None, user_id], "movie": [None, movie.pk], "stars": [None, stars]}
    journal.record(journal.Action.CREATE, rating, changes=changes)
    return rating


@transaction.atomic(savepoint=False)
def correct_rating(*, rating: Rating, stars: int) -> Rating:
    """Give a rated movie other stars."""
    if rating.stars == stars:
        return rating
    lock_movie(rating.movie_id)
    changes = journal.change(rating, {"stars": stars})
    rank_favorites(rating, stars)
    journal.record(journal.Action.CHANGE, rating, changes=changes)
    return rating


@transaction.atomic(savepoint=False)
def remove_rating(*, rating: Rating) -> None:
    """Take a rating back; the movie stays a favourite if it is one."""
    lock_movie(rating.movie_id)
    rank_favorites(rating, None)
    journal.record(journal.Action.DELETE, rating, changes={"stars": [rating.stars, None]})
    rating.delete()
