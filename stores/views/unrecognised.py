"""What phones could not name, as support looks at it; it is decided through its case."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import parse_int, refusal
from core.api.views import ReadOnlyModelViewSet
from core.values import INT64_MAX
from stores import contract, permissions
from stores.errors import UnknownProduct
from stores.filters import GroupFilter
from stores.models import Product, UnrecognisedGroup
from stores.serializers.unrecognised import PreviewSerializer, UnrecognisedGroupSerializer
from stores.services import groups

PRODUCT = OpenApiParameter(
    "product",
    {"type": "integer", "minimum": 1},
    required=True,
    description="The id of a product.",
)


class UnrecognisedViewSet(ReadOnlyModelViewSet):
    """Groups of equal items that no phone could name, the newest first."""

    resource = contract.UNRECOGNISED
    permission_table = permissions.UNRECOGNISED
    queryset = UnrecognisedGroup.objects.all()
    serializer_class = UnrecognisedGroupSerializer
    filterset_class = GroupFilter
    search_fields = ("search_key",)
    ordering = ("-id",)
    query_params: ClassVar[Any] = {"preview": ("product",)}

    @extend_schema(parameters=[PRODUCT], responses=PreviewSerializer)
    @action(detail=True)
    def preview(self, request: Request, **_kwargs: Any) -> Response:
        """Say how many visits and days would change if the items were a product."""
        group = self.get_object()
        text = request.query_params.get("product")
        if text is None:
            raise refusal("product", _("This parameter is required."), "required")
        key = parse_int(text, 1, INT64_MAX, name="product")
        product = Product.objects.filter(pk=key).first()
        if product is None:
            raise UnknownProduct("product")
        return Response(PreviewSerializer(groups.preview(group, product)).data)
