"""TMDB answers odd documents, over real HTTP: no page is darker than its one bad film."""

import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from movies import catalog as catalogs
from movies.models import CachedAnswer
from movies.tests.catalogs import layers
from sandbox import tmdb as sandbox_tmdb

pytestmark = pytest.mark.django_db
POPULAR, SEARCH = "/api/movies/popular", "/api/movies/search?query=harbor"
MARK = "\ufdd0"  # stands for raw JSON in a page that is encoded otherwise
FILMS = range(20)


def raw(levels, inside="1", sign="[]"):
    """Return nested lists as JSON."""
    return sign[0] * levels + inside + sign[1] * levels


# What can stand where a value should: JSON as text, some of it no JSON.
VALUES = [
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "9" * 30,
    "9" * 6000,
    "1.5",
    '""',
    '"x"',
    '"2024-07-07T00:00:00.000Z"',
    '"\\u0000"',
    '"a\\ud800b"',
    '"\x00\x01"',
    '"' + "y" * 300_000 + '"',
    "[]",
    "{}",
    "[[[[[[[[[[[[1]]]]]]]]]]]]",
    raw(3000),
    "[" + "0," * 5000 + "0]",
    '{"id": null, "name": NaN}',
]
FIELDS = sorted({*sandbox_tmdb.summary(1), "extra", "my_rating", "poster_url", "k\u0000y"})


def page_of(rows):
    """Return TMDB's page of such rows."""
    return {"page": 1, "results": rows, "total_pages": 500, "total_results": 10_000}


def encode(document, *values):
    """Return a document as JSON, each mark in it replaced by one of the values."""
    text = json.dumps(document)
    for value in values:
        text = text.replace(json.dumps(MARK), value, 1)
    return text.encode()


def mutations(seed, count):
    """Return pages with one odd film each, and which film that is."""
    dice = random.Random(seed)
    for _ in range(count):
        rows = [sandbox_tmdb.summary(number + 1) for number in FILMS]
        where = dice.choice(FILMS)
        kind = dice.randrange(10)
        values = [dice.choice(VALUES) for _ in range(3)]
        if kind == 0:
            rows[where] = MARK
        elif kind == 1:
            rows[where] = dict.fromkeys(dice.sample(FIELDS, 3), MARK)
        elif kind == 2:
            rows[where] = dict(rows[(where + 1) % 20])
        elif kind == 3:
            del rows[where][dice.choice(sorted(rows[where]))]
        else:
            for name in dice.sample(FIELDS, dice.randint(1, 3)):
                rows[where][name] = MARK
        document = page_of(rows)
        if dice.random() < 0.3:
            document[dice.choice(["page", "total_pages", "total_results", "extra"])] = MARK
        yield where, encode(document, *values, *VALUES[:3])


@pytest.fixture
def answers(settings):
    """What TMDB answers to everything: set ``body`` and ``status``; ``calls`` counts."""

    class Handler(BaseHTTPRequestHandler):
        body, status, calls = b"{}", 200, 0

        def do_GET(self):
            Handler.calls += 1
            self.send_response(Handler.status)
            self.send_header("Content-Length", str(len(Handler.body)))
            self.end_headers()
            self.wfile.write(Handler.body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.TMDB_API_URL = f"http://127.0.0.1:{server.server_address[1]}/3"
    settings.MOVIES_CACHE_SECONDS = 0
    yield Handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def patient(answers):
    """Wide bounds: the machine may be busy."""
    upstream = layers(catalogs.catalog())[-1].upstream
    upstream.timeout, upstream.total_deadline = (10.0, 10.0), 20
    return answers


def others(results, where):
    """Return the films that are not the odd one, as the sandbox makes them."""
    good = {number + 1 for number in FILMS if number != where}
    names = sandbox_tmdb.summary(1).keys()
    return {row["id"]: {name: row[name] for name in names} for row in results if row["id"] in good}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("address", [POPULAR, SEARCH])
def test_the_other_nineteen_are_there(user_api, patient, seed, address):
    for where, body in mutations(seed, 12):
        patient.body = body
        response = user_api.get(address)
        assert response.status_code == 200, body[:3000]
        assert response["Cache-Status"].endswith("; stored"), body[:3000]
        page = response.json()
        expected = {
            number + 1: sandbox_tmdb.summary(number + 1) for number in FILMS if number != where
        }
        assert others(page["results"], where) == expected
        ids = [row["id"] for row in page["results"]]
        assert len(ids) == len(set(ids)) <= 21
        assert all(type(number) is int and 1 <= number < 2**31 for number in ids)
        assert all(isinstance(row["title"], str) for row in page["results"])
        assert page["page"] == 1
        assert 1 <= page["total_pages"] <= 500
        assert 0 <= page["total_results"] <= 10_000
        assert "my_rating" not in page["results"][min(where, len(ids) - 1)]
    assert patient.calls == 12


def test_a_film_of_ten_megabytes_costs_that_film_only(user_api, patient):
    rows = [sandbox_tmdb.summary(number + 1) for number in FILMS]
    rows[7]["overview"] = "x" * 10_000_000
    patient.body = encode(page_of(rows))
    results = user_api.get(POPULAR).json()["results"]
    assert len(results) == 20
    assert "overview" not in results[7]
    assert results[7]["title"] == rows[7]["title"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("field", ["release_date", "genres", "runtime", "overview", "id", "extra"])
def test_details_lose_the_odd_field_only(user_api, patient, field, value):
    film = {**sandbox_tmdb.details(7), field: MARK}
    patient.body = encode(film, value)
    response = user_api.get("/api/movies/7")
    assert response.status_code == 200
    found = response.json()
    assert (found["id"], found["title"]) == (7, film["title"])
    names = film.keys() - {field, "production_companies"}
    assert {name: found[name] for name in names} == {name: film[name] for name in names}
    stored = user_api.post("/api/movies/favorites", {"movie_id": 7})
    assert (stored.status_code, stored.json()["title"]) == (201, film["title"])
    (row,) = user_api.get("/api/movies/favorites?language=es-MX").json()["results"]
    assert (row["id"], row["my_rating"]) == (7, None)


NO_PAGES = [
    b"",
    b"null",
    b"[]",
    b'"page"',
    b"{}",
    b'{"results": null}',
    b'{"results": {}}',
    b'{"results": [null, 1, {"title": "no id"}]}',
    b'{"success": false, "status_code": 34}',
    b"<html>portal</html>",
    b'{"page": 1, "results": [',
    b"[" * 200_000,
    b"\xff" * 1000,
]


@pytest.mark.parametrize("body", NO_PAGES, ids=range(len(NO_PAGES)))
def test_what_is_no_page_costs_the_copy_nothing(user_api, patient, body):
    rows = [sandbox_tmdb.summary(number + 1) for number in FILMS]
    patient.body = encode(page_of(rows))
    first = user_api.get(POPULAR)
    patient.body = body
    stale = user_api.get(POPULAR)
    assert (stale.status_code, stale.content) == (200, first.content)
    cold = user_api.get(f"{POPULAR}?page=2")
    assert (cold.status_code, cold.json()["code"]) == (503, "catalog_unavailable")
    assert orjson.loads(CachedAnswer.objects.get().body) == first.json()


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"results": 7}', encode({"id": 8, "title": "A"})])
def test_json_never_opens_the_breaker(user_api, patient, body):
    patient.body = body
    for number in range(1, 9):
        assert user_api.get(f"/api/movies/{number % 7 + 1}").status_code == 503
        assert user_api.get(f"{POPULAR}?page={number}").status_code == 503
    assert patient.calls == 16
    rows = [sandbox_tmdb.summary(number + 1) for number in FILMS]
    patient.body = encode(page_of(rows))
    assert len(user_api.get(POPULAR).json()["results"]) == 20
