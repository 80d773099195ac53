"""What a person keeps an eye on: where they are signed in, and which API tokens act for them."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import path_key
from core.api.views import CreateMixin, GenericViewSet
from core.errors import NotFound
from core.values import parse_uuid
from users import contract, permissions
from users.auth import api_tokens, sessions
from users.filters import ApiTokenFilter, SessionFilter
from users.models import ApiToken, Session
from users.serializers import (
    OwnSessionSerializer,
    OwnTokenMadeSerializer,
    OwnTokenSerializer,
)


class OwnViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, GenericViewSet
):
    """Rows of the caller, whoever that is: ADMIN, too, sees nobody else's here."""

    ordering = ("-created_at", "-pk")

    def check_permissions(self, request: Request) -> None:
        """Refuse API tokens: they must not make others, nor see and end their owner's sessions."""
        super().check_permissions(request)
        if self.action_name() is not None:
            sessions.require_session(request.auth)

    @property
    def session(self) -> Session:
        """Return the session that calls."""
        return sessions.require_session(self.request.auth)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the caller's rows."""
        return super().get_queryset().filter(user=self.session.user_id)


class OwnSessionViewSet(OwnViewSet):
    """Where the caller is signed in, in the API and in the admin."""

    resource = contract.OWN_SESSIONS
    permission_table = permissions.OWN_SESSIONS
    queryset = Session.objects.all()
    serializer_class = OwnSessionSerializer
    filterset_class = SessionFilter
    ordering_fields = {"created_at": "created_at", "last_used_at": "rotated_at"}  # type: ignore[assignment]  # the filter takes both shapes
    fast_reads = False  # whether a row is the current session depends on who asks

    def lookup_value(self, value: str) -> Any:
        """Return the id that the address names."""
        try:
            return parse_uuid(value)
        except ValueError:
            raise NotFound from None

    def get_queryset(self) -> QuerySet[Session]:
        """Return the sessions that still let somebody in."""
        return super().get_queryset().alive(timezone.now())  # type: ignore[attr-defined]  # of SessionQuerySet

    def perform_destroy(self, instance: Session) -> None:
        """End one session; the current one is signed out."""
        is_current = instance.pk == self.session.pk
        reason = "Signed out." if is_current else "Ended by its owner."
        sessions.revoke_session(session=instance, reason=reason)

    @extend_schema(responses={204: None})
    def end_others(self, request: Request) -> Response:
        """End every session of the caller but the current one; API tokens stay."""
        sessions.revoke_sessions_of(
            user=self.session.user, reason=noop("Ended by its owner."), besides=self.session
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnTokenViewSet(CreateMixin, OwnViewSet):
    """The API tokens that act for the caller, whoever made them; revoked ones are gone."""

    resource = contract.OWN_TOKENS
    permission_table = permissions.OWN_TOKENS
    queryset = ApiToken.objects.filter(revoked_at__isnull=True)
    serializer_class = OwnTokenSerializer
    filterset_class = ApiTokenFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "name", "created_at", "expires_at", "last_used_at")

    def lookup_value(self, value: str) -> int:
        """Return the id that the address names."""
        return path_key(value)

    @extend_schema(request=OwnTokenSerializer, responses={201: OwnTokenMadeSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a token. Its text is in this answer and nowhere else."""
        response = super().create(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_serializer_class(self) -> type[BaseSerializer]:
        """Return the serializer that shows the token's text to who makes it."""
        return OwnTokenMadeSerializer if self.action == "create" else OwnTokenSerializer

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Make the token and keep its text for the answer to this request."""
        token, text = api_tokens.create_own_api_token(
            session=self.session, **serializer.validated_data
        )
        token.plaintext = text  # type: ignore[attr-defined]  # for the serializer, stored nowhere
        serializer.instance = token

    def tagged(self, request: Request, response: Response) -> bool:
        """Leave out the entity tag of an answer that nobody gets again."""
        return request.method != "POST" and super().tagged(request, response)

    def perform_destroy(self, instance: ApiToken) -> None:
        """Revoke the token."""
        api_tokens.revoke_api_tokens(tokens=[instance], reason=noop("Ended by its owner."))
