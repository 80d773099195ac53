"""Addresses, refusals and lists as callers see them."""

FAVORITES = "/api/movies/favorites"


def rating_of(movie):
    return f"/api/movies/{getattr(movie, 'pk', movie)}/rating"


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]
