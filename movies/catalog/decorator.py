"""What the decorators of a catalogue have in common."""

from collections.abc import Callable
from functools import partial

from movies.catalog.port import Answer, MovieCatalog, type_on_stale


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

    def movie(
        self, *, movie_id: int, fresh: bool = False, on_stale: type_on_stale | None = None
    ) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        if fresh:
            return self.inner.movie(movie_id=movie_id, fresh=True)
        ask = partial(self.inner.movie, movie_id=movie_id)
        return self.answer(f"movie:{movie_id}", ask, on_stale)

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Answer the question ``key``; ``ask(on_stale=…)`` puts it to the inner catalogue."""
        raise NotImplementedError  # a default that asks on would hide a decorator without one
