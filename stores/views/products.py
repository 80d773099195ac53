"""The routes of products."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.serializers import BaseSerializer

from core.api.query import parse_bool, path_key
from core.api.views import ModelViewSet
from stores import contract, permissions
from stores.constants import State
from stores.filters import ProductFilter
from stores.models import Product
from stores.serializers.products import ProductSerializer
from stores.services import products
from stores.views.bulk import BULK_PARAMS, BulkMixin, export_params

FORCE = extend_schema(
    parameters=[
        OpenApiParameter("force", bool, description="Make inactive what a published list has.")
    ]
)


@extend_schema_view(update=FORCE, partial_update=FORCE, destroy=FORCE)
class ProductViewSet(BulkMixin, ModelViewSet):
    """Products by id. A list shows what is active, unless ``state`` asks for others."""

    resource = contract.PRODUCTS
    permission_table = permissions.PRODUCTS
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "sku", "name", "brand", "category")
    query_params: ClassVar[Any] = {
        **BULK_PARAMS,
        **dict.fromkeys(("update", "partial_update", "destroy"), ("force",)),
        "export_file": export_params(ProductFilter),
    }
    sheet = "products"

    def get_queryset(self) -> QuerySet[Product]:
        """Narrow to what is active: for SELLER always, for others in a list without ``state``."""
        rows: QuerySet[Product] = super().get_queryset()
        if permissions.is_seller(self.request) or (
            self.action == "list" and "state" not in self.request.GET
        ):
            rows = rows.filter(state=State.ACTIVE)
        return rows

    def lookup_value(self, value: str) -> int:
        """Return the id that the address names."""
        return path_key(value)

    @property
    def force(self) -> bool:
        """Tell whether what a published list has may become inactive."""
        return parse_bool(self.request.GET.get("force", "false"), name="force")

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Add the product."""
        serializer.instance = products.create_product(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the product."""
        product = cast("Product", serializer.instance)
        products.change_product(product=product, force=self.force, **serializer.validated_data)

    def perform_destroy(self, instance: Product) -> None:
        """Make the product inactive."""
        products.retire_product(product=instance, force=self.force)
