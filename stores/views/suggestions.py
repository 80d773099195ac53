"""What was found on a photo: suggestions, for those who decide."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins

from core.api.views import GenericViewSet
from core.errors import NotFound
from stores import contract, permissions
from stores.models import Photo, Recognition
from stores.serializers.suggestions import SuggestionSerializer
from stores.views.photos import photo_key

PHOTO_ID = OpenApiParameter("photo_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


@extend_schema(parameters=[PHOTO_ID])
class SuggestionViewSet(mixins.ListModelMixin, GenericViewSet):
    """The looks of all adapters at one photo."""

    resource = contract.SUGGESTIONS
    permission_table = permissions.SUGGESTIONS
    queryset = Recognition.objects.all()
    serializer_class = SuggestionSerializer
    ordering: ClassVar[tuple[str, ...]] = ("pk",)

    def get_queryset(self) -> QuerySet[Recognition]:
        """Narrow to the photo of the address, which must be there to have a list."""
        key = photo_key(self.kwargs["photo_id"])
        if not Photo.objects.filter(pk=key).exists():
            raise NotFound
        looks: QuerySet[Recognition] = super().get_queryset()
        return looks.filter(photo_id=key)
