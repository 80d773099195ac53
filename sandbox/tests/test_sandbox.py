"""The sandbox over real HTTP: shapes and counting, as the real ones answer."""

import hashlib
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

import sandbox
from sandbox.tests.helpers_requests import KEY, POPULAR, call, upload
from sandbox.tmdb import MOVIE_COUNT, movie_at, summary
from sandbox.vision import TOKEN as VISION_TOKEN


def test_health(server):
    assert call(server, "/_health")[::2] == (200, {"status": "ok"})


def test_dogs_answers_with_the_same_pictures_in_the_same_order(server):
    first = call(server, "/dogs/api/breeds/image/random")
    second = call(server, "/dogs/api/breeds/image/random")
    server.reset()
    assert first[0] == 200
    assert first[2] == {
        "message": "https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg",
        "status": "success",
    }
    assert second[2]["message"] != first[2]["message"]
    assert call(server, "/dogs/api/breeds/image/random")[2] == first[2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/dogs/api/x", 404), ("POST", "/dogs/api/breeds/image/random", 405)],
)
def test_dogs_refuses_as_dog_ceo_does(server, method, path, status):
    got, _headers, body = call(server, path, method=method)
    assert (got, body["status"], body["code"]) == (status, "error", status)


def test_popular_has_the_page_shape_of_tmdb(server):
    status, headers, page = call(server, f"{POPULAR}&page=2")
    assert (status, headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    assert {**page, "results": len(page["results"])} == {
        "page": 2,
        "results": 20,
        "total_pages": 500,
        "total_results": 10_000,
    }
    assert set(page["results"][0]) == {
        *("adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title"),
        *("overview", "popularity", "poster_path", "release_date", "title", "video"),
        *("vote_average", "vote_count"),
    }
    popularity = [movie["popularity"] for movie in page["results"]]
    assert popularity == sorted(popularity, reverse=True)


def test_every_movie_has_its_own_title_and_one_place_in_the_list():
    movies = [summary(movie_at(rank)) for rank in range(MOVIE_COUNT)]
    assert sorted(movie["id"] for movie in movies) == list(range(1, MOVIE_COUNT + 1))
    assert len({movie["title"] for movie in movies}) == MOVIE_COUNT
    assert all(3 <= movie["vote_average"] <= 9.001 for movie in movies)
    assert all("1960-01-01" <= movie["release_date"] <= "2024-12-31" for movie in movies)


def test_language_and_region_change_the_answer(server):
    plain = call(server, POPULAR)[2]["results"]
    spanish = call(server, f"{POPULAR}&language=es-CO")[2]["results"]
    colombia = call(server, f"{POPULAR}&region=CO")[2]["results"]
    assert [movie["id"] for movie in spanish] == [movie["id"] for movie in plain]
    assert spanish[0]["title"] != plain[0]["title"]
    assert [movie["id"] for movie in colombia] != [movie["id"] for movie in plain]


@pytest.mark.parametrize("page", ["0", "501", "-1", "abc", "1.5", "", "99999999999999999999"])
def test_popular_refuses_a_page_out_of_range(server, page):
    status, _headers, body = call(server, f"{POPULAR}&page={page}")
    assert (status, body["status_code"], body["success"]) == (400, 22, False)


def test_details_have_all_fields(server):
    status, _headers, movie = call(server, f"/tmdb/3/movie/1?{KEY}")
    assert status == 200
    assert set(movie) == {
        *("adult", "backdrop_path", "belongs_to_collection", "budget", "genres", "homepage"),
        *("id", "imdb_id", "origin_country", "original_language", "original_title", "overview"),
        *("popularity", "poster_path", "production_companies", "production_countries"),
        *("release_date", "revenue", "runtime", "spoken_languages", "status", "tagline"),
        *("title", "video", "vote_average", "vote_count"),
    }
    assert set(movie["production_companies"][0]) == {"id", "logo_path", "name", "origin_country"}
    assert movie["genres"] == [{"id": 12, "name": "Adventure"}, {"id": 35, "name": "Comedy"}]


@pytest.mark.parametrize("number", ["0", "10001", "-1", "abc", "\u0661", "latest", "1/credits"])
def test_unknown_movie(server, number):
    path = f"/tmdb/3/movie/{urllib.request.quote(number)}?{KEY}"
    assert call(server, path)[::2] == (
        404,
        {
            "success": False,
            "status_code": 34,
            "status_message": "The resource you requested could not be found.",
        },
    )


@pytest.mark.parametrize(
    ("query", "authorization", "status"),
    [
        ("", "", 401),
        ("?api_key=wrong", "", 401),
        ("?api_key=", "", 401),
        ("", "Bearer wrong", 401),
        ("", f"Basic {sandbox.ACCESS_TOKEN}", 401),
        ("", f"Bearer {sandbox.ACCESS_TOKEN}", 200),
        (f"?{KEY}", "", 200),
    ],
)
def test_tmdb_takes_both_kinds_of_credentials(server, query, authorization, status):
    headers = {"Authorization": authorization} if authorization else {}
    got, _headers, body = call(server, f"/tmdb/3/movie/1{query}", headers=headers)
    assert got == status
    assert body.get("status_code") == (7 if status == 401 else None)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\r\n--xY\r\n\r\n\x00\xff\r\r\n", b"x" * 300_000]
)
def test_relay_takes_a_file_exactly(server, content):
    assert upload(server, "añil;1.tar.gz", content)[::2] == (200, {"filename": "añil;1.tar.gz"})
    assert call(server, "/relay/api/files")[2] == {
        "files": [
            {
                "filename": "añil;1.tar.gz",
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        ]
    }


def test_relay_wants_the_form_field_file(server):
    assert upload(server, "a.txt", b"x", field="document")[0] == 422
    status, _headers, body = call(server, "/relay/api/files", method="POST", data=b"x")
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "file"])
    assert call(server, "/relay/api/files")[2] == {"files": []}
    assert call(server, "/relay/api/files", method="DELETE")[0] == 405
    assert call(server, "/relay/other")[0] == 404


def test_vision_makes_up_the_same_for_the_same_picture(server):
    allowed = {"Authorization": f"Bearer {VISION_TOKEN}"}
    path = "/vision/api/recognise"
    status, _headers, body = upload(server, "photo", b"x", path=path, headers=allowed)
    assert status == 200
    assert [(one["kind"], type(one["product"])) for one in body["found"]] == [
        ("label", int),
        ("text", type(None)),
    ]
    assert upload(server, "photo", b"x", path=path, headers=allowed)[2] == body
    assert upload(server, "photo", b"x", path=path)[0] == 401
    assert upload(server, "photo", b"x", "picture", path=path, headers=allowed)[0] == 422
    assert call(server, path, headers=allowed)[0] == 405
    assert call(server, "/vision/api", headers=allowed)[0] == 404


def test_calls_are_counted_per_upstream_and_path(server):
    call(server, "/dogs/api/breeds/image/random")
    call(server, POPULAR)
    call(server, "/tmdb/3/movie/1", headers={"X-Request-ID": "abc"})
    assert call(server, "/_calls")[2] == {
        "dogs": {"GET /api/breeds/image/random": 1},
        "pictures": {},
        "tmdb": {"GET /3/movie/1": 1, "GET /3/movie/popular": 1},
        "relay": {},
        "vision": {},
    }
    assert (server.calls(), server.calls("tmdb"), server.calls("tmdb", "/3/movie/1")) == (3, 2, 1)
    assert server.received("tmdb")[-1].headers["x-request-id"] == "abc"
    assert call(server, "/_calls", method="DELETE")[2] == {
        "dogs": {},
        "pictures": {},
        "tmdb": {},
        "relay": {},
        "vision": {},
    }
    assert server.calls() == 0


def test_unknown_routes(server):
    assert call(server, "/nothing")[0] == 404
    assert call(server, "/_health", method="POST")[0] == 404


@pytest.mark.parametrize("words", ["cartographer valparaiso", "CARTÓGRAFO VALPARAÍSO"])
def test_tmdb_finds_titles_whatever_their_case_and_accents(server, words):
    query = urlencode({"query": words})
    status, _headers, page = call(server, f"/tmdb/3/search/movie?{query}&{KEY}")
    assert (status, page["page"], page["total_pages"], page["total_results"]) == (200, 1, 1, 20)
    assert {row["title"].partition(" of ")[0] for row in page["results"]} == {"The Cartographer"}


@pytest.mark.parametrize(
    ("query", "status"), [("", 422), ("query=", 422), ("query=a&page=501", 400)]
)
def test_tmdb_refuses_searches_that_say_nothing(server, query, status):
    assert call(server, f"/tmdb/3/search/movie?{query}&{KEY}")[0] == status


def test_tmdb_finds_nothing(server):
    page = call(server, f"/tmdb/3/search/movie?query=zzz&{KEY}")[2]
    assert page == {"page": 1, "results": [], "total_pages": 0, "total_results": 0}
