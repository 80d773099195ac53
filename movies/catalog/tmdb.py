"""The adapter: TMDB version 3 as a :class:`movies.catalog.port.MovieCatalog`."""

import logging
from collections.abc import Callable
from typing import Any

import orjson

from core.outbound.client import NotFoundError, UnauthorizedError, Upstream, UpstreamError
from movies.catalog.documents import mend_details, mend_page
from movies.catalog.port import Answer, MovieCatalog, type_document
from movies.errors import (
    CatalogNotConfigured,
    CatalogRefused,
    CatalogUnavailable,
    MovieNotFound,
)

logger = logging.getLogger("plaza.catalog")

# A page has 15 kB; one film with an endless text must not cost the other nineteen.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
NOT_FOUND = 34  # https://developer.themoviedb.org/docs/errors


def is_usable(credential: str) -> bool:
    """Tell whether a credential can travel in a header and in a URL."""
    return bool(credential) and credential.isascii() and credential.isprintable()


def code_of(error: UpstreamError) -> int | None:
    """Return TMDB's own code of an error; None when the error is somebody else's on the way."""
    said = error.document
    code = said.get("status_code") if isinstance(said, dict) else None
    return code if type(code) is int else None


class Tmdb(MovieCatalog):
    """TMDB: every answer is fresh.

    A movie is missing, and credentials are refused, when TMDB's own error document says so. The
    same status from a proxy, a portal or a wrong base URL is a catalogue that does not answer.

    The v4 access token is preferred to the v3 key, which travels in the URL.
    """

    def __init__(self, base_url: str, *, api_key: str = "", access_token: str = "") -> None:
        self.configured = is_usable(access_token) or is_usable(api_key)
        headers, self.params = {}, {}
        if is_usable(access_token):
            headers = {"Authorization": f"Bearer {access_token}"}
        else:
            self.params = {"api_key": api_key}
        self.upstream = Upstream("tmdb", base_url, max_bytes=MAX_ANSWER_BYTES, headers=headers)

    def popular(
        self, *, page: int, language: str = "", region: str = "", **_options: object
    ) -> Answer:
        """Return a page of popular movies."""
        given = {"page": page, "language": language, "region": region}
        return self._get("movie/popular", given, parse=lambda found: mend_page(found, page))

    def search(self, *, query: str, page: int, language: str = "", **_options: object) -> Answer:
        """Return a page of the movies that have these words in their title."""
        given = {"query": query, "page": page, "language": language}
        return self._get("search/movie", given, parse=lambda found: mend_page(found, page))

    def movie(self, *, movie_id: int, language: str = "", **_options: object) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        return self._get(
            f"movie/{movie_id}",
            {"language": language},
            parse=lambda found: mend_details(found, movie_id),
            missing=MovieNotFound,
        )

    def _get(
        self,
        path: str,
        params: dict[str, Any],
        *,
        parse: Callable[[type_document], type_document],
        missing: type[Exception] = CatalogUnavailable,  # a list: the base URL leads elsewhere
    ) -> Answer:
        """Return a checked document; core.outbound retries, breaks circuits, logs failures."""
        if not self.configured:
            logger.error("tmdb_not_configured", extra={"set": "TMDB_ACCESS_TOKEN or TMDB_API_KEY"})
            raise CatalogNotConfigured
        given = {name: value for name, value in params.items() if value}
        try:
            document = self.upstream.get_json(
                path, {**given, **self.params}, parse=parse, lenient=True
            )
        except UpstreamError as error:
            if isinstance(error, NotFoundError) and code_of(error) == NOT_FOUND:
                if missing is not CatalogUnavailable:
                    raise missing from None
            elif isinstance(error, UnauthorizedError) and code_of(error) is not None:
                raise CatalogRefused from None
            raise CatalogUnavailable(reason=error.reason, retry_after=error.retry_after) from None
        return Answer(orjson.dumps(document))
