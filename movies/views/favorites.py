"""The routes of favourites, one's own and anybody's."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.views import GenericViewSet
from movies import contract, permissions, selectors, services, translations
from movies.constants import ENGLISH
from movies.filters import FavoriteFilter
from movies.models import Favorite
from movies.serializers import FavoriteSerializer, NewFavoriteSerializer, WipeSerializer
from movies.views.base import TAG, AboutMovie, caller_id, language_of

FAVORITES_IN_LANGUAGE = OpenApiParameter(
    "language",
    str,
    pattern=TAG,
    description="Such as `es` or `es-MX`. Movies that were not read in it yet are shown in English"
    " and read in the background: ask again some seconds later. Order, filters and search go by"
    " the English title.",
)


def other_language_of(request: Request) -> str:
    """Return the language that was asked for, unless it is the one that details are stored in."""
    language = language_of(request)
    return "" if language in ENGLISH else language


class FavoriteRows(mixins.ListModelMixin, GenericViewSet):
    """The list of one user's favourites."""

    fast_reads = False  # selectors.ROW is as fast; one document is its serializer's to show
    queryset = Favorite.objects.none()
    serializer_class = FavoriteSerializer
    filterset_class = FavoriteFilter
    search_fields = ("movie__search_key",)
    ordering = ("release_rank", "rating_rank", "movie_id")
    ordering_fields: ClassVar[Mapping[str, str]] = {  # type: ignore[assignment]  # core.api.filters.filterset takes a mapping, too
        "release_date": "-release_rank",
        "my_rating": "-rating_rank",
        "title": "movie__title",
        "added_at": "created_at",
        "id": "movie_id",
    }
    query_params = {"list": ("language",), "retrieve": ("language",)}  # type: ignore[assignment]  # names by action, which core.api.filters.filterset reads

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return the rows of the page; what lacks the language is read in the background."""
        rows = super().paginate_queryset(queryset)
        if language := other_language_of(self.request):
            read = [(row["movie_id"], row["translated_at"]) for row in rows]
            translations.ask_for(read, language)
        return rows

    @extend_schema(parameters=[FAVORITES_IN_LANGUAGE])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the favourites with everything about each movie, and the user's rating."""
        return super().list(request, *args, **kwargs)


class FavoriteViewSet(
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    FavoriteRows,
    AboutMovie,
):
    """The caller's favourite movies: newest release first, then the caller's rating, then id."""

    resource = contract.FAVORITES
    permission_table = permissions.FAVORITES

    def get_queryset(self) -> QuerySet:
        """Narrow to the caller's own list."""
        user_id = caller_id(self.request)
        if self.action == "list":
            return selectors.rows_of(user_id, other_language_of(self.request))
        return selectors.favorites_of(user_id).select_related("movie")

    def get_serializer_class(self) -> type[BaseSerializer]:
        """Read another shape than is shown."""
        return NewFavoriteSerializer if self.action == "create" else FavoriteSerializer

    @extend_schema(parameters=[FAVORITES_IN_LANGUAGE])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show a favourite with everything about its movie, and the caller's rating."""
        favorite = self.get_object()
        if language := other_language_of(request):
            copy = translations.translated(favorite.movie_id, language)
            read_at = copy and copy.fetched_at
            translations.ask_for([(favorite.movie_id, read_at)], language)
            if copy is not None:
                favorite.movie.details = orjson.loads(copy.body)
        return Response(self.get_serializer(favorite).data)

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


class UserFavoriteViewSet(FavoriteRows):
    """Anybody's favourites, for administrators."""

    resource = contract.USER_FAVORITES
    permission_table = permissions.FAVORITES_OF_USERS

    def get_queryset(self) -> QuerySet:
        """Narrow to the user of the address, who must exist."""
        selectors.require_user(self.kwargs["user_id"])
        return selectors.rows_of(self.kwargs["user_id"], other_language_of(self.request))

    @extend_schema(responses={200: WipeSerializer})
    def wipe(self, _request: Request, *, user_id: int) -> Response:
        """Remove all favourites of a user; support can bring them back within 30 days."""
        return Response({"removed": services.wipe_favorites(user_id=user_id)})
