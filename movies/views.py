"""The routes of movies, favourites and ratings."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import parse_int, refusal
from core.api.views import GenericViewSet
from movies import permissions, selectors, services
from movies.catalog import catalog
from movies.constants import COUNTRIES, LANGUAGE, MAX_MOVIE_ID, MAX_PAGE
from movies.errors import MovieNotFound
from movies.filters import FavoriteFilter
from movies.models import Favorite, Rating
from movies.serializers import (
    FavoriteSerializer,
    MovieSerializer,
    NewFavoriteSerializer,
    PopularSerializer,
    RatingSerializer,
    WipeSerializer,
)

POPULAR_PARAMETERS = [
    OpenApiParameter("page", int, description=f"1 to {MAX_PAGE}."),
    OpenApiParameter("language", str, description="Such as `es` or `es-CO`; TMDB's is `en-US`."),
    OpenApiParameter("region", str, description="ISO 3166-1 alpha-2, such as `CO`."),
]


def language_of(text: str) -> str:
    """Return a language tag, or raise the 400 that says how one looks."""
    match = LANGUAGE.fullmatch(text)
    if match is None or (match["country"] or "US") not in COUNTRIES:
        message = _("A language such as “es” or “es-CO”.")
        raise refusal("language", message, "invalid")
    return text


def region_of(text: str) -> str:
    """Return a country's code, or raise the 400 that says how one looks."""
    if text not in COUNTRIES:
        raise refusal("region", _("A country's code of two letters, such as “CO”."), "invalid")
    return text


def caller_id(request: Request) -> int:
    """Return the id of the user who calls; the schema generator calls as nobody."""
    return request.user.pk or 0


class CatalogViewSet(GenericViewSet):
    """What TMDB knows.

    Fresh for some seconds; when TMDB fails, the latest good answer comes instead, and `Age` and
    `Cache-Status` (RFC 9211) say so. This product uses TMDB and the TMDB APIs but is not endorsed,
    certified, or otherwise approved by TMDB.
    """

    permission_table = permissions.CATALOG
    query_params = {"popular": ("page", "language", "region")}  # type: ignore[assignment]  # names by action, which core.api.filters.filterset reads
    serializer_class = MovieSerializer

    @extend_schema(parameters=POPULAR_PARAMETERS, responses=PopularSerializer)
    def popular(self, request: Request) -> HttpResponse:
        """List the movies that are popular on TMDB, in TMDB's own page shape.

        Fresh for some seconds; when TMDB fails, the latest good answer comes instead, and `Age`
        and `Cache-Status` (RFC 9211) say so. This product uses TMDB and the TMDB APIs but is not
        endorsed, certified, or otherwise approved by TMDB.
        """
        query = request.query_params
        language = language_of(query["language"]) if "language" in query else ""
        region = region_of(query["region"]) if "region" in query else ""
        page = parse_int(query.get("page", "1"), 1, MAX_PAGE, name="page")
        answer = catalog().popular(page=page, language=language, region=region)
        return HttpResponse(answer.body, content_type="application/json", headers=answer.headers)

    def retrieve(self, _request: Request, *, movie_id: int) -> Response:
        """Show everything about one movie, by TMDB's id."""
        answer = selectors.movie_answer(movie_id=movie_id)
        return Response(orjson.Fragment(answer.body), headers=answer.headers)


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


class FavoriteRows(GenericViewSet):
    """The list of one user's favourites."""

    fast_reads = False  # selectors.ROW is as fast; one document is its serializer's to show
    queryset = Favorite.objects.none()
    serializer_class = FavoriteSerializer
    filterset_class = FavoriteFilter
    search_fields = ("movie__title",)
    ordering = ("release_rank", "rating_rank", "movie_id")
    ordering_fields: ClassVar[Mapping[str, str]] = {  # type: ignore[assignment]  # core.api.filters.filterset takes a mapping, too
        "release_date": "-release_rank",
        "my_rating": "-rating_rank",
        "title": "movie__title",
        "added_at": "created_at",
        "id": "movie_id",
    }


class FavoriteViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    FavoriteRows,
    AboutMovie,
):
    """The caller's favourite movies: newest release first, then the caller's rating, then id."""

    permission_table = permissions.FAVORITES

    def get_queryset(self) -> QuerySet:
        """Narrow to the caller's own list."""
        user_id = caller_id(self.request)
        if self.action == "list":
            return selectors.rows_of(user_id)
        return selectors.favorites_of(user_id).select_related("movie")

    def get_serializer_class(self) -> type[BaseSerializer]:
        """Read another shape than is shown."""
        return NewFavoriteSerializer if self.action == "create" else FavoriteSerializer

    @extend_schema(
        request=NewFavoriteSerializer, responses={200: FavoriteSerializer, 201: FavoriteSerializer}
    )
    def create(self, request: Request) -> Response:
        """Put a movie on the list: 201, or 200 when it is there already."""
        favorite, is_new = services.add_favorite(
            user_id=caller_id(request), movie_id=self.wanted.pk
        )
        return Response(
            FavoriteSerializer(favorite).data,
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
            headers={"Location": f"{request.path.rstrip('/')}/{favorite.movie_id}"},
        )

    def perform_destroy(self, instance: Favorite) -> None:
        """Take the movie off the list."""
        services.remove_favorite(favorite=instance)


class RatingViewSet(
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    AboutMovie,
):
    """The caller's rating of one movie, favourite or not."""

    permission_table = permissions.RATINGS
    queryset = Rating.objects.all()
    serializer_class = RatingSerializer

    def get_queryset(self) -> QuerySet:
        """Narrow to the caller's own ratings."""
        return super().get_queryset().filter(user_id=caller_id(self.request))

    def movie_wanted(self, validated: Mapping[str, Any]) -> int:
        """Return the movie of the address."""
        return int(self.kwargs["movie_id"])

    @extend_schema(responses={201: RatingSerializer})
    def create(self, request: Request, *, movie_id: int) -> Response:
        """Rate the movie: 409 when it is rated already."""
        rating = services.rate(
            user_id=caller_id(request), movie_id=movie_id, stars=self.validated["stars"]
        )
        return Response(
            self.get_serializer(rating).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": request.path.rstrip("/")},
        )

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Correct the rating."""
        services.correct_rating(
            rating=serializer.instance,  # type: ignore[arg-type]  # DRF types it loosely
            stars=serializer.validated_data.get("stars", serializer.instance.stars),  # type: ignore[union-attr]  # as above
        )

    def perform_destroy(self, instance: Rating) -> None:
        """Take the rating back."""
        services.remove_rating(rating=instance)


class UserFavoriteViewSet(mixins.ListModelMixin, FavoriteRows):
    """Anybody's favourites, for administrators."""

    permission_table = permissions.FAVORITES_OF_USERS

    def get_queryset(self) -> QuerySet:
        """Narrow to the user of the address, who must exist."""
        selectors.require_user(self.kwargs["user_id"])
        return selectors.rows_of(self.kwargs["user_id"])

    @extend_schema(responses={200: WipeSerializer})
    def wipe(self, _request: Request, *, user_id: int) -> Response:
        """Remove all favourites of a user; support can bring them back within 30 days."""
        return Response({"removed": services.wipe_favorites(user_id=user_id)})
