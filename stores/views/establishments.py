"""The routes of establishments."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import path_key
from core.api.views import ModelViewSet
from stores import contract, permissions
from stores.constants import State
from stores.filters import EstablishmentFilter
from stores.models import Assignment, Establishment
from stores.selectors import resolved_establishments
from stores.serializers.assignments import ReassignedSerializer, ReassignSerializer
from stores.serializers.establishments import EstablishmentSerializer
from stores.services import assignments, establishments
from stores.views.bulk import BULK_PARAMS, BulkMixin, export_params


class EstablishmentViewSet(BulkMixin, ModelViewSet):
    """Establishments by id. SELLER sees those that are on the phone.

    A list shows what is active, unless ``state`` asks for others.
    """

    resource = contract.ESTABLISHMENTS
    permission_table = permissions.ESTABLISHMENTS
    queryset = resolved_establishments()
    serializer_class = EstablishmentSerializer
    filterset_class = EstablishmentFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "code", "name")
    fast_reads = False  # region, portfolio and location are no columns of their own
    query_params: ClassVar[Any] = {
        **BULK_PARAMS,
        "export_file": export_params(EstablishmentFilter),
    }
    sheet = "establishments"

    def get_queryset(self) -> QuerySet[Establishment]:
        """Narrow to the caller's own, for SELLER; a list without ``state`` to what is active."""
        rows: QuerySet[Establishment] = super().get_queryset()
        if permissions.is_seller(self.request):
            mine = Assignment.objects.active().filter(seller=self.request.user.pk)
            rows = rows.filter(state=State.ACTIVE, pk__in=mine.values("establishment"))
        elif self.action == "list" and "state" not in self.request.GET:
            rows = rows.filter(state=State.ACTIVE)
        return rows

    def lookup_value(self, value: str) -> int:
        """Return the id that the address names."""
        return path_key(value)

    def lock(self, queryset: QuerySet[Establishment]) -> QuerySet[Establishment]:
        """Lock the row but not its key: visits refer to it all day.

        An assignment that was written, then stamped, has its foreign keys looked up at the commit.
        """
        return queryset.select_for_update(of=("self",), no_key=True)

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Add the establishment."""
        made = establishments.create_establishment(**serializer.validated_data)
        serializer.instance = resolved_establishments().get(pk=made.pk)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the establishment; what holds there may be another list afterwards."""
        changed = establishments.change_establishment(
            establishment=cast("Establishment", serializer.instance), **serializer.validated_data
        )
        serializer.instance = resolved_establishments().get(pk=changed.pk)

    def perform_destroy(self, instance: Establishment) -> None:
        """Make the establishment inactive, and end its assignments."""
        establishments.retire_establishment(establishment=instance)

    @extend_schema(request=ReassignSerializer, responses=ReassignedSerializer)
    @action(detail=True, methods=["post"])
    def reassign(self, request: Request, **_kwargs: Any) -> Response:
        """Let another seller visit the establishment, from a day on.

        Today: it leaves one phone and appears on the other at once. Later: both have it, with its
        dates, until the former's last day is over.
        """
        establishment = self.get_object()
        serializer = ReassignSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        both = assignments.reassign(establishment=establishment, **serializer.validated_data)
        return Response(ReassignedSerializer(both).data)
