"""The fast cache: an answer serves for some seconds without asking the database or TMDB."""

import time
from collections.abc import Callable

from movies.catalog import safe_cache
from movies.catalog.decorator import CatalogDecorator
from movies.catalog.port import Answer, MovieCatalog, type_on_stale
from movies.constants import MAX_MOVIE_ID
from movies.errors import MovieNotFound

MAX_SKEW_SECONDS = 1.0  # by which the clocks of nodes may differ


class Cached(CatalogDecorator):
    """Answers from Django's cache while they are younger than ``seconds``.

    An entry is the body and when it was fetched (seconds since 1970), so that every process says
    the same age. The cache may be one that processes share (Redis) or each process's own. It drops
    an entry in time by its own clock; one that another node stamped in the future is not believed.
    """

    def __init__(self, inner: MovieCatalog, *, seconds: float) -> None:
        super().__init__(inner)
        self.seconds = seconds

    def movie(
        self,
        *,
        movie_id: int,
        language: str = "",
        fresh: bool = False,
        on_stale: type_on_stale | None = None,
    ) -> Answer:
        """Return everything about one movie, or raise MovieNotFound.

        An id that TMDB cannot have ends here: it could be too long for a key of the database.
        """
        if movie_id > MAX_MOVIE_ID:
            raise MovieNotFound
        return super().movie(movie_id=movie_id, language=language, fresh=fresh, on_stale=on_stale)

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Return the answer from the cache, or ask for it and keep it when it is cacheable."""
        entry = safe_cache.get(key)
        if entry is not None:
            body, fetched = entry
            age = time.time() - fetched
            if -MAX_SKEW_SECONDS < age < self.seconds:
                age = max(0.0, age)
                return Answer(body, age, "hit", ttl=self.seconds - age)
        answer = ask(on_stale=on_stale)
        if answer.cacheable:
            kept = (answer.body, time.time() - answer.age)
            safe_cache.put(key, kept, self.seconds - answer.age)
        return answer
