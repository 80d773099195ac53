"""The kernel's routes, below ``/api/`` and at the root."""

from django.urls import path

from core.api.routers import Router
from core.ops import exposition, health
from core.views import DocsView, JournalViewSet, SchemaView, favicon, problem_page, root

router = Router()
router.register("journal", JournalViewSet, basename="journal")

urlpatterns = [
    *router.urls,
    path("openapi.yaml", SchemaView.as_view(), name="schema"),
    path("docs", DocsView.as_view(), name="api-docs"),
]

root_urlpatterns = [
    path("", root, name="root"),
    path("favicon.ico", favicon, name="favicon"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", exposition.metrics, name="metrics"),
    path("docs", DocsView.as_view(), name="docs"),
    path("docs/problems/<str:code>", problem_page, name="problem-page"),
]
