"""The routes of the app, below ``/api/``."""

from django.urls import URLPattern, URLResolver, path
from rest_framework_nested.routers import NestedSimpleRouter

from core.api.routers import Router
from stores.views.assignments import AssignmentViewSet
from stores.views.bulk import EXPORT
from stores.views.establishments import EstablishmentViewSet
from stores.views.figures import FiguresView, OwnFiguresView
from stores.views.photos import PhotosView, PhotoView, PictureView
from stores.views.places import CityViewSet, RegionViewSet, TypologyViewSet
from stores.views.portfolios import PortfolioVersionViewSet, PortfolioViewSet
from stores.views.products import ProductViewSet
from stores.views.push import CasesView, VisitsView
from stores.views.suggestions import SuggestionViewSet
from stores.views.sync import HeadView, PullView
from stores.views.unrecognised import UnrecognisedViewSet
from stores.views.visits import RevisionViewSet, VisitViewSet

router = Router()
router.register("regions", RegionViewSet, basename="region")
router.register("typologies", TypologyViewSet, basename="typology")
router.register("cities", CityViewSet, basename="city")
router.register("products", ProductViewSet, basename="product")
router.register("portfolios", PortfolioViewSet, basename="portfolio")
router.register("establishments", EstablishmentViewSet, basename="establishment")
router.register("assignments", AssignmentViewSet, basename="assignment")
router.register("visits", VisitViewSet, basename="visit")
router.register("unrecognised", UnrecognisedViewSet, basename="unrecognised")

of_portfolio = NestedSimpleRouter(router, "portfolios", lookup="portfolio", trailing_slash=False)
of_portfolio.register("versions", PortfolioVersionViewSet, basename="portfolio-version")
of_visit = NestedSimpleRouter(router, "visits", lookup="visit", trailing_slash=False)
of_visit.register("revisions", RevisionViewSet, basename="visit-revision")

files: list[URLPattern | URLResolver] = [
    path("products.csv", ProductViewSet.as_view({"get": "export_file"}, **EXPORT)),
    path("establishments.csv", EstablishmentViewSet.as_view({"get": "export_file"}, **EXPORT)),
    path("assignments.csv", AssignmentViewSet.as_view({"get": "export_file"}, **EXPORT)),
]
figures: list[URLPattern | URLResolver] = [
    path("stores/figures", FiguresView.as_view(), name="figures"),
    path("stores/me/figures", OwnFiguresView.as_view(), name="own-figures"),
]
phones: list[URLPattern | URLResolver] = [
    path("sync", HeadView.as_view(), name="sync-head"),
    path("sync/visits", VisitsView.as_view(), {"collection": "visits"}, name="sync-visits"),
    path("sync/cases", CasesView.as_view(), {"collection": "cases"}, name="sync-cases"),
    path("sync/<str:collection>", PullView.as_view(), name="sync-pull"),
]

photos: list[URLPattern | URLResolver] = [
    path("photos", PhotosView.as_view(), name="photos"),
    path("photos/<str:photo_id>", PhotoView.as_view(), name="photo"),
    path("photos/<str:photo_id>/file", PictureView.as_view(), name="photo-file"),
    path(
        "photos/<str:photo_id>/suggestions",
        SuggestionViewSet.as_view({"get": "list"}),
        name="photo-suggestions",
    ),
]

# Patterns are tried in turn: what phones ask all day comes first.
urlpatterns = [*phones, *photos, *router.urls, *of_portfolio.urls, *of_visit.urls, *files, *figures]
