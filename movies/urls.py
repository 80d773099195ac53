"""The routes of the movies app, below ``/api/``."""

from typing import Any

from django.urls import path

from movies.views.catalog import CatalogViewSet
from movies.views.favorites import FavoriteViewSet, UserFavoriteViewSet
from movies.views.gone import GoneMovieViewSet
from movies.views.ratings import RatingViewSet

RATING: dict[str, Any] = {
    "get": "retrieve",
    "post": "create",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}

urlpatterns = [
    path("movies/popular", CatalogViewSet.as_view({"get": "popular"}), name="movie-popular"),
    path("movies/search", CatalogViewSet.as_view({"get": "search"}), name="movie-search"),
    path(
        "movies/favorites",
        FavoriteViewSet.as_view({"get": "list", "post": "create"}),
        name="favorite-list",
    ),
    path(
        "movies/favorites/<int:movie_id>",
        FavoriteViewSet.as_view({"get": "retrieve", "delete": "destroy"}, detail=True),
        name="favorite-detail",
    ),
    path(
        "movies/users/<int:user_id>/favorites",
        UserFavoriteViewSet.as_view({"get": "list", "delete": "wipe"}),
        name="user-favorites",
    ),
    path("movies/gone", GoneMovieViewSet.as_view({"get": "list"}), name="gone-movies"),
    path(
        "movies/gone/<int:movie_id>/new-id",
        GoneMovieViewSet.as_view({"post": "create"}),
        name="gone-movie-new-id",
    ),
    path(
        "movies/<int:movie_id>",
        CatalogViewSet.as_view({"get": "retrieve"}, detail=True),
        name="movie-detail",
    ),
    path(
        "movies/<int:movie_id>/rating",
        RatingViewSet.as_view(RATING, detail=True),
        name="movie-rating",
    ),
]
