"""The routes of allies and of their credentials."""

import logging
from typing import cast

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import (
    APIException,
    ParseError,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from allies import constants, contract, permissions, selectors, services
from allies.filters import AllyFilter
from allies.models import Ally
from allies.serializers import (
    AllySerializer,
    CredentialsAddedSerializer,
    CredentialsSerializer,
    MessageSerializer,
    TagCountSerializer,
)
from core import problems
from core.api.renderers import dumps
from core.api.views import GenericViewSet, ModelViewSet
from core.errors import BadRequest, NotFound
from core.problems import CONTENT_TYPE

logger = logging.getLogger(__name__)


class AllyViewSet(ModelViewSet):
    """Allied stores."""

    resource = contract.ALLIES
    permission_table = permissions.ALLIES
    queryset = Ally.objects.all()
    serializer_class = AllySerializer
    filterset_class = AllyFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "name")
    lookup_value_regex = "[^/]+"

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Take the ally in."""
        serializer.instance = services.register_ally(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the ally."""
        services.change_ally(ally=cast("Ally", serializer.instance), **serializer.validated_data)

    def perform_destroy(self, instance: Ally) -> None:
        """Delete the ally with its credentials."""
        services.remove_ally(ally=instance)

    @extend_schema(responses=TagCountSerializer(many=True), filters=False)
    @action(detail=False, pagination_class=None)
    def tags(self, _request: Request) -> Response:
        """List each tag and how many allies carry it, the most frequent first."""
        return Response(selectors.tag_counts())


class CredentialsViewSet(GenericViewSet):
    """An ally's credentials: set or replaced, never shown. Bodies and statuses are the brief's."""

    resource = contract.CREDENTIALS
    permission_table = permissions.CREDENTIALS
    queryset = Ally.objects.all()
    serializer_class = CredentialsSerializer
    lookup_field = "id"

    @extend_schema(
        # The brief's answers carry no entity tag.
        parameters=[
            OpenApiParameter("If-None-Match", location=OpenApiParameter.HEADER, exclude=True)
        ],
        responses={
            200: MessageSerializer,
            (400, "application/json"): MessageSerializer,
            (400, CONTENT_TYPE): {"$ref": "#/components/schemas/Problem"},
            404: MessageSerializer,
            500: MessageSerializer,
        },
    )
    def retrieve(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 - the address's name
        """Tell whether the ally is active, has credentials and allows the request's ``Origin``."""
        ally = Ally.objects.filter(pk=id).first()
        if ally is None:
            return brief_answer(constants.ALLY_NOT_FOUND, status.HTTP_404_NOT_FOUND)
        origin = request.headers.get("Origin")
        allowed = origin is None or origin.lower() in ally.allowed_origins
        if allowed and selectors.has_credentials(ally):
            return brief_answer(constants.CREDENTIALS_SET, status.HTTP_200_OK)
        return brief_answer(constants.CREDENTIALS_NOT_SET, status.HTTP_400_BAD_REQUEST)

    @extend_schema(
        responses={200: CredentialsAddedSerializer, 400: MessageSerializer, 500: MessageSerializer}
    )
    def create(self, request: Request, id: str) -> Response:  # noqa: A002 - the address's name
        """Add credentials; the former ones stay valid until they are revoked."""
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = services.add_credentials(ally_id=id, **serializer.validated_data)
        return Response(
            {
                "message": constants.CREDENTIALS_ADDED,
                "allyId": made.ally_id,
                "allyName": made.ally.name,
            }
        )

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # already bytes
        """Answer in the brief's words where the brief has some, else as every route does.

        What has no words there stays a problem document: 401, 403, 405, 406, 409, 413, 422, 503,
        and a query string that GET does not know.
        """
        known = problems.translate(exc)
        if known is None:
            logger.error("credentials route failed", exc_info=exc)
            return brief_answer(constants.SERVER_ERROR, status.HTTP_500_INTERNAL_SERVER_ERROR)
        if self.request.method == "POST" and is_refusal(known):
            return brief_answer(constants.CREDENTIALS_REFUSED, status.HTTP_400_BAD_REQUEST)
        if self.request.method != "POST" and is_unknown_ally(known):
            return brief_answer(constants.ALLY_NOT_FOUND, status.HTTP_404_NOT_FOUND)
        return super().handle_exception(exc)


REFUSALS = (ParseError, UnsupportedMediaType, ValidationError, BadRequest, NotFound)


def is_refusal(error: APIException) -> bool:
    """Tell whether a POST asks for something that cannot be: no such ally, no such body."""
    return isinstance(error, REFUSALS)


def is_unknown_ally(error: APIException) -> bool:
    """Tell whether a GET names an ally that cannot exist (an id too long, control characters)."""
    return isinstance(error, NotFound | BadRequest)


def brief_answer(message: str, status_code: int) -> HttpResponse:
    """Return one of the brief's messages."""
    return HttpResponse(
        dumps({"message": message}),
        status=status_code,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
