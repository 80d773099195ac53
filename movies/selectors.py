"""Reads that several views share."""

from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from movies import translations
from movies.catalog import catalog
from movies.catalog.port import Answer
from movies.constants import DETAILS_KEPT, MAX_MOVIE_ID
from movies.errors import CatalogUnavailable, MovieNotFound, UserNotFound
from movies.models import Favorite, Movie

# A list of favourites needs no model instances: these columns make its rows and its pages.
ROW = (
    "id",
    "movie_id",
    "document",
    "movie__title",
    "release_rank",
    "rating_rank",
    "created_at",
)


def movie_answer(*, movie_id: int, language: str = "") -> Answer:
    """Return everything about one movie; when TMDB fails, also what favourites keep of it.

    So it is while TMDB says that it has no such movie, for as long as the details may be kept.

    Raises:
        MovieNotFound: the catalogue has no such movie, and no favourite knows it.
        CatalogUnavailable: the catalogue fails and nothing young enough is stored.
    """
    try:
        return catalog().movie(movie_id=movie_id, language=language)
    except MovieNotFound:
        answer = kept_answer(movie_id, DETAILS_KEPT, "not_found")
        if answer is None:
            raise
    except CatalogUnavailable as error:
        answer = kept_answer(movie_id, timedelta(days=settings.MOVIES_STALE_DAYS), error.reason)
        if answer is None:
            raise
    return answer


def kept_answer(movie_id: int, at_most: timedelta, reason: str) -> Answer | None:
    """Return the details that favourites keep of a movie, unless they are too old."""
    if movie_id > MAX_MOVIE_ID:
        return None
    now = timezone.now()
    movie = Movie.objects.filter(pk=movie_id, fetched_at__gt=now - at_most).first()
    if movie is None:
        return None
    age = (now - movie.fetched_at).total_seconds()
    ttl = settings.MOVIES_CACHE_SECONDS - age
    return Answer(orjson.dumps(movie.details), age, "fwd=stale", ttl=ttl, detail=reason)


def favorites_of(user_id: int) -> QuerySet[Favorite]:
    """Return a user's list."""
    return Favorite.objects.filter(user_id=user_id, wipe__isnull=True)


def rows_of(user_id: int, language: str = "") -> QuerySet[Favorite, dict[str, Any]]:
    """Return a user's list as rows of `ROW`; `document` is the movie's details as JSON text.

    In a language that is what the copies have, see :mod:`movies.translations`.

    The text goes out as it is stored: parsing fifty documents and writing them again would be half
    of what the list costs.
    """
    details = Cast("movie__details", TextField())
    rows = favorites_of(user_id)
    if language:
        in_language = translations.with_language(rows, language, details)
        return in_language.values(*ROW, "translated_at")
    return rows.annotate(document=details).values(*ROW)


def require_user(user_id: int) -> None:
    """Raise UserNotFound unless the user exists."""
    users = get_user_model()._default_manager.filter(pk=user_id, anonymised_at__isnull=True)
    if not users.exists():
        raise UserNotFound
