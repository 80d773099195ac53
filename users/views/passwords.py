"""Setting a password by a one-time link."""

from django.core.exceptions import ValidationError as InvalidValue
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from users import contract, permissions, resets
from users.auth.sessions import Client
from users.serializers import PasswordResetConfirmSerializer, PasswordResetSerializer
from users.views.accounts import TokenView


class PasswordResetView(TokenView):
    """Ask for a link that sets a new password."""

    resource = contract.PASSWORD_RESET
    permission_table = permissions.PASSWORD_RESET
    renderer_classes = ()  # 202 without a body: nobody learns who has an account

    @extend_schema(request=PasswordResetSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        """Have a link mailed to the address, if an active user has it; the answer never says so."""
        body = self.read(PasswordResetSerializer(data=request.data))
        client = Client.of(request._request)  # noqa: SLF001 - proxies are read from Django's
        resets.request_reset(email=body["email"], client=client)
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(TokenView):
    """Set a password by a link."""

    resource = contract.PASSWORD_RESET_CONFIRM
    permission_table = permissions.PASSWORD_RESET
    renderer_classes = ()  # 204: there is nothing to negotiate
    atomic = True

    @extend_schema(request=PasswordResetConfirmSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set the password and use the link up; all sessions and API tokens of its user end."""
        body = self.read(PasswordResetConfirmSerializer(data=request.data))
        try:
            resets.set_password(**body)
        except InvalidValue as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return Response(status=status.HTTP_204_NO_CONTENT)
