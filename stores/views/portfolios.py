"""The routes of portfolios and their versions."""

from typing import Any, ClassVar

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import parse_int, path_key, refusal
from core.api.serializers import Serializer
from core.api.views import ModelViewSet, ReadOnlyModelViewSet
from core.errors import NotFound
from core.values import INT32_MAX, business_day
from stores import contract, permissions
from stores.constants import VersionState
from stores.errors import UnknownVersion
from stores.filters import PortfolioFilter, VersionFilter
from stores.models import Portfolio, PortfolioItem, PortfolioVersion
from stores.serializers.portfolios import (
    DiffSerializer,
    DraftSerializer,
    NewPortfolioSerializer,
    PortfolioSerializer,
    RetireSerializer,
    VersionSerializer,
)
from stores.services import portfolios as services

PORTFOLIO_PK = OpenApiParameter("portfolio_pk", int, OpenApiParameter.PATH)
# Said here, because the bounds that a model's field has differ between the databases.
NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Of the version.")
DIFF = [
    OpenApiParameter(
        "from",
        {"type": "integer", "minimum": 1},
        required=True,
        description="The number of a version.",
    ),
    OpenApiParameter(
        "to",
        {"type": "integer", "minimum": 1},
        required=True,
        description="The number of another one.",
    ),
]
ITEMS = Prefetch(
    "items",
    PortfolioItem.objects.only("version_id", "position").annotate(sku=F("product__sku")),
)


def versions_with_items() -> QuerySet[PortfolioVersion]:
    """Return versions with their lists: one query more, however many they are."""
    return PortfolioVersion.objects.prefetch_related(ITEMS)


class PortfolioViewSet(ModelViewSet):
    """What establishments of a typology in a region must have. Sellers do not see drafts.

    A draft is published for good; what changes afterwards is a version more.
    """

    fast_reads = False  # versions are chosen by today's date, and show SKUs of their items
    resource = contract.PORTFOLIOS
    permission_table = permissions.PORTFOLIOS
    queryset = Portfolio.objects.all()
    serializer_class = PortfolioSerializer
    filterset_class = PortfolioFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "name")
    query_params: ClassVar[Any] = {"diff": ("from", "to")}

    def lookup_value(self, value: str) -> int:
        """Return the key."""
        return path_key(value)

    def lock(self, queryset: Any) -> Any:
        """Lock as ``services.lock_portfolio`` does, whose reason this has, too."""
        return queryset.select_for_update(of=("self",), no_key=True)

    def get_queryset(self) -> QuerySet[Portfolio]:
        """Fetch with each portfolio the versions that the caller is shown."""
        versions = versions_with_items().not_over(business_day()).order_by("valid_from")  # type: ignore[attr-defined]  # the model's own queryset
        if permissions.is_seller(self.request):
            versions = versions.exclude(state=VersionState.DRAFT)
        shown = Prefetch("versions", versions, to_attr="shown")
        return super().get_queryset().prefetch_related(shown)

    def answer(self, portfolio: Portfolio, code: int = status.HTTP_200_OK) -> Response:
        """Answer with the portfolio as it is now, and with its entity tag."""
        data = self.get_serializer(self.get_queryset().get(pk=portfolio.pk)).data
        headers = self.get_success_headers(data) if self.action == "create" else None
        return Response(data, status=code, headers=headers)

    @extend_schema(request=NewPortfolioSerializer, responses={201: PortfolioSerializer})
    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Make the portfolio of a typology in a region, with version 1 as its draft."""
        serializer = NewPortfolioSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        portfolio = services.create_portfolio(**serializer.validated_data)
        return self.answer(portfolio, status.HTTP_201_CREATED)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Rename the portfolio."""
        services.change_portfolio(portfolio=serializer.instance, **serializer.validated_data)  # type: ignore[arg-type]  # DRF types it loosely

    def perform_destroy(self, instance: Portfolio) -> None:
        """Delete a portfolio that was never published."""
        services.delete_portfolio(portfolio=instance)

    @extend_schema(
        request=DraftSerializer, responses={200: PortfolioSerializer, 201: PortfolioSerializer}
    )
    @action(detail=True, methods=["put"])
    def draft(self, request: Request, **_kwargs: Any) -> Response:
        """Make the next draft (201), or replace it (200)."""
        portfolio = self.get_object()
        serializer = DraftSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        created = services.write_draft(portfolio=portfolio, **serializer.validated_data)
        return self.answer(portfolio, status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    @extend_schema(responses={204: None})
    @draft.mapping.delete
    def discard_draft(self, _request: Request, **_kwargs: Any) -> Response:
        """Discard the draft."""
        services.discard_draft(portfolio=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=PortfolioSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **_kwargs: Any) -> Response:
        """Publish the draft, for good; what holds on its first day ends the day before."""
        portfolio = self.get_object()
        Serializer(data=request.data).is_valid(raise_exception=True)
        services.publish(portfolio=portfolio, by=request.user)
        return self.answer(portfolio)

    @extend_schema(parameters=DIFF, responses=DiffSerializer)
    @action(detail=True)
    def diff(self, request: Request, **_kwargs: Any) -> Response:
        """Compare two versions of the portfolio, the draft included."""
        portfolio = get_object_or_404(Portfolio, pk=self.lookup_value(self.kwargs["pk"]))
        numbers = [self.number_of(request, name) for name in ("from", "to")]
        versions = versions_with_items().filter(portfolio=portfolio, number__in=numbers)
        by_number = {version.number: version for version in versions}
        for name, number in zip(("from", "to"), numbers, strict=True):
            if number not in by_number:
                raise UnknownVersion(name)
        return Response(difference(*(by_number[number] for number in numbers)))

    @staticmethod
    def number_of(request: Request, name: str) -> int:
        """Return the number of a version that the query names, or raise the 400 that says so."""
        if name not in request.GET:
            raise refusal(name, _("This field is required."), "required")
        return parse_int(request.GET[name], 1, INT32_MAX, name=name)


def difference(before: PortfolioVersion, after: PortfolioVersion) -> dict[str, Any]:
    """Return what ``after`` has that ``before`` has not, and the other way round."""
    old, new = VersionSerializer(before).data, VersionSerializer(after).data
    return {
        "added": [sku for sku in new["products"] if sku not in set(old["products"])],
        "removed": [sku for sku in old["products"] if sku not in set(new["products"])],
        "changed": [
            {"field": name, "from": old[name], "to": new[name]}
            for name in ("valid_from", "valid_until")
            if old[name] != new[name]
        ],
    }


@extend_schema_view(retrieve=extend_schema(parameters=[NUMBER]))
@extend_schema(parameters=[PORTFOLIO_PK])
class PortfolioVersionViewSet(ReadOnlyModelViewSet):
    """The versions of a portfolio by their numbers, the draft and retired ones included."""

    fast_reads = False  # a version shows the SKUs of its items
    resource = contract.PORTFOLIO_VERSIONS
    permission_table = permissions.PORTFOLIO_VERSIONS
    queryset = versions_with_items()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering = ("number",)
    lookup_field = "number"

    def lookup_value(self, value: str) -> int:
        """Return the number."""
        return path_key(value)

    @property
    def portfolio_id(self) -> int:
        """Return the key of the portfolio in the address."""
        return path_key(self.kwargs["portfolio_pk"])

    def get_queryset(self) -> QuerySet[PortfolioVersion]:
        """Narrow to the portfolio of the address, which must be there to have a list."""
        if self.action == "list" and not Portfolio.objects.filter(pk=self.portfolio_id).exists():
            raise NotFound
        return super().get_queryset().filter(portfolio=self.portfolio_id)

    def get_object(self) -> PortfolioVersion:
        """Return the version; for a write, after its portfolio's row is locked."""
        if self.action == "retire":
            get_object_or_404(
                Portfolio.objects.select_for_update(no_key=True), pk=self.portfolio_id
            )
        version: PortfolioVersion = super().get_object()
        return version

    @extend_schema(parameters=[NUMBER], request=RetireSerializer, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **_kwargs: Any) -> Response:
        """End a published version: `on` is its last day. One that has not begun never will."""
        version = self.get_object()
        serializer = RetireSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.retire_version(version=version, **serializer.validated_data)
        return Response(self.get_serializer(self.get_queryset().get(pk=version.pk)).data)
