"""The adapter: TMDB version 3 as a :class:`movies.catalog.port.MovieCatalog`."""

import logging
from collections.abc import Callable
from typing import Any

import orjson

from core.outbound.client import NotFoundError, UnauthorizedError, Upstream, UpstreamError
from movies.catalog.documents import check_details, check_popular
from movies.catalog.port import Answer, MovieCatalog, type_document
from movies.errors import (
    CatalogNotConfigured,
    CatalogRefused,
    CatalogUnavailable,
    MovieNotFound,
)

logger = logging.getLogger("plaza.catalog")

MAX_ANSWER_BYTES = 1024 * 1024


def is_usable(credential: str) -> bool:
    """Tell whether a credential can travel in a header and in a URL."""
    return bool(credential) and credential.isascii() and credential.isprintable()


class Tmdb(MovieCatalog):
    """TMDB: every answer is fresh.

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
        params = {"page": page, "language": language, "region": region}
        given = {name: value for name, value in params.items() if value}
        return self._get(
            "movie/popular",
            given,
            parse=lambda found: check_popular(found, page),
            missing=CatalogUnavailable(reason="status"),  # the base URL leads elsewhere
        )

    def movie(self, *, movie_id: int, **_options: object) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        return self._get(
            f"movie/{movie_id}",
            {},
            parse=lambda found: check_details(found, movie_id),
            missing=MovieNotFound(),
        )

    def _get(
        self,
        path: str,
        params: dict[str, Any],
        *,
        parse: Callable[[type_document], type_document],
        missing: Exception,
    ) -> Answer:
        """Return a checked document; core.outbound retries, breaks circuits, logs failures."""
        if not self.configured:
            logger.error("tmdb_not_configured", extra={"set": "TMDB_ACCESS_TOKEN or TMDB_API_KEY"})
            raise CatalogNotConfigured
        try:
            document = self.upstream.get_json(path, {**params, **self.params}, parse=parse)
        except NotFoundError:
            raise missing from None
        except UnauthorizedError:
            raise CatalogRefused from None
        except UpstreamError as error:
            raise CatalogUnavailable(reason=error.reason, retry_after=error.retry_after) from None
        return Answer(orjson.dumps(document))
