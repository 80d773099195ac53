"""The routes of movies, favourites and ratings."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import orjson
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import parse_bool, parse_int, refusal
from core.api.views import GenericViewSet
from core.text import is_clean, name_key
from movies import contract, gone, permissions, selectors, services, translations
from movies.catalog import catalog
from movies.constants import (
    COUNTRIES,
    ENGLISH,
    LANGUAGE,
    LANGUAGES,
    MAX_MOVIE_ID,
    MAX_PAGE,
    MAX_QUERY_CHARACTERS,
)
from movies.errors import MovieNotFound
from movies.filters import FavoriteFilter
from movies.models import Favorite, GoneMovie, Movie, Rating
from movies.serializers import (
    FavoriteSerializer,
    GoneMovieSerializer,
    MoveSerializer,
    MovieSerializer,
    NewFavoriteSerializer,
    NewIdSerializer,
    PopularSerializer,
    RatingSerializer,
    WipeSerializer,
)

TAG = "^[a-z]{2}(-[A-Z]{2})?$"
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
FAVORITES_IN_LANGUAGE = OpenApiParameter(
    "language",
    str,
    pattern=TAG,
    description="Such as `es` or `es-MX`. Movies that were not read in it yet are shown in English"
    " and read in the background: ask again some seconds later. Order, filters and search go by"
    " the English title.",
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


def other_language_of(request: Request) -> str:
    """Return the language that was asked for, unless it is the one that details are stored in."""
    language = language_of(request)
    return "" if language in ENGLISH else language


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


def caller_id(request: Request) -> int:
    """Return the id of the user who calls; the schema generator calls as nobody."""
    return request.user.pk or 0


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
    query_params = {"list": ("language",), "retrieve": ("language",)}  # type: ignore[assignment]  # as above

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


class RatingViewSet(
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    AboutMovie,
):
    """The caller's rating of one movie, favourite or not."""

    resource = contract.RATINGS
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


class GoneMovieViewSet(mixins.ListModelMixin, AboutMovie):
    """Movies that TMDB no longer has, and their new ids: for support."""

    resource = contract.GONE
    fast_reads = False  # what is counted is no column
    permission_table = permissions.GONE
    queryset = GoneMovie.objects.none()
    ordering = ("-since", "-id")
    query_params = {"create": ("dry_run",)}  # type: ignore[assignment]  # as above

    def get_queryset(self) -> QuerySet:
        """Leave out what has its new id."""
        since = Coalesce(
            "absent_since", "fetched_at"
        )  # never NULL here, which a page wants to know
        return gone.counted(gone.gone_movies()).annotate(since=since)

    def get_serializer_class(self) -> type[BaseSerializer]:
        """Read another shape than is shown."""
        return NewIdSerializer if self.action == "create" else GoneMovieSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("dry_run", bool, description="Only say what would move."),
        ],
        responses={200: MoveSerializer},
    )
    def create(self, request: Request, *, movie_id: int) -> Response:
        """Move all favourites and ratings of a movie to its new id, once and for all.

        Who rated both keeps the later rating.
        """
        dry_run = parse_bool(request.query_params.get("dry_run", "false"), name="dry_run")
        old = Movie.objects.filter(pk=self.lookup_value(movie_id)).first()
        if old is None:
            raise MovieNotFound
        new: Movie = self.wanted
        if dry_run:
            gone.check(movie=old, new=new)
            move = gone.preview(movie=old, new=new)
        else:
            reason = self.validated["reason"]
            move = gone.replace_movie(movie_id=old.pk, new_id=new.pk, reason=reason)
        return Response({"movie_id": new.pk, **asdict(move)})
