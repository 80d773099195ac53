"""Movies' details: read from TMDB, and kept fresh."""

import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.jobs.work import Work
from movies import gone
from movies.catalog import catalog
from movies.catalog.documents import released
from movies.catalog.port import type_document
from movies.constants import MAX_MOVIE_ID, OWN_FIELDS, REFRESH_AFTER, TITLE_LENGTH, RefreshStatus
from movies.errors import CatalogUnavailable, MovieNotFound
from movies.models import Favorite, Movie, release_rank

# Slowed down to one attempt in ten minutes, and given up after seven months: TMDB may come back.
refreshes = Work(
    Movie,
    task="movies.tasks.refresh_movie",
    status="refresh_status",
    attempts="refresh_attempts",
    due="refresh_due_at",
    cause="refresh_error",
    title=_("Details of films"),
    max_attempts=30_000,  # what the column holds, nearly
)


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
        refreshes.postpone(
            movie, retry_after=float(error.headers["Retry-After"]), cause=error.default_code
        )
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
    journal.record(journal.Action.CHANGE, movie, changes=changes, reason=noop("refresh asked for"))
