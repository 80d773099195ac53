"""Movies that TMDB no longer has: when that is believed, and under which id they went on.

The move to another id is locked against whoever writes at the same time: writers hold the movie's
row (services), the move holds the ratings, then both movies in the order of their ids.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.audit import journal
from movies.catalog.stored_answers import clock
from movies.constants import ASK_GONE_AFTER, GONE_AFTER_DAYS, MAX_STARS, RefreshStatus
from movies.errors import MovieGone, MovieNotFound, MovieNotGone, SameMovie
from movies.models import UNRATED_RANK, Favorite, GoneMovie, Movie, Rating, release_rank

MAX_ASKED_ROWS = 1000


def gone_movies() -> QuerySet[GoneMovie]:
    """Return the movies that TMDB no longer has and of which nobody has said the new id."""
    return GoneMovie.objects.filter(absent_days__gte=GONE_AFTER_DAYS, replaced_by=None)


def counted(movies: QuerySet[GoneMovie]) -> QuerySet[GoneMovie]:
    """Add on how many lists each movie is, and how many ratings it has."""

    def count(rows: QuerySet) -> Coalesce:
        of_movie = rows.filter(movie=OuterRef("pk")).order_by().values("movie")
        number = of_movie.annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(number, output_field=IntegerField()), 0)

    return movies.annotate(
        favorites=count(Favorite.objects.filter(wipe=None)), ratings=count(Rating.objects.all())
    )


@transaction.atomic
def note_absence(*, movie_id: int) -> None:
    """Note that TMDB does not have a movie today, and when to ask again.

    On the third such day it is gone: its details stay, and it is asked for once a month.
    """
    movies = Movie.objects.select_for_update(no_key=True).annotate(now=clock())
    movie: Any = movies.get(pk=movie_id)
    if movie.absent_on != movie.now.date():
        movie.absent_days += 1
        movie.absent_on = movie.now.date()
        movie.absent_since = movie.absent_since or movie.now
    is_gone = movie.absent_days >= GONE_AFTER_DAYS
    movie.refresh_status = RefreshStatus.GONE if is_gone else RefreshStatus.PENDING
    movie.refresh_attempts = 0
    movie.refresh_due_at = timezone.now() + (ASK_GONE_AFTER if is_gone else timedelta(days=1))
    movie.save()
    if movie.absent_days == GONE_AFTER_DAYS:
        changes = {"refresh_status": [RefreshStatus.PENDING, RefreshStatus.GONE]}
        journal.record(journal.Action.CHANGE, movie, changes=changes)


def ask_again() -> int:
    """Let the sweep ask once more for movies that were gone a month ago; return how many."""
    due = gone_movies().filter(
        refresh_status=RefreshStatus.GONE, refresh_due_at__lte=timezone.now()
    )
    ids = list(due.order_by("refresh_due_at").values_list("pk", flat=True)[:MAX_ASKED_ROWS])
    rows = Movie.objects.filter(pk__in=ids, refresh_status=RefreshStatus.GONE)
    return rows.update(refresh_status=RefreshStatus.PENDING, refresh_attempts=0)


# -- this is its new id -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Move:
    """What a move does: how many go to the new id, and how many users had both ("merged")."""

    favorites: int = 0
    favorites_merged: int = 0
    ratings: int = 0
    ratings_merged: int = 0


def _rated_both(old: int, new: int) -> QuerySet[Rating]:
    """Return the old movie's ratings by users who rated the new one, too."""
    twins = Rating.objects.filter(movie=new, user_id=OuterRef("user_id"))
    return Rating.objects.filter(Exists(twins), movie=old)


def preview(*, movie: Movie, new: Movie) -> Move:
    """Return what :func:`replace_movie` would do now."""
    favorites, ratings = Favorite.objects.filter(movie=movie), Rating.objects.filter(movie=movie)
    both = _twins(movie.pk, new.pk).count()
    rated = _rated_both(movie.pk, new.pk).count()
    return Move(favorites.count() - both, both, ratings.count() - rated, rated)


def _twins(old: int, new: int) -> QuerySet[Favorite]:
    """Return the favourites of the old movie that the new one makes superfluous."""
    twins = Favorite.objects.filter(movie=new, user_id=OuterRef("user_id"))
    both = Exists(twins.filter(wipe=None)) & Q(wipe=None)
    wiped = Exists(twins.filter(wipe=OuterRef("wipe")))
    return Favorite.objects.filter(both | wiped, movie=old)


def check(*, movie: Movie, new: Movie) -> None:
    """Raise what speaks against moving ``movie``'s favourites and ratings to ``new``.

    Raises:
        SameMovie: they are one.
        MovieNotGone: TMDB has the old one, or it was moved already.
        MovieGone: TMDB does not have the new one.
    """
    if movie.pk == new.pk:
        raise SameMovie
    if movie.absent_days < GONE_AFTER_DAYS or movie.replaced_by_id is not None:
        raise MovieNotGone
    if new.absent_days or new.replaced_by_id is not None:
        raise MovieGone


@transaction.atomic
def replace_movie(*, movie_id: int, new_id: int, reason: str) -> Move:
    """Move all favourites and ratings of a movie that is gone to its new id; return how many.

    A user who has both on the list keeps the new one's place on it. Who rated both keeps the
    rating that was given or corrected last; the other one's stars stay in the journal. Favourites
    of wiped lists move, too, so that a wipe can be undone afterwards.

    Raises:
        MovieNotFound: one of the ids is of no movie that is kept here.
        SameMovie, MovieNotGone, MovieGone: see :func:`check`.
    """
    both = Q(movie_id__in=(movie_id, new_id))
    list(Rating.objects.filter(both).order_by("pk").select_for_update().values_list("pk"))
    locked = Movie.objects.select_for_update(no_key=True).filter(pk__in=(movie_id, new_id))
    movies = {movie.pk: movie for movie in locked.order_by("pk")}
    if not {movie_id, new_id} <= movies.keys():
        raise MovieNotFound
    movie, new = movies[movie_id], movies[new_id]
    check(movie=movie, new=new)
    ratings, ratings_merged = _move_ratings(movie, new, reason)
    favorites_merged, _ = _twins(movie_id, new_id).delete()
    favorites = Favorite.objects.filter(movie=movie).update(
        movie=new, release_rank=release_rank(new.release_date)
    )
    stars = Rating.objects.filter(movie=new, user_id=OuterRef("user_id")).values("stars")[:1]
    rank = Coalesce(Value(MAX_STARS) - Subquery(stars), UNRATED_RANK)
    Favorite.objects.filter(movie=new).annotate(rank=rank).exclude(rating_rank=F("rank")).update(
        rating_rank=rank
    )
    movie.replaced_by = new
    movie.save(update_fields=["replaced_by"])
    move = Move(favorites, favorites_merged, ratings, ratings_merged)
    changes = {"replaced_by": [None, new_id]}
    journal.record(journal.Action.CHANGE, movie, changes=changes, reason=reason)
    for model, count in (
        (Favorite, favorites + favorites_merged),
        (Rating, ratings + ratings_merged),
    ):
        if count:
            why = f"movie {movie_id} is {new_id} now: {reason}"
            journal.record(journal.Action.CHANGE, model, count=count, reason=why)
    return move


def _move_ratings(movie: Movie, new: Movie, reason: str) -> tuple[int, int]:
    """Move the ratings; of two of a user the later one stays."""
    both = {rating.user_id: rating for rating in _rated_both(movie.pk, new.pk).select_for_update()}
    others = Rating.objects.filter(movie=new, user_id__in=both)
    kept = 0
    for other in others:
        rating = both[other.user_id]
        lost = other if rating.updated_at > other.updated_at else rating
        kept += lost is other
        why = f"movie {movie.pk} is {new.pk} now, and the other rating is newer: {reason}"
        changes = {"stars": [lost.stars, None]}
        journal.record(journal.Action.DELETE, lost, changes=changes, reason=why)
        lost.delete()
    return Rating.objects.filter(movie=movie).update(movie=new) - kept, len(both)
