"""The port: what the app needs of a catalogue of movies, whoever keeps it.

:class:`movies.catalog.tmdb.TmdbCatalog` is the adapter;
:class:`movies.catalog.cache.CachingCatalog` wraps any.
"""

from typing import Any, Protocol

type_document = dict[str, Any]


class MovieCatalog(Protocol):
    """A catalogue of movies.

    Documents have TMDB's shape and are checked: what they hold can be stored and sent on as it is.
    A catalogue that cannot answer raises :class:`movies.errors.CatalogUnavailable`.
    """

    def popular(self, *, page: int, language: str = "", region: str = "") -> type_document:
        """Return a page of popular movies: ``page, results, total_pages, total_results``."""

    def movie(self, *, movie_id: int) -> type_document:
        """Return everything about one movie, or raise MovieNotFound."""
