"""The routes of the app, below ``/api/``."""

from django.urls import URLPattern, URLResolver
from rest_framework_nested.routers import NestedSimpleRouter

from core.api.routers import Router
from stores.views.assignments import AssignmentViewSet
from stores.views.portfolios import PortfolioVersionViewSet, PortfolioViewSet

router = Router()
router.register("portfolios", PortfolioViewSet, basename="portfolio")
router.register("assignments", AssignmentViewSet, basename="assignment")

of_portfolio = NestedSimpleRouter(router, "portfolios", lookup="portfolio", trailing_slash=False)
of_portfolio.register("versions", PortfolioVersionViewSet, basename="portfolio-version")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls, *of_portfolio.urls]
