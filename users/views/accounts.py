"""Users, and the routes that hand tokens out."""

from dataclasses import asdict
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.query import path_key
from core.api.schema.headers import asked
from core.api.views import APIView, GenericViewSet, ModelViewSet
from users import contract, permissions, services
from users.auth import devices, sessions
from users.auth.bearer import BearerAuthentication
from users.auth.tokens import Pair
from users.constants import DEVICE_HEADER
from users.errors import NoSession, OnlyAdmin, WrongCurrentPassword
from users.filters import UserFilter
from users.models import Session, User
from users.serializers import (
    CurrentPasswordSerializer,
    PairSerializer,
    RefreshSerializer,
    SignedInSerializer,
    SignInSerializer,
    SignOutSerializer,
    UserSerializer,
)


class AccountViewSet(
    mixins.UpdateModelMixin, mixins.DestroyModelMixin, mixins.RetrieveModelMixin, GenericViewSet
):
    """One account: what its owner and an ADMIN do with it alike."""

    queryset = User.objects.present()
    serializer_class = UserSerializer
    confirmed = False  # whether who changes their own account has proved who they are

    @property
    def caller(self) -> User:
        """Return who calls; the permission table lets nobody in without a token."""
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[User]:
        """Return whom the caller may see: ADMIN everybody, everybody else themselves."""
        everybody = super().get_queryset()
        return everybody if self.caller.is_superuser else everybody.filter(pk=self.caller.pk)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the current password before the write's transaction: the attempt must count."""
        super().initial(request, *args, **kwargs)
        is_write = self.action in {"update", "partial_update", "destroy"}
        if not is_write or str(self.kwargs["pk"]) != str(self.caller.pk):
            return
        given = cast("dict[str, Any]", request.data)
        changes_email = services.changes_email(self.caller, given.get("email"))
        if self.action == "destroy" or changes_email:
            sessions.require_session(request.auth)
            services.confirm_account_change(user=self.caller, password=self.current_password())
            self.confirmed = True
        elif "password" in given:
            services.confirm_password(user=self.caller, password=self.current_password())

    def current_password(self) -> str:
        """Return what the body says is the caller's password, or raise WrongCurrentPassword."""
        given = cast("dict[str, Any]", self.request.data).get("current_password")
        if not isinstance(given, str):
            raise WrongCurrentPassword(missing=given is None)
        return given

    def lock(self, queryset: QuerySet[User]) -> QuerySet[User]:
        """Lock the user; an administrator's write locks all administrators first, in order."""
        if self.caller.is_superuser:
            services.lock_admins()
        return super().lock(queryset)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the user; the role is for ADMIN to change."""
        user = cast("User", serializer.instance)
        role = serializer.validated_data.get("role", user.role)
        if role != user.role and not self.caller.is_superuser:
            raise OnlyAdmin
        fields = serializer.validated_data
        is_own = user.pk == self.caller.pk
        if is_own and not self.confirmed and services.changes_email(user, fields.get("email")):
            raise WrongCurrentPassword(missing=True)  # it was changed since the caller was read
        session = self.request.auth if is_own and isinstance(self.request.auth, Session) else None
        services.update_user(user=user, session=session, **fields)

    @extend_schema(request=CurrentPasswordSerializer, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Deactivate and anonymise; whoever removes themselves sends their password along."""
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: User) -> None:
        """Deactivate and anonymise."""
        services.remove_user(user=instance)


class UserViewSet(AccountViewSet, ModelViewSet):
    """Accounts. ADMIN manages all; everybody else finds themselves and nobody else."""

    resource = contract.USERS
    permission_table = permissions.USERS
    filterset_class = UserFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "name", "last_name", "email", "created_at")
    ordering = ("id",)
    lookup_value_regex = "[0-9]{1,18}"

    def lookup_value(self, value: str) -> int:
        """Return the id that the address names, in its one spelling."""
        return path_key(value)

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Store the user."""
        serializer.instance = services.create_user(**serializer.validated_data)


class MeViewSet(AccountViewSet):
    """The caller's own account."""

    resource = contract.ME
    permission_table = permissions.ME

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Take the key from the token."""
        self.kwargs["pk"] = request.user.pk or 0
        super().initial(request, *args, **kwargs)


class TokenView(APIView):
    """Base of the routes that hand tokens out: no token needed, nothing cached, no transaction.

    Attempts to sign in and the revocation of a stolen family must outlive a refused request.
    """

    permission_table = permissions.TOKENS
    authentication_classes = ()
    atomic = False
    cache_control = "no-store"

    def read(self, serializer: BaseSerializer) -> dict[str, Any]:
        """Return the valid body."""
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, pair: Pair) -> Response:
        """Return the two tokens."""
        return Response(PairSerializer(pair).data)


class SignInView(TokenView):
    """Sign in with e-mail and password, and a code where there is a second factor."""

    resource = contract.SIGN_IN

    @extend_schema(
        request=SignInSerializer,
        responses=SignedInSerializer,
        parameters=[asked(DEVICE_HEADER, _("The `device` of an earlier sign-in, or its cookie."))],
    )
    def post(self, request: Request) -> Response:
        """Open a session and make the device known."""
        body = self.read(SignInSerializer(data=request.data))
        signed_in = sessions.sign_in(
            email=body["email"],
            password=body["password"],
            otp=body.get("otp", ""),
            device=devices.presented(request),
            client=sessions.Client.of(request._request),  # noqa: SLF001 - proxies are read from Django's
        )
        body = {**asdict(signed_in.pair), "device": signed_in.device}
        response = Response(SignedInSerializer(body).data)
        devices.remember(response, signed_in.device)
        return response


class RefreshView(TokenView):
    """Exchange a refresh token for the next pair."""

    resource = contract.REFRESH

    @extend_schema(request=RefreshSerializer, responses=PairSerializer)
    def post(self, request: Request) -> Response:
        """Return the successor; the same one again while the answer may have been lost."""
        return self.answer(
            sessions.refresh(self.read(RefreshSerializer(data=request.data))["refresh"])
        )


class SignOutView(TokenView):
    """End a session: its refresh and access tokens."""

    resource = contract.SIGN_OUT
    renderer_classes = ()  # 204: there is nothing to negotiate

    @extend_schema(request=SignOutSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session of the refresh token in the body, or else of the access token."""
        body = self.read(SignOutSerializer(data=request.data))
        if "refresh" in body:
            sessions.sign_out(refresh_token=body["refresh"])
            return Response(status=status.HTTP_204_NO_CONTENT)
        caller = BearerAuthentication().authenticate(request)
        if caller is None or not isinstance(caller[1], Session):
            raise NoSession
        sessions.revoke_session(session=caller[1], reason=noop("Signed out."))
        return Response(status=status.HTTP_204_NO_CONTENT)
