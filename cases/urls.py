"""The routes of the app, below ``/api/``."""

from django.urls import path
from rest_framework_nested.routers import NestedSimpleRouter

from cases.views import CaseEventViewSet, CaseFiguresView, CaseViewSet
from core.api.routers import Router

router = Router()
router.register("cases", CaseViewSet, basename="case")

of_case = NestedSimpleRouter(router, "cases", lookup="case", trailing_slash=False)
of_case.register("events", CaseEventViewSet, basename="case-event")

figures = path("cases/figures", CaseFiguresView.as_view(), name="case-figures")

# It would be a case's number otherwise.
urlpatterns = [figures, *router.urls, *of_case.urls]
