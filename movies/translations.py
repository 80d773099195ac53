"""Favourites in another language than English.

A list of fifty films must not make fifty calls of TMDB: it shows what the catalogue's copies have
in that language (`CachedAnswer` of ``movie:7:es-MX``), the stored English details otherwise, and
has the rest read in the background, so that it is there for the next look. Nothing but the copies
remembers that: a lost message is asked for again by the next list.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from core import context
from core.jobs.work import publisher
from movies.catalog import catalog
from movies.catalog.decorator import movie_name
from movies.constants import REFRESH_AFTER
from movies.errors import CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer, Favorite

logger = logging.getLogger("plaza.catalog")

TASK = "movies.tasks.read_in_language"
TASK_MOVIES = 20  # in one message: some seconds of a worker
# Of all users together: odd languages must not keep the workers, nor TMDB, from other work.
MAX_MOVIES_A_MINUTE = 300
ASKED_SECONDS = 120  # so long nobody asks for the same again


def with_language(rows: QuerySet[Favorite], language: str, document: Any) -> QuerySet[Favorite]:
    """Add to favourites their ``document`` in a language, and when that was read.

    It is ``document``, with ``translated_at`` None, where the copies have none.
    """
    key = Concat(
        Value("movie:"), Cast(OuterRef("movie_id"), CharField()), Value(f":{language}")
    )  # as movie_name spells it
    copies = CachedAnswer.objects.filter(key=key, fetched_at__isnull=False)
    return rows.annotate(
        document=Coalesce(Subquery(copies.values("body")[:1]), document),
        translated_at=Subquery(copies.values("fetched_at")[:1]),
    )


def translated(movie_id: int, language: str) -> CachedAnswer | None:
    """Return the copy of a movie in a language."""
    key = movie_name(movie_id, language)
    return CachedAnswer.objects.filter(key=key, fetched_at__isnull=False).first()


def ask_for(rows: Iterable[tuple[int, Any]], language: str) -> int:
    """Have movies read in a language unless it was done lately; return how many.

    ``rows`` are ids and when each was read in the language; None is never.
    """
    old = timezone.now() - REFRESH_AFTER
    wanted = {
        f"movies:asked:{language}:{movie_id}": movie_id
        for movie_id, read_at in rows
        if read_at is None or read_at < old
    }
    if not wanted:
        return 0
    try:
        for name in cache.get_many(list(wanted)):
            del wanted[name]
        cache.add("movies:asked", 0, 60)
        if not wanted or int(cache.incr("movies:asked", len(wanted))) > MAX_MOVIES_A_MINUTE:
            return 0
        cache.set_many(dict.fromkeys(wanted, 1), ASKED_SECONDS)
    except Exception as error:  # noqa: BLE001 - each cache backend raises its own
        logger.warning("movies_without_cache", extra={"cause": type(error).__name__})
        return 0
    for some in chunks(list(wanted.values()), TASK_MOVIES):
        given = {"movie_ids": some, "language": language}
        publisher.publish(TASK, {**given, "request_id": context.request_id.get()})
    return len(wanted)


def chunks(ids: list[int], size: int) -> list[list[int]]:
    """Return a list in pieces."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def read(*, movie_ids: list[int], language: str) -> int:
    """Read movies in a language, so that the copies have them; return how many came.

    It ends when TMDB does not answer: the next list asks again.
    """
    count = 0
    for movie_id in movie_ids:
        try:
            catalog().movie(movie_id=movie_id, language=language)
        except MovieNotFound:
            continue
        except CatalogUnavailable:
            break
        count += 1
    return count
