"""The routes of the app, below ``/api/``."""

from rest_framework_nested.routers import NestedSimpleRouter

from cases.views import CaseEventViewSet, CaseViewSet
from core.api.routers import Router

router = Router()
router.register("cases", CaseViewSet, basename="case")

of_case = NestedSimpleRouter(router, "cases", lookup="case", trailing_slash=False)
of_case.register("events", CaseEventViewSet, basename="case-event")

urlpatterns = [*router.urls, *of_case.urls]
