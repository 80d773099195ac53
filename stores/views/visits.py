"""Visits as people look at them, and what support corrects."""

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import GenericViewSet, ReadOnlyModelViewSet
from core.errors import NotFound
from core.values import parse_uuid
from stores import contract, permissions
from stores.filters import VisitFilter
from stores.models import Visit, VisitRevision
from stores.serializers.visits import (
    ApplyRevisionSerializer,
    RevisionSerializer,
    VisitDetailSerializer,
    VisitSerializer,
    VoidSerializer,
)
from stores.services import corrections
from stores.services.sellers import lock_visits_of

VISIT_PK = OpenApiParameter("visit_pk", OpenApiTypes.UUID, OpenApiParameter.PATH)


def visit_key(value: str) -> uuid.UUID:
    """Return the id that a part of the path spells, or raise a 404."""
    try:
        return parse_uuid(value)
    except ValueError:
        raise NotFound from None


class VisitViewSet(ReadOnlyModelViewSet):
    """Visits by day, newest first. A SELLER sees their own."""

    resource = contract.VISITS
    permission_table = permissions.VISITS
    queryset = Visit.objects.all()
    serializer_class = VisitSerializer
    filterset_class = VisitFilter
    ordering = ("-day", "-id")

    def get_serializer_class(self) -> Any:
        """Return the list's short form, or all of one visit."""
        return VisitSerializer if self.action == "list" else VisitDetailSerializer

    def get_queryset(self) -> QuerySet[Visit]:
        """Narrow to what the caller may see."""
        visits: QuerySet[Visit] = super().get_queryset()
        if permissions.is_seller(self.request):
            return visits.filter(seller_id=self.request.user.pk)
        return visits

    def lookup_value(self, value: str) -> uuid.UUID:
        """Return the visit's id, in any case."""
        return visit_key(value)

    def lock(self, queryset: QuerySet[Visit]) -> QuerySet[Visit]:
        """Lock the seller's account and clock before the row, as pushes do."""
        key = self.lookup_value(self.kwargs["pk"])
        seller_id = queryset.filter(pk=key).values_list("seller_id", flat=True).first()
        if seller_id is None:
            raise Http404
        lock_visits_of(seller_id)
        locked: QuerySet[Visit] = super().lock(queryset)
        return locked

    @extend_schema(request=ApplyRevisionSerializer, responses=VisitDetailSerializer)
    @action(detail=True, methods=["post"], url_path="apply-revision", url_name="apply-revision")
    def apply_revision(self, request: Request, **_: Any) -> Response:
        """Let a visit say what one of its revisions says; what it said becomes a revision."""
        asked = ApplyRevisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        visit = corrections.apply_revision(visit=self.get_object(), **asked.validated_data)
        return Response(self.get_serializer(visit).data)

    @extend_schema(request=VoidSerializer, responses=VisitDetailSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, **_: Any) -> Response:
        """Declare a visit void: it stays, and counts nowhere."""
        asked = VoidSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        visit = corrections.void_visit(visit=self.get_object(), **asked.validated_data)
        return Response(self.get_serializer(visit).data)


@extend_schema(parameters=[VISIT_PK])
class RevisionViewSet(mixins.ListModelMixin, GenericViewSet):
    """Other content that came under a visit's id, the latest first."""

    resource = contract.VISIT_REVISIONS
    permission_table = permissions.REVISIONS
    queryset = VisitRevision.objects.all()
    serializer_class = RevisionSerializer
    ordering: ClassVar[tuple[str, ...]] = ("-number",)

    def get_queryset(self) -> QuerySet[VisitRevision]:
        """Narrow to the visit of the address, which must be there to have a list."""
        key = visit_key(self.kwargs["visit_pk"])
        if not Visit.objects.filter(pk=key).exists():
            raise NotFound
        revisions: QuerySet[VisitRevision] = super().get_queryset()
        return revisions.filter(visit_id=key)
