"""The route of one's rating of a movie."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from movies import contract, permissions, services
from movies.models import Rating
from movies.serializers import RatingSerializer
from movies.views.base import AboutMovie, caller_id


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
