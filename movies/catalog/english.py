"""English where TMDB has no text in the language that was asked for."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from movies.catalog.port import Answer, MovieCatalog, type_document, type_on_stale
from movies.constants import ENGLISH
from movies.errors import CatalogUnavailable, MovieNotFound

TEXTS = ("title", "overview", "tagline")
# TMDB took so long already that whoever waits for us would go: the texts stay empty this time.
MAX_WAIT_SECONDS = 1.5


def is_empty(value: Any) -> bool:
    """Tell whether a text says nothing."""
    return not isinstance(value, str) or not value.strip()


def lacks_text(movie: type_document) -> bool:
    """Tell whether a movie, or one of its genres, has an empty text."""
    named = (is_empty(genre.get("name")) for genre in movie.get("genres", []))
    return any(name in movie and is_empty(movie[name]) for name in TEXTS) or any(named)


def fill(movie: type_document, english: type_document) -> None:
    """Give a movie the English texts where its own are empty."""
    for name in TEXTS:
        if name in movie and is_empty(movie[name]) and not is_empty(english.get(name)):
            movie[name] = english[name]
    names = {genre.get("id"): genre.get("name") for genre in english.get("genres", [])}
    for genre in movie.get("genres", []):
        if is_empty(genre.get("name")):
            genre["name"] = names.get(genre.get("id")) or ""


class InEnglish(MovieCatalog):
    """Asks for the English answer, too, when a text of another language's is empty.

    ``popular:1:es-MX:`` comes with one empty overview: the English page (mostly in the cache,
    otherwise one more call) has the same film, and its overview fills the gap. Films that only one
    of the two pages has keep their gap. What is stored is filled already.
    """

    def __init__(self, inner: MovieCatalog) -> None:
        self.inner = inner
        self.english = inner  # the whole catalogue, once it stands: see `decorate`

    def popular(
        self,
        *,
        page: int,
        language: str = "",
        region: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of popular movies."""
        given: dict[str, Any] = {"page": page, "region": region}
        return self._answer("popular", given, language, on_stale=on_stale)

    def search(
        self,
        *,
        query: str,
        page: int,
        language: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of the movies that have these words in their title."""
        return self._answer("search", {"query": query, "page": page}, language, on_stale=on_stale)

    def movie(
        self,
        *,
        movie_id: int,
        language: str = "",
        fresh: bool = False,
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        options: dict[str, Any] = {"fresh": True} if fresh else {"on_stale": on_stale}
        return self._answer("movie", {"movie_id": movie_id}, language, **options)

    def _answer(self, route: str, given: dict[str, Any], language: str, **options: Any) -> Answer:
        """Ask in the language, and in English for what is empty."""
        started = time.monotonic()
        ask: Callable[..., Answer] = getattr(self.inner, route)
        answer = ask(**given, language=language, **options)
        if language in ENGLISH or time.monotonic() - started > MAX_WAIT_SECONDS:
            return answer
        document = answer.document
        movies = {movie["id"]: movie for movie in document.get("results", [document])}
        empty = [number for number, movie in movies.items() if lacks_text(movie)]
        if not empty:
            return answer
        try:
            english = getattr(self.english, route)(**given).document
        except (CatalogUnavailable, MovieNotFound):
            return answer
        others = {movie["id"]: movie for movie in english.get("results", [english])}
        for number in empty:
            fill(movies[number], others.get(number, {}))
        return replace(answer, body=orjson.dumps(document))
