"""The routes of what TMDB knows."""

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import parse_int, refusal
from core.api.views import GenericViewSet
from core.text import is_clean, name_key
from movies import contract, permissions, selectors
from movies.catalog import catalog
from movies.constants import COUNTRIES, MAX_PAGE, MAX_QUERY_CHARACTERS
from movies.serializers import MovieSerializer, PopularSerializer
from movies.views.base import TAG, language_of

PAGE = OpenApiParameter(
    "page",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
    description=f"1 to {MAX_PAGE}.",
)
IN_LANGUAGE = OpenApiParameter(
    "language",
    str,
    pattern=TAG,
    description="Such as `es` or `es-MX`; `en-US` is the default, and stands in for empty texts.",
)
REGION = OpenApiParameter(
    "region", str, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, such as `CO`."
)
QUERY = OpenApiParameter(
    "query",
    str,
    required=True,
    description=f"Words of the title, at most {MAX_QUERY_CHARACTERS} characters; case does not"
    " matter.",
)


def region_of(request: Request) -> str:
    """Return a country's code, or raise the 400 that says how one looks."""
    text = request.query_params.get("region")
    if text is None:
        return ""
    if text not in COUNTRIES:
        raise refusal("region", _("A country's code of two letters, such as “CO”."), "invalid")
    return text


def page_of(request: Request) -> int:
    """Return the number of the page, or raise the 400 that says which there are."""
    return parse_int(request.query_params.get("page", "1"), 1, MAX_PAGE, name="page")


def query_of(request: Request) -> str:
    """Return the words to look for, one spelling of them, or raise the 400 of unusable ones."""
    given = request.query_params.get("query", "")
    query = name_key(given)
    if not any(character.isalnum() for character in query):
        raise refusal("query", _("Words of the title."), "required")
    if len(query) > MAX_QUERY_CHARACTERS:
        message = _("At most %(limit)d characters.") % {"limit": MAX_QUERY_CHARACTERS}
        raise refusal("query", message, "too_long")
    if not is_clean(given):
        raise refusal("query", _("This is no readable UTF-8 text."), "invalid_text")
    return query


class CatalogViewSet(GenericViewSet):
    """What TMDB knows.

    Fresh for some seconds; when TMDB fails, the latest good answer comes instead, and `Age` and
    `Cache-Status` (RFC 9211) say so. This product uses TMDB and the TMDB APIs but is not endorsed,
    certified, or otherwise approved by TMDB.
    """

    resource = contract.CATALOG
    permission_table = permissions.CATALOG
    query_params = {  # type: ignore[assignment]  # names by action, which core.api.filters.filterset reads
        "popular": ("page", "language", "region"),
        "search": ("query", "page", "language"),
        "retrieve": ("language",),
    }
    serializer_class = MovieSerializer

    @extend_schema(parameters=[PAGE, IN_LANGUAGE, REGION], responses=PopularSerializer)
    def popular(self, request: Request) -> HttpResponse:
        """List the movies that are popular on TMDB, in TMDB's own page shape.

        Fresh for some seconds; when TMDB fails, the latest good answer comes instead, and `Age`
        and `Cache-Status` (RFC 9211) say so. This product uses TMDB and the TMDB APIs but is not
        endorsed, certified, or otherwise approved by TMDB.
        """
        language, region, page = language_of(request), region_of(request), page_of(request)
        answer = catalog().popular(page=page, language=language, region=region)
        return HttpResponse(answer.body, content_type="application/json", headers=answer.headers)

    @extend_schema(parameters=[QUERY, PAGE, IN_LANGUAGE], responses=PopularSerializer)
    def search(self, request: Request) -> HttpResponse:
        """Find movies by words of their title, in the shape of the popular ones.

        Nothing found is an empty page. When TMDB fails, the latest good answer to the same words
        comes instead, as for the popular ones.
        """
        language, page, query = language_of(request), page_of(request), query_of(request)
        answer = catalog().search(query=query, page=page, language=language)
        return HttpResponse(answer.body, content_type="application/json", headers=answer.headers)

    @extend_schema(parameters=[IN_LANGUAGE])
    def retrieve(self, request: Request, *, movie_id: int) -> Response:
        """Show everything about one movie, by TMDB's id."""
        answer = selectors.movie_answer(movie_id=movie_id, language=language_of(request))
        return Response(orjson.Fragment(answer.body), headers=answer.headers)
