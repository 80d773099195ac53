"""The plain project's routes."""

from django.urls import path

from benchmarks.peers.drf import around, views

DOG = {"get": "retrieve", "post": "create", "patch": "partial_update"}
urlpatterns = [
    path("api/dogs", views.DogViewSet.as_view({"get": "list"})),
    path("api/dogs/<str:name>", views.DogViewSet.as_view(DOG)),
    path("api/patients", views.PatientViewSet.as_view({"get": "list"})),
    path("api/patients/<int:pk>", views.PatientViewSet.as_view({"get": "retrieve"})),
    path("api/movies/popular", views.PopularView.as_view()),
    path("api/movies/favorites", views.FavoriteViewSet.as_view({"get": "list"})),
    path("api/auth/token", views.SignInView.as_view()),
    path("metrics", around.metrics),
]
