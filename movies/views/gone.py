"""The routes of movies that TMDB no longer has."""

from dataclasses import asdict

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import parse_bool
from movies import contract, gone, permissions
from movies.errors import MovieNotFound
from movies.models import GoneMovie, Movie
from movies.serializers import GoneMovieSerializer, MoveSerializer, NewIdSerializer
from movies.views.base import AboutMovie


class GoneMovieViewSet(mixins.ListModelMixin, AboutMovie):
    """Movies that TMDB no longer has, and their new ids: for support."""

    fast_reads = False  # what is counted is no column
    resource = contract.GONE
    permission_table = permissions.GONE
    queryset = GoneMovie.objects.none()
    ordering = ("-since", "-id")
    query_params = {"create": ("dry_run",)}  # type: ignore[assignment]  # names by action, which core.api.filters.filterset reads

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
