"""What the decorators of a catalogue have in common."""

import hashlib
from collections.abc import Callable
from functools import partial

from movies.catalog.port import Answer, MovieCatalog, type_on_stale

SEARCH = "search:"  # how the names of searches begin


def movie_name(movie_id: int | str, language: str) -> str:
    """Return the name of the question for a movie."""
    return f"movie:{movie_id}:{language}" if language else f"movie:{movie_id}"


def search_name(query: str, page: int, language: str) -> str:
    """Return the name of a search: short, and it does not tell support what somebody looks for."""
    digest = hashlib.sha256(query.encode()).hexdigest()[:32]
    return f"{SEARCH}{digest}:{page}:{language}"


class CatalogDecorator(MovieCatalog):
    """A catalogue around another one that treats all questions alike: see ``answer``."""

    def __init__(self, inner: MovieCatalog) -> None:
        self.inner = inner

    def popular(
        self,
        *,
        page: int,
        language: str = "",
        region: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of popular movies."""
        ask = partial(self.inner.popular, page=page, language=language, region=region)
        return self.answer(f"popular:{page}:{language}:{region}", ask, on_stale)

    def search(
        self,
        *,
        query: str,
        page: int,
        language: str = "",
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return a page of the movies that have these words in their title."""
        ask = partial(self.inner.search, query=query, page=page, language=language)
        return self.answer(search_name(query, page, language), ask, on_stale)

    def movie(
        self,
        *,
        movie_id: int,
        language: str = "",
        fresh: bool = False,
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        ask = partial(self.inner.movie, movie_id=movie_id, language=language)
        if fresh:
            return ask(fresh=True)
        return self.answer(movie_name(movie_id, language), ask, on_stale)

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Answer the question ``key``; ``ask(on_stale=…)`` puts it to the inner catalogue."""
        raise NotImplementedError  # a default that asks on would hide a decorator without one
