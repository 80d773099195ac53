"""The routes of accounts and tokens, below ``/api/``."""

from django.urls import path

from core.api.routers import Router
from users.views import accounts

router = Router()
router.register("users", accounts.UserViewSet, basename="user")

me = accounts.MeViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"},
    detail=True,
    basename="user",
)
urlpatterns = [
    path("auth/token", accounts.SignInView.as_view(), name="token"),
    path("auth/token/refresh", accounts.RefreshView.as_view(), name="token-refresh"),
    path("auth/logout", accounts.SignOutView.as_view(), name="logout"),
    path("users/me", me, name="me"),
    *router.urls,
]
