"""The routes of dogs and files, below ``/api/``."""

from typing import Any

from django.urls import path

from core.api.routers import Router
from dogs.views import AdoptedDogViewSet, DogViewSet, FileViewSet

router = Router()
router.register("files", FileViewSet, basename="file")

DOG: dict[str, Any] = {
    "get": "retrieve",
    "post": "create",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}

urlpatterns = [
    path("dogs", DogViewSet.as_view({"get": "list"}, basename="dog"), name="dog-list"),
    path(
        "dogs/is_adopted",
        AdoptedDogViewSet.as_view({"get": "list", "post": "create"}, basename="dog"),
        {"name": "is_adopted"},
        name="dog-adopted",
    ),
    path(
        "dogs/<str:name>",
        DogViewSet.as_view(DOG, basename="dog", detail=True),
        name="dog-detail",
    ),
    *router.urls,
]
