"""Writes with consequences: favourites, ratings, wipes, and movies' details kept fresh.

Whoever writes a favourite's ranks, or what they repeat (a movie's release date, a user's stars),
holds the lock on the movie's row, so that the copies cannot drift apart.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core import context
from core.audit import journal
from core.jobs.work import Work
from movies import gone
from movies.catalog import catalog, stored_answers
from movies.catalog.documents import released
from movies.catalog.port import type_document
from movies.constants import (
    DETAILS_KEPT,
    MAX_MOVIE_ID,
    OWN_FIELDS,
    REFRESH_AFTER,
    TITLE_LENGTH,
    UNDO_TIME,
    RefreshStatus,
)
from movies.errors import (
    AlreadyRated,
    CatalogUnavailable,
    MovieNotFound,
    UserNotFound,
    WipeNotUndoable,
)
from movies.models import Favorite, FavoritesWipe, Movie, Rating, rating_rank, release_rank

# Slowed down to one attempt in ten minutes, and given up after seven months: TMDB may come back.
refreshes = Work(
    Movie,
    task="movies.tasks.refresh_movie",
    status="refresh_status",
    attempts="refresh_attempts",
    due="refresh_due_at",
    max_attempts=30_000,  # what the column holds, nearly
)


# -- movies -------------------------------------------------------------------------------------
def columns_of(document: type_document, fetched_at: datetime) -> dict[str, Any]:
    """Return the values of a movie's row; refreshes of many movies are spread over a day."""
    spread = timedelta(seconds=random.uniform(0, 86_400))
    return {
        "title": document["title"][:TITLE_LENGTH],
        "release_date": released(document),
        "details": {name: value for name, value in document.items() if name not in OWN_FIELDS},
        "fetched_at": fetched_at,
        "absent_days": 0,
        "absent_on": None,
        "absent_since": None,
        "refresh_status": RefreshStatus.PENDING,
        "refresh_attempts": 0,
        "refresh_due_at": fetched_at + REFRESH_AFTER + spread,
    }


def get_or_fetch_movie(*, movie_id: int) -> Movie:
    """Return a movie's row, made from the catalogue when it is new.

    Of one that has a new id it is the new one's.

    It may ask TMDB, so it must not run inside a transaction.

    Raises:
        MovieNotFound: the catalogue has no such movie.
        CatalogUnavailable: the movie is new here and the catalogue does not answer.
    """
    if movie_id > MAX_MOVIE_ID:
        raise MovieNotFound
    movie = Movie.objects.select_related("replaced_by").filter(pk=movie_id).first()
    if movie is not None:
        return movie.replaced_by or movie
    answer = catalog().movie(movie_id=movie_id)
    values = columns_of(answer.document, timezone.now() - timedelta(seconds=answer.age))
    with transaction.atomic():
        movie, created = Movie.objects.get_or_create(pk=movie_id, defaults=values)
        if created:
            changes = {"title": [None, movie.title]}
            journal.record(journal.Action.CREATE, movie, changes=changes)
    return movie


def lock_movie(movie_id: int) -> Movie:
    """Return a movie's row, locked until the transaction ends.

    Of one that got a new id meanwhile it is the new one's.
    """
    movie = Movie.objects.select_for_update(no_key=True).get(pk=movie_id)
    return movie if movie.replaced_by_id is None else lock_movie(movie.replaced_by_id)


def refresh_movie(*, pk: int) -> None:
    """Read a movie's details from TMDB again; on failure leave that for later."""
    movie = refreshes.claim(pk)
    if movie is None:
        return
    try:
        answer = catalog().movie(movie_id=pk, fresh=True)
    except MovieNotFound:
        gone.note_absence(movie_id=pk)
    except CatalogUnavailable as error:
        refreshes.postpone(movie, retry_after=float(error.headers["Retry-After"]))
    else:
        store_details(movie_id=pk, document=answer.document)


@transaction.atomic
def store_details(*, movie_id: int, document: type_document) -> None:
    """Store new details, and the new place in all lists when the release date has changed."""
    movie = Movie.objects.select_for_update(no_key=True).get(pk=movie_id)
    names = ("title", "release_date", "absent_since")
    before = {name: getattr(movie, name) for name in names}
    for name, value in columns_of(document, timezone.now()).items():
        setattr(movie, name, value)
    movie.save()
    if movie.release_date != before["release_date"]:
        rank = release_rank(movie.release_date)
        Favorite.objects.filter(movie=movie).update(release_rank=rank)
    changes = {
        name: [journal.plain(value), journal.plain(getattr(movie, name))]
        for name, value in before.items()
        if value != getattr(movie, name)
    }
    if changes:
        journal.record(journal.Action.CHANGE, movie, changes=changes)


@transaction.atomic
def refresh_again(*, movie: Movie) -> None:
    """Read a movie's details anew, now, also when that was given up."""
    refreshes.restart(movie)
    changes = {"refresh_status": [movie.refresh_status, RefreshStatus.PENDING]}
    journal.record(journal.Action.CHANGE, movie, changes=changes, reason="refresh asked for")


# -- favourites ---------------------------------------------------------------------------------
@transaction.atomic(savepoint=False)
def add_favorite(*, user_id: int, movie_id: int) -> tuple[Favorite, bool]:
    """Put a known movie on a user's list; return the favourite and whether it is new there."""
    movie = lock_movie(movie_id)
    known = Favorite.objects.filter(user_id=user_id, movie=movie, wipe=None).first()
    if known is not None:
        known.movie = movie
        return known, False
    stars = Rating.objects.filter(user_id=user_id, movie=movie).values_list("stars", flat=True)
    favorite = Favorite.objects.create(
        user_id=user_id,
        movie=movie,
        release_rank=release_rank(movie.release_date),
        rating_rank=rating_rank(stars.first()),
    )
    changes = {"user": [None, user_id], "movie": [None, movie.pk]}
    journal.record(journal.Action.CREATE, favorite, changes=changes)
    return favorite, True


@transaction.atomic(savepoint=False)
def remove_favorite(*, favorite: Favorite) -> None:
    """Take a movie off a user's list; the user's rating of it stays."""
    changes = {"user": [favorite.user_id, None], "movie": [favorite.movie_id, None]}
    journal.record(journal.Action.DELETE, favorite, changes=changes)
    favorite.delete()


def lock_user(user_id: int) -> None:
    """Let one write at a time change all of a user's list, or raise UserNotFound."""
    users = get_user_model()._default_manager.filter(pk=user_id, anonymised_at__isnull=True)
    if users.select_for_update(no_key=True).values_list("pk").first() is None:
        raise UserNotFound


@transaction.atomic(savepoint=False)
def wipe_favorites(*, user_id: int) -> int:
    """Empty a user's list so that support can bring it back for a while; return how many left.

    Raises:
        UserNotFound: there is no such user.
    """
    lock_user(user_id)
    listed = Favorite.objects.filter(user_id=user_id, wipe=None)
    if not listed.exists():
        return 0
    wipe = FavoritesWipe.objects.create(user_id=user_id, wiped_by_id=context.actor.get().id)
    wipe.count = listed.update(wipe=wipe)
    wipe.save(update_fields=["count"])
    reason = f"wipe {wipe.pk} of user {user_id}"
    journal.record(journal.Action.CREATE, wipe, changes=journal.initial(wipe))
    journal.record(journal.Action.DELETE, Favorite, count=wipe.count, reason=reason)
    return wipe.count


@transaction.atomic
def undo_wipe(*, wipe: FavoritesWipe) -> int:
    """Bring wiped favourites back, but those that are on the list again; return how many came.

    Raises:
        WipeNotUndoable: it was undone before, or is too long ago.
    """
    lock_user(wipe.user_id)
    wipe = FavoritesWipe.objects.select_for_update().get(pk=wipe.pk)
    now = timezone.now()
    if wipe.undone_at is not None or wipe.created_at < now - UNDO_TIME:
        raise WipeNotUndoable
    waiting = Favorite.objects.filter(wipe=wipe)
    movies = Movie.objects.filter(pk__in=waiting.values("movie_id")).order_by("pk")
    list(movies.select_for_update(no_key=True).values_list("pk"))
    listed = Favorite.objects.filter(
        user_id=wipe.user_id, movie_id=OuterRef("movie_id"), wipe__isnull=True
    )
    waiting.filter(Exists(listed)).delete()
    count = waiting.update(wipe=None)
    wipe.undone_at = now
    wipe.save(update_fields=["undone_at"])
    changes = {"undone_at": [None, now.isoformat()]}
    reason = f"wipe {wipe.pk} of user {wipe.user_id} undone"
    journal.record(journal.Action.CHANGE, wipe, changes=changes, count=count)
    journal.record(journal.Action.CREATE, Favorite, count=count, reason=reason)
    return count


# -- ratings ------------------------------------------------------------------------------------
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


# -- the end of things --------------------------------------------------------------------------
@transaction.atomic(savepoint=False)
def forget_user(*, user_id: int) -> None:
    """Delete what a removed user liked and thought."""
    for model in (Favorite, FavoritesWipe, Rating):
        count, _ = model._base_manager.filter(user_id=user_id).delete()
        if count:
            reason = f"the account of user {user_id} was removed"
            journal.record(journal.Action.DELETE, model, count=count, reason=reason)


def forget_details() -> int:
    """Drop the details that TMDB has not confirmed for six months; return of how many movies.

    Its terms allow no longer copy. What names and orders a list stays: id, title, release date.
    """
    limit = timezone.now() - DETAILS_KEPT
    count = 0
    with transaction.atomic():
        movies = Movie.objects.filter(fetched_at__lt=limit).order_by("pk")  # as undo_wipe locks
        for movie in movies.iterator(chunk_size=1000):
            released_on = movie.release_date.isoformat() if movie.release_date else ""
            left = {"id": movie.pk, "title": movie.title, "release_date": released_on}
            if movie.details != left:
                unconfirmed = Movie.objects.filter(pk=movie.pk, fetched_at__lt=limit)
                count += unconfirmed.update(details=left)
        if count:
            reason = f"not confirmed by TMDB for {DETAILS_KEPT.days} days: details dropped"
            journal.record(journal.Action.CHANGE, Movie, count=count, reason=reason)
    return count


def purge() -> dict[str, int]:
    """Delete what is too old to be kept: answers and details of TMDB, and wiped favourites.

    Movies that were gone a month ago are asked for again ("asked").
    """
    limit = timezone.now() - UNDO_TIME
    with transaction.atomic():
        wiped, _ = Favorite.objects.filter(wipe__created_at__lt=limit).delete()
        if wiped:
            reason = "wiped longer ago than can be undone"
            journal.record(journal.Action.DELETE, Favorite, count=wiped, reason=reason)
    return {
        "answers": stored_answers.purge(),
        "favorites": wiped,
        "details": forget_details(),
        "asked": gone.ask_again(),
    }
