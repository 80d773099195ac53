"""Who may what: every route, every profile of the brief."""

import base64

import pytest
from rest_framework.test import APIClient

from core.roles import Role
from movies.models import Favorite, FavoritesWipe, Movie, Rating
from movies.tests.factories import FavoriteFactory, MovieFactory, RatingFactory
from users import demo
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ROUTES = [
    ("get", "/api/movies/popular", 200),
    ("get", "/api/movies/search?query=harbor", 200),
    ("get", "/api/movies/550", 200),
    ("get", "/api/movies/favorites", 200),
    ("get", "/api/movies/favorites/7", 200),
    ("post", "/api/movies/favorites", 201),
    ("delete", "/api/movies/favorites/7", 204),
    ("get", "/api/movies/8/rating", 200),
    ("post", "/api/movies/7/rating", 201),
    ("put", "/api/movies/8/rating", 200),
    ("patch", "/api/movies/8/rating", 200),
    ("delete", "/api/movies/8/rating", 204),
]
OF_SUPPORT = [("get", "/api/movies/gone"), ("post", "/api/movies/gone/7/new-id")]
OF_USERS = [("get", 200), ("delete", 200)]
ALL = (
    [route[:2] for route in ROUTES]
    + [(method, "/api/movies/users/1/favorites") for method, _status in OF_USERS]
    + OF_SUPPORT
)
BODY = {"movie_id": 550, "stars": 2}


@pytest.fixture
def brief(db):
    """The users of the brief by token, each with a favourite and a rating."""
    demo.load()
    for movie in (MovieFactory(id=7), MovieFactory(id=8)):
        for user in User.objects.all():
            if movie.pk == 7:
                FavoriteFactory(user=user, movie=movie)
            else:
                RatingFactory(user=user, movie=movie)

    def client(token, scheme="Bearer"):
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
        return made

    return client


def everything():
    return (
        list(Favorite.objects.order_by("pk").values()),
        list(Rating.objects.order_by("pk").values()),
        FavoritesWipe.objects.count(),
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer wrong-token-of-nobody",
        "Bearer",
        "abcdef1234567890",
        "Token abcdef1234567890",
        "Basic abcdef1234567890",
        "Basic " + base64.b64encode(b"admin:abcdef1234567890").decode(),
    ],
)
def test_nobody_without_a_good_bearer_token(brief, tmdb, header):
    client = APIClient()
    client.credentials(**{"HTTP_AUTHORIZATION": header} if header else {})
    before = everything()
    for method, path in ALL:
        response = getattr(client, method)(path, *([] if method == "get" else [BODY]))
        assert (response.status_code, response.json()["status"]) == (401, 401), (method, path)
        assert response["WWW-Authenticate"].startswith("Bearer")
    assert everything() == before
    assert tmdb.calls("tmdb") == 0


@pytest.mark.parametrize("token", ["abcdef1234567890", "1234567890"])
@pytest.mark.parametrize("route", ROUTES)
def test_both_profiles_use_what_is_their_own(brief, tmdb, token, route):
    method, path, status = route
    response = getattr(brief(token), method)(path, *([] if method == "get" else [BODY]))
    assert response.status_code == status
    other = User.objects.get(email=demo.DEMO_EMAILS[token == "abcdef1234567890"])
    assert Favorite.objects.filter(user=other).count() == 1
    assert Rating.objects.get(user=other).stars == 3


@pytest.mark.parametrize(("method", "status"), OF_USERS)
def test_the_brief_profile_admin_sees_and_wipes_any_list(brief, method, status):
    consumer = User.objects.get(email=demo.DEMO_EMAILS[1])
    response = getattr(brief("abcdef1234567890"), method)(
        f"/api/movies/users/{consumer.pk}/favorites"
    )
    assert response.status_code == status


@pytest.mark.parametrize("whose", [0, 1])
@pytest.mark.parametrize("method", ["get", "delete"])
def test_the_brief_profile_user_does_not_not_even_its_own(brief, method, whose):
    before = everything()
    user = User.objects.get(email=demo.DEMO_EMAILS[whose])
    response = getattr(brief("1234567890"), method)(f"/api/movies/users/{user.pk}/favorites")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert everything() == before


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINICIAN, Role.SELLER, Role.USER])
@pytest.mark.parametrize("method", ["get", "delete"])
def test_no_other_role_reads_or_wipes_others_lists(client_for, role, method):
    favorite = FavoriteFactory()
    address = f"/api/movies/users/{favorite.user_id}/favorites"
    assert getattr(client_for(role), method)(address).status_code == 403
    assert Favorite.objects.filter(wipe=None).count() == 1


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_list_of_its_own(client_for, role):
    api = client_for(role)
    others = FavoriteFactory(user=UserFactory())
    mine = FavoriteFactory(user=api.user, movie__id=7)
    results = api.get("/api/movies/favorites").json()["results"]
    assert [row["id"] for row in results] == [mine.movie_id]
    assert api.get(f"/api/movies/favorites/{others.movie_id}").status_code == 404
    assert api.delete(f"/api/movies/favorites/{others.movie_id}").status_code == 404
    assert Favorite.objects.count() == 2


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SELLER, Role.USER])
@pytest.mark.parametrize(("method", "path"), OF_SUPPORT)
def test_lost_movies_are_for_support(client_for, tmdb, role, method, path):
    body = {"movie_id": 550, "reason": "merged"}
    response = getattr(client_for(role), method)(path, *([] if method == "get" else [body]))
    assert response.status_code == 403
    assert Movie.objects.count() == tmdb.calls("tmdb") == 0
