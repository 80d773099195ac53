"""The routes of dogs and files, below ``/api/``."""

from typing import Any

from django.urls import path

from core.api.routers import Router
from dogs.views import AdoptedDogViewSet, AdoptionViewSet, DogViewSet, FileViewSet

router = Router()
router.register("files", FileViewSet, basename="file")

DOG: dict[str, Any] = {
    "get": "retrieve",
    "post": "create",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}
ADOPTION: dict[str, Any] = {"post": "adopt", "delete": "release"}

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
    path(
        "dogs/<str:name>/adoption",
        DogViewSet.as_view(ADOPTION, basename="dog", detail=True),
        name="dog-adoption",
    ),
    path(
        "dogs/<str:name>/adoptions",
        AdoptionViewSet.as_view({"get": "list"}, basename="adoption"),
        name="dog-adoptions",
    ),
    path(
        "dogs/<str:name>/picture",
        DogViewSet.as_view({"post": "another_picture"}, basename="dog", detail=True),
        name="dog-picture",
    ),
    *router.urls,
]
