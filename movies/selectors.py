"""Reads that several views share."""

from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from movies.catalog import catalog
from movies.catalog.port import Answer
from movies.errors import CatalogUnavailable, UserNotFound
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


def movie_answer(*, movie_id: int) -> Answer:
    """Return everything about one movie; when TMDB fails, also what favourites keep of it.

    Raises:
        MovieNotFound: the catalogue has no such movie.
        CatalogUnavailable: the catalogue fails and nothing young enough is stored.
    """
    try:
        return catalog().movie(movie_id=movie_id)
    except CatalogUnavailable as error:
        now = timezone.now()
        limit = now - timedelta(days=settings.MOVIES_STALE_DAYS)
        movie = Movie.objects.filter(pk=movie_id, fetched_at__gt=limit).first()
        if movie is None:
            raise
        age = (now - movie.fetched_at).total_seconds()
        body = orjson.dumps(movie.details)
        ttl = settings.MOVIES_CACHE_SECONDS - age
        return Answer(body, age, "fwd=stale", ttl=ttl, detail=error.reason)


def favorites_of(user_id: int) -> QuerySet[Favorite]:
    """Return a user's list."""
    return Favorite.objects.filter(user_id=user_id, wipe__isnull=True)


def rows_of(user_id: int) -> QuerySet[Favorite, dict[str, Any]]:
    """Return a user's list as rows of `ROW`; `document` is the movie's details as JSON text.

    The text goes out as it is stored: parsing fifty documents and writing them again would be half
    of what the list costs.
    """
    details = Cast("movie__details", TextField())
    return favorites_of(user_id).annotate(document=details).values(*ROW)


def require_user(user_id: int) -> None:
    """Raise UserNotFound unless the user exists."""
    users = get_user_model()._default_manager.filter(pk=user_id, anonymised_at__isnull=True)
    if not users.exists():
        raise UserNotFound
