"""The port: what the app needs of a catalogue of movies, whoever keeps it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

type_document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A document as JSON, its age in seconds, and how it was come by (RFC 9211).

    ``ttl`` is for how many seconds it stays fresh: negative for a stale one, None when no cache was
    asked. A ``cacheable`` answer is fresh, and its caller is the one who should keep it.
    """

    body: bytes
    age: float = 0.0
    how: str = "fwd=miss"
    ttl: float | None = None
    detail: str = ""
    cacheable: bool = False

    @property
    def document(self) -> type_document:
        """Return what the body says."""
        return dict(orjson.loads(self.body))

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that announce it."""
        status = f"plaza; {self.how}"
        if self.ttl is not None:
            status += f"; ttl={math.floor(self.ttl)}"
        if self.detail:
            status += f"; detail={self.detail}"
        return {"Age": str(max(0, int(self.age))), "Cache-Status": status}


type_on_stale = Callable[[Answer], None]


class MovieCatalog(Protocol):
    """A catalogue of movies.

    Documents have TMDB's shape and are mended: what they hold can be stored and sent on as it is.
    Without ``language`` their texts are English.
    A catalogue that cannot answer raises :class:`movies.errors.CatalogUnavailable`.

    ``on_stale`` may be called with an old answer before the wait for a newer one begins, so that
    others who have the same question need not wait, too.
    """

    def popular(
        self,
        *,
        page: int,
        language: str = "",
        region: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of popular movies: ``page, results, total_pages, total_results``."""

    def search(
        self,
        *,
        query: str,
        page: int,
        language: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of the movies whose title has the words of ``query``, as `popular` does."""

    def movie(
        self,
        *,
        movie_id: int,
        language: str = "",
        fresh: bool = False,
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return everything about one movie, or raise MovieNotFound.

        A ``fresh`` answer comes from the source itself: no copy serves, none is made, and nothing
        bounds how many wait. That is for background work.
        """
