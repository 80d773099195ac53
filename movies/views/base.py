"""What the views share: the language asked for, who calls, and the movie of the address."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.api.query import refusal
from core.api.views import GenericViewSet
from movies import services
from movies.constants import COUNTRIES, LANGUAGE, LANGUAGES, MAX_MOVIE_ID
from movies.errors import MovieNotFound

TAG = "^[a-z]{2}(-[A-Z]{2})?$"


def language_of(request: Request) -> str:
    """Return the language tag that was asked for, or raise the 400 that says how one looks."""
    text = request.query_params.get("language")
    if text is None:
        return ""
    match = LANGUAGE.fullmatch(text)
    if (
        match is None
        or match["language"] not in LANGUAGES
        or (match["country"] or "US") not in COUNTRIES
    ):
        message = _("A language such as “es” or “es-CO”.")
        raise refusal("language", message, "invalid")
    return text


def caller_id(request: Request) -> int:
    """Return the id of the user who calls; the schema generator calls as nobody."""
    return request.user.pk or 0


class AboutMovie(GenericViewSet):
    """A resource of the caller that is addressed by a movie's id."""

    lookup_field = "movie_id"

    def lookup_value(self, value: Any) -> int:
        """Return the id, or raise MovieNotFound: TMDB has none that the database cannot hold."""
        if value > MAX_MOVIE_ID:
            raise MovieNotFound
        return int(value)

    def movie_wanted(self, validated: Mapping[str, Any]) -> int:
        """Return the id of the movie that a new resource is about."""
        return int(validated["movie_id"])

    def handle(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask TMDB for a new resource's movie first: no transaction waits for an outside call."""
        if self.action == "create":
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            movie_id = self.movie_wanted(serializer.validated_data)
            self.wanted = services.get_or_fetch_movie(movie_id=movie_id)
            self.validated = serializer.validated_data
        return super().handle(request, *args, **kwargs)
