"""The sandbox over real HTTP: shapes, faults, counting, the command."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import sandbox
from sandbox.tmdb import MOVIES, movie_at, summary

ROOT = Path(__file__).parents[2]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
KEY = f"api_key={sandbox.API_KEY}"
POPULAR = f"/tmdb/3/movie/popular?{KEY}"


@pytest.fixture(scope="module")
def running():
    with sandbox.running() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


def call(server, path, *, method="GET", data=None, headers=None, timeout=5):
    """Return status, headers and decoded body, whatever the status."""
    request = urllib.request.Request(  # noqa: S310 - always the sandbox's own URL
        server.url + path, method=method, data=data, headers=headers or {}
    )
    try:
        with OPENER.open(request, timeout=timeout) as response:
            return response.status, response.headers, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())


def fault(server, name, **fields):
    return call(server, f"/_faults/{name}", method="PUT", data=json.dumps(fields).encode())


def upload(server, filename, content, field="file"):
    disposition = f'form-data; name="{field}"; filename="{filename}"'
    body = (
        f"--xYx\r\nContent-Disposition: {disposition}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + content
    return call(
        server,
        "/relay/api/files",
        method="POST",
        data=body + b"\r\n--xYx--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=xYx"},
    )


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
    movies = [summary(movie_at(rank)) for rank in range(MOVIES)]
    assert sorted(movie["id"] for movie in movies) == list(range(1, MOVIES + 1))
    assert len({movie["title"] for movie in movies}) == MOVIES
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


def test_calls_are_counted_per_upstream_and_path(server):
    call(server, "/dogs/api/breeds/image/random")
    call(server, POPULAR)
    call(server, "/tmdb/3/movie/1", headers={"X-Request-ID": "abc"})
    assert call(server, "/_calls")[2] == {
        "dogs": {"GET /api/breeds/image/random": 1},
        "tmdb": {"GET /3/movie/1": 1, "GET /3/movie/popular": 1},
        "relay": {},
    }
    assert (server.calls(), server.calls("tmdb"), server.calls("tmdb", "/3/movie/1")) == (3, 2, 1)
    assert server.received("tmdb")[-1].headers["x-request-id"] == "abc"
    assert call(server, "/_calls", method="DELETE")[2] == {"dogs": {}, "tmdb": {}, "relay": {}}
    assert server.calls() == 0


def test_status_fault_ends_after_so_many_times(server):
    assert fault(server, "tmdb", status=503, retry_after=1, times=2)[::2] == (
        200,
        {"tmdb": {"status": 503, "retry_after": 1, "times": 2}},
    )
    for _ in range(2):
        status, headers, body = call(server, POPULAR)
        assert (status, headers["Retry-After"], body["status_code"]) == (503, "1", 9)
    assert call(server, POPULAR)[0] == 200
    assert call(server, "/_faults")[2] == {}


def test_faults_are_cleared_one_by_one_or_all(server):
    fault(server, "tmdb", status=500)
    fault(server, "dogs", status=500)
    fault(server, "relay", status=500)
    assert call(server, "/_faults/tmdb", method="DELETE")[2] == {
        "dogs": {"status": 500},
        "relay": {"status": 500},
    }
    assert call(server, "/_faults", method="DELETE")[2] == {}
    assert call(server, POPULAR)[0] == 200


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"unknown": 1},
        {"status": "503"},
        {"status": True},
        {"status": 99},
        {"status": 600},
        {"delay": -1},
        {"delay": "1"},
        {"drip": 1},
        {"times": 0},
        {"redirect": "a\r\nb"},
    ],
)
def test_a_bad_fault_is_refused(server, fields):
    assert fault(server, "tmdb", **fields)[0] == 400
    assert call(server, "/_faults")[2] == {}


def test_a_fault_of_nobody_is_refused(server):
    assert fault(server, "nobody", status=500)[0] == 404
    assert call(server, "/_faults/tmdb", method="PUT", data=b"{")[0] == 400
    assert call(server, "/_faults", method="PUT", data=b"{}")[0] == 404
    with pytest.raises(sandbox.FaultError):
        server.faults.set("nobody", status=500)


def test_delay(server):
    server.faults.set("dogs", delay=0.3)
    started = time.monotonic()
    assert call(server, "/dogs/api/breeds/image/random")[0] == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", ["drip", "drip_headers"])
def test_drip_sends_byte_by_byte(server, kind):
    server.faults.set("dogs", **{kind: True})
    connection = http.client.HTTPConnection(*server.server_address, timeout=0.8)
    started = time.monotonic()
    connection.request("GET", "/dogs/api/breeds/image/random")
    if kind == "drip":
        response = connection.getresponse()
        assert response.status == 200
        assert response.read(3) == b'{"m'
    else:
        received = connection.sock.recv(3) + connection.sock.recv(3)
        assert 2 <= len(received) < 6
    assert time.monotonic() - started >= 0.2
    connection.close()


def test_reset_is_a_reset(server):
    server.faults.set("dogs", reset=True)
    with pytest.raises(ConnectionResetError):
        call(server, "/dogs/api/breeds/image/random")


def test_cut_resets_in_the_middle_of_the_body(server):
    server.faults.set("dogs", cut=True)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        call(server, "/dogs/api/breeds/image/random")


def test_garbage_is_no_json(server):
    server.faults.set("dogs", garbage=True)
    with pytest.raises(ValueError, match="decode"):
        call(server, "/dogs/api/breeds/image/random")


@pytest.mark.parametrize("name", ["dogs", "tmdb", "relay"])
def test_wrong_type_is_a_list(server, name):
    server.faults.set(name, wrong_type=True)
    status, _headers, body = call(server, f"/{name}/api/files")
    assert (status, type(body)) == (200, list)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("dogs", {"status": "error", "message": "Internal Server Error", "code": 500}),
        (
            "tmdb",
            {
                "success": False,
                "status_code": 11,
                "status_message": "Internal error: Something went wrong, contact TMDb.",
            },
        ),
        ("relay", {"detail": "Internal Server Error"}),
    ],
)
def test_error_body_comes_with_200(server, name, body):
    server.faults.set(name, error_body=True)
    assert call(server, f"/{name}/")[::2] == (200, body)


def test_big_has_the_size_asked_for_and_is_json(server):
    server.faults.set("dogs", big=1_000_000)
    _status, headers, body = call(server, "/dogs/api/breeds/image/random")
    assert headers["Content-Length"] == "1000000"
    assert len(body["message"]) == 1_000_000 - len('{"message": ""}')


def test_redirect(server):
    server.faults.set("dogs", redirect="http://169.254.169.254/")
    connection = http.client.HTTPConnection(*server.server_address, timeout=5)
    connection.request("GET", "/dogs/api/breeds/image/random")
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (302, "http://169.254.169.254/")
    connection.close()


def test_a_body_is_read_before_a_fault_so_that_the_connection_lives_on(server):
    server.faults.set("relay", status=503, times=1)
    connection = http.client.HTTPConnection(*server.server_address, timeout=5)
    statuses = []
    for _ in range(2):
        connection.request("POST", "/relay/api/files", body=b"x" * 200_000)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [503, 422]


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Content-Length", "abc", 400),
        ("Content-Length", "999999999999", 413),
        ("Transfer-Encoding", "chunked", 411),
    ],
)
def test_a_body_of_unknown_or_excessive_length_is_refused(server, header, value, status):
    connection = http.client.HTTPConnection(*server.server_address, timeout=5)
    connection.putrequest("POST", "/relay/api/files")
    connection.putheader(header, value)
    connection.endheaders()
    assert connection.getresponse().status == status
    connection.close()


def test_head_has_no_body(server):
    connection = http.client.HTTPConnection(*server.server_address, timeout=5)
    connection.request("HEAD", "/_health")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.close()


def test_a_drip_ends_when_the_sandbox_stops():
    with sandbox.running() as server:
        server.faults.set("dogs", drip=True)
        connection = http.client.HTTPConnection(*server.server_address, timeout=5)
        connection.request("GET", "/dogs/api/breeds/image/random")
        response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_unknown_routes(server):
    assert call(server, "/nothing")[0] == 404
    assert call(server, "/_health", method="POST")[0] == 404


@pytest.fixture
def process():
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # noqa: TID251 - handed on to a child
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        child.kill()


def test_the_command_serves_logs_without_keys_and_stops_on_sigterm(process):
    url = process.stderr.readline().split()[-1]
    with OPENER.open(f"{url}/tmdb/3/movie/1?{KEY}", timeout=5) as response:
        assert response.status == 200
    line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    assert line.startswith("sandbox GET /tmdb/3/movie/1 200 ")
    assert sandbox.API_KEY not in line


def test_the_command_says_that_a_port_is_taken(server):
    port = str(server.server_address[1])
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
