"""The routes of who visits which establishment."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.serializers import BaseSerializer

from core.api.files import BOM_PARAMETER
from core.api.query import path_key
from core.api.views import ModelViewSet
from stores import contract, permissions
from stores.filters import AssignmentFilter
from stores.models import Assignment
from stores.serializers.assignments import AssignmentSerializer
from stores.services import assignments as services
from stores.services.sellers import lock_assignments
from stores.views.bulk import BULK_PARAMS, BulkMixin


class AssignmentViewSet(BulkMixin, ModelViewSet):
    """Who visits what. Sellers see their own active ones; what is deleted is ended, and stays."""

    resource = contract.ASSIGNMENTS
    permission_table = permissions.ASSIGNMENTS
    queryset = Assignment.objects.all()
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilter
    ordering_fields = ("id", "valid_from")
    query_params: ClassVar[Any] = {
        **BULK_PARAMS,
        "export_file": (*AssignmentFilter.base_filters, BOM_PARAMETER.name),
    }
    sheet = "assignments"

    def lookup_value(self, value: str) -> int:
        """Return the key."""
        return path_key(value)

    def get_queryset(self) -> QuerySet[Assignment]:
        """Narrow to what the caller may see, a list without ``?state=`` to what is active."""
        assignments = super().get_queryset()
        if permissions.is_seller(self.request):
            return assignments.active().filter(seller=self.request.user)
        if self.action == "list" and "state" not in self.request.GET:
            return assignments.active()
        return assignments

    def lock(self, queryset: QuerySet[Assignment]) -> QuerySet[Assignment]:
        """Lock the assignment after its seller's account, as its services do."""
        lock_assignments(queryset.filter(pk=self.lookup_value(self.kwargs["pk"])))
        return queryset

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Assign the establishment."""
        serializer.instance = services.assign(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the period."""
        period = {
            name: value
            for name, value in serializer.validated_data.items()
            if name in {"valid_from", "valid_until"}
        }
        services.change_assignment(assignment=serializer.instance, **period)  # type: ignore[arg-type]  # DRF types it loosely

    def perform_destroy(self, instance: Assignment) -> None:
        """End the assignment now."""
        services.end_assignment(assignment=instance)
