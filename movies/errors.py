"""What can go wrong with movies, favourites and ratings."""

import math
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound, ServiceUnavailable

MAX_RETRY_AFTER_SECONDS = 60


class MovieNotFound(NotFound):
    """The catalogue has no movie of this id."""

    default_code = "movie_not_found"
    default_detail = _("There is no movie with this id.")


class UserNotFound(NotFound):
    """There is no user of this id."""

    default_code = "user_not_found"
    default_detail = _("There is no user with this id.")


class CatalogUnavailable(ServiceUnavailable):
    """The catalogue does not answer usably, and no copy of its answer is at hand."""

    default_code = "catalog_unavailable"
    default_detail = _("The movie catalogue is not reachable just now; try again.")

    def __init__(
        self,
        detail: Any = None,
        *,
        reason: str = "unavailable",
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason
        wait = min(max(1, math.ceil(retry_after or 2)), MAX_RETRY_AFTER_SECONDS)
        super().__init__(detail, retry_after=wait)


class CatalogBusy(CatalogUnavailable):
    """Enough callers wait for the catalogue already; this one must not block a thread, too."""

    default_code = "catalog_busy"
    default_detail = _("The movie catalogue is slow just now; try again.")

    def __init__(self) -> None:
        super().__init__(reason="busy", retry_after=1)


class CatalogNotConfigured(CatalogUnavailable):
    """Nobody has set the credentials of TMDB."""

    default_code = "tmdb_not_configured"
    default_detail = _(
        "The credentials of TMDB are missing: set TMDB_ACCESS_TOKEN (v4) or TMDB_API_KEY (v3)."
    )

    def __init__(self) -> None:
        super().__init__(reason="not_configured", retry_after=MAX_RETRY_AFTER_SECONDS)


class CatalogRefused(CatalogUnavailable):
    """TMDB does not accept our credentials."""

    default_code = "tmdb_refused"
    default_detail = _(
        "TMDB does not accept our credentials: check TMDB_ACCESS_TOKEN and TMDB_API_KEY."
    )

    def __init__(self) -> None:
        super().__init__(reason="unauthorized", retry_after=MAX_RETRY_AFTER_SECONDS)


class AlreadyRated(Conflict):
    """The caller has rated this movie before."""

    default_code = "already_rated"
    default_detail = _("You have rated this movie already; correct the rating with PUT or PATCH.")


class WipeNotUndoable(Conflict):
    """The wipe was undone before, or is too long ago."""

    default_code = "wipe_not_undoable"
    default_detail = _("This wipe was undone already, or is too long ago.")


class SameMovie(Conflict):
    """A movie cannot be its own successor."""

    default_code = "same_movie"
    default_detail = _("The new id is the movie's own.")


class MovieNotGone(Conflict):
    """The movie is on TMDB, or has its new id already."""

    default_code = "movie_not_gone"
    default_detail = _("TMDB has this movie, or its new id is known already.")


class MovieGone(Conflict):
    """What should be the new id is none that TMDB has."""

    default_code = "movie_gone"
    default_detail = _("TMDB does not have the movie of the new id either.")
