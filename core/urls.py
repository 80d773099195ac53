"""The kernel's routes, below ``/api/`` and beside it."""

from django.urls import path

from core import health, metrics
from core.api.routers import Router
from core.views import DocsView, JournalViewSet, SchemaView

router = Router()
router.register("api/journal", JournalViewSet, basename="journal")

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/openapi.yaml", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(), name="api-docs"),
    path("docs", DocsView.as_view(), name="docs"),
    *router.urls,
]
