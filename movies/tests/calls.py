"""Addresses, refusals and lists as callers see them."""

FAVORITES = "/api/movies/favorites"


def rating_of(movie):
    return f"/api/movies/{getattr(movie, 'pk', movie)}/rating"


def refused(response, status, field=None, code=None):
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response["Content-Type"] == "application/problem+json"
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    if code:
        assert problem["code"] == code
    return True


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]
