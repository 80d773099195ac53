"""The routes of accounts and tokens, below ``/api/``."""

from typing import Any

from django.urls import path

from core.api.routers import Router
from users.views import accounts, own, passwords

router = Router()
router.register("users", accounts.UserViewSet, basename="user")

me = accounts.MeViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"},
    detail=True,
    basename="user",
)
OWN: dict[str, Any] = {"get": "retrieve", "delete": "destroy"}
own_sessions = own.OwnSessionViewSet.as_view({"get": "list", "delete": "end_others"})
own_tokens = own.OwnTokenViewSet.as_view({"get": "list", "post": "create"})
urlpatterns = [
    path("auth/token", accounts.SignInView.as_view(), name="token"),
    path("auth/token/refresh", accounts.RefreshView.as_view(), name="token-refresh"),
    path("auth/logout", accounts.SignOutView.as_view(), name="logout"),
    path("auth/password-reset", passwords.PasswordResetView.as_view(), name="password-reset"),
    path(
        "auth/password-reset/confirm",
        passwords.PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
    path("users/me", me, name="me"),
    path("users/me/sessions", own_sessions, name="own-sessions"),
    path(
        "users/me/sessions/<str:pk>",
        own.OwnSessionViewSet.as_view(OWN, detail=True),
        name="own-session",
    ),
    path("users/me/tokens", own_tokens, name="own-tokens"),
    path(
        "users/me/tokens/<str:pk>",
        own.OwnTokenViewSet.as_view(OWN, detail=True),
        name="own-token",
    ),
    *router.urls,
]
