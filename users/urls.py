"""The routes of accounts and tokens, below ``/api/``."""

from django.urls import path

from core.api.routers import Router
from users import views

router = Router()
router.register("users", views.UserViewSet, basename="user")

me = views.MeViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"},
    detail=True,
    basename="user",
)
urlpatterns = [
    path("auth/token", views.SignInView.as_view(), name="token"),
    path("auth/token/refresh", views.RefreshView.as_view(), name="token-refresh"),
    path("auth/logout", views.SignOutView.as_view(), name="logout"),
    path("users/me", me, name="me"),
    *router.urls,
]
