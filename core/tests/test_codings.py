"""Bodies sent as gzip: taken where they are JSON and whole, by the limits of what comes out."""

import gzip
import json
import tracemalloc
import zlib

import pytest

from core.api import codings
from core.errors import PayloadTooLarge
from core.models import StoredAnswer
from core.roles import Role
from tests.asserts import assert_problem
from tests.routes import all_routes
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

BODY = {"name": "Ada", "email": "ada@example.com", "password": "long enough 123"}
PLAIN = json.dumps(BODY).encode()
GZIP = gzip.compress(PLAIN, mtime=0)


def send(client, body=GZIP, coding="gzip", content_type="application/json", method="POST", **extra):
    path = extra.pop("path", "/api/users")
    return client.generic(
        method, path, body, content_type=content_type, HTTP_CONTENT_ENCODING=coding, **extra
    )


def bomb(blocks=1000):
    """Return a stream of about 1 KB per block that unpacks to 1 MB per block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    return GZIP[:10] + block * blocks + packer.flush()


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", " gzip\t", "gzip,", ",X-GZip , "])
def test_gzip_of_json_is_read(admin_api, coding):
    assert send(admin_api, coding=coding).status_code == 201
    assert User.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.parametrize("coding", ["identity", "Identity", "", " ", ","])
def test_what_is_no_coding_is_none(admin_api, coding):
    assert send(admin_api, PLAIN, coding).status_code == 201
    assert_problem(send(admin_api, GZIP, coding), 400, "json_malformed")


@pytest.mark.parametrize(
    "coding",
    [
        *["br", "deflate", "compress", "zstd", "dcb", "aws-chunked", "utf-8", "*", "gzip;q=1"],
        *[
            "gzip, gzip",
            "gzip,br",
            "identity, gzip",
            "gzip, identity",
            "identity, identity",
            "\xff",
        ],
        "gzip," * 2_000,
    ],
)
@pytest.mark.parametrize("body", [GZIP, PLAIN, b""])
def test_another_coding_is_415_and_says_which_is_taken(admin_api, coding, body):
    response = send(admin_api, body, coding)
    assert_problem(response, 415, "unsupported_coding")
    assert response["Accept-Encoding"] == "gzip"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=x", "text/csv", "application/x-www-form-urlencoded", ""],
)
def test_a_coding_of_anything_but_json_is_415(admin_api, content_type):
    response = send(admin_api, content_type=content_type)
    assert_problem(response, 415, "unsupported_coding")
    assert response["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        PLAIN,
        b"\x1f\x8b",
        GZIP[:10],
        GZIP[:-1],
        GZIP[:-8],
        GZIP[: len(GZIP) // 2],
        GZIP + b"\n",
        GZIP + b"\0",
        GZIP + GZIP,
        gzip.compress(b"", mtime=0) + GZIP,
        GZIP[:-8] + bytes(4) + GZIP[-4:],
        GZIP[:-4] + b"\x01\0\0\0",
        b"\0" + GZIP,
        zlib.compress(PLAIN),
        zlib.compressobj(wbits=-15).compress(PLAIN),
        gzip.compress(GZIP, mtime=0)[:-1],
    ],
)
def test_what_is_not_one_whole_stream_is_400(admin_api, body):
    for key in ({}, {"HTTP_IDEMPOTENCY_KEY": "key-00000001"}):
        assert_problem(send(admin_api, body, **key), 400, "gzip_malformed")
    assert User.objects.count() == 1
    assert StoredAnswer.objects.count() == 0


def test_what_comes_out_is_parsed_as_ever(admin_api):
    for body, code in ((b"[]", "json_not_an_object"), (b'{"a":1,"a":2}', "json_duplicate_key")):
        assert_problem(send(admin_api, gzip.compress(body)), 400, code)
    assert_problem(send(admin_api, gzip.compress(GZIP)), 400, "json_malformed")
    assert_problem(send(admin_api, gzip.compress(b"")), 400, "invalid")


def test_the_limit_holds_for_what_comes_out(admin_api, settings):
    settings.MAX_BODY_BYTES = 2048
    fits = PLAIN + b" " * (2048 - len(PLAIN))
    assert_problem(send(admin_api, gzip.compress(fits + b" ")), 413, "payload_too_large")
    assert User.objects.count() == 1
    assert send(admin_api, gzip.compress(fits)).status_code == 201


def test_a_bomb_costs_no_more_than_a_body(admin_api):
    body = bomb()
    assert 900_000 < len(body) <= 1024 * 1024 + 1024 * 100
    tracemalloc.start()
    with pytest.raises(PayloadTooLarge):
        codings.unpacked(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * 1024 * 1024
    assert_problem(send(admin_api, bomb(900)), 413, "payload_too_large")


def test_a_repeat_is_known_by_what_came_out(admin_api):
    key = {"HTTP_IDEMPOTENCY_KEY": "key-00000001"}
    first = send(admin_api, **key)
    plain = admin_api.post("/api/users", BODY, **key)
    other_level = send(admin_api, gzip.compress(PLAIN, compresslevel=1, mtime=7), **key)
    assert first.status_code == 201
    assert first.content == plain.content == other_level.content
    assert plain["Idempotency-Replayed"] == other_level["Idempotency-Replayed"] == "true"
    other = send(admin_api, gzip.compress(b'{"name":"Eva"}'), **key)
    assert_problem(other, 422, "idempotency_key_reused")


def test_it_is_read_on_every_kind_of_route(api, admin_api):
    user = UserFactory()
    signing_in = gzip.compress(json.dumps({"email": user.email, "password": PASSWORD}).encode())
    assert send(api, signing_in, path="/api/auth/token").status_code == 200
    path = f"/api/users/{user.pk}"
    changed = send(admin_api, gzip.compress(b'{"name":"Eva"}'), method="PATCH", path=path)
    assert (changed.status_code, changed.json()["name"]) == (200, "Eva")
    own = gzip.compress(
        b'{"password":"long enough 456","current_password":"%s"}' % PASSWORD.encode()
    )
    me = UserFactory(role=Role.USER)
    tokens = api.post("/api/auth/token", {"email": me.email, "password": PASSWORD}).json()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {tokens['access']}"}
    assert send(api, own, method="PATCH", path="/api/users/me", **bearer).status_code == 200


def test_who_may_not_is_told_so_before_anything_is_unpacked(api, user_api):
    assert send(api, bomb(900)).status_code == 401
    assert send(api, bomb(900), path="/api/journal").status_code == 405
    assert send(user_api, bomb(900)).status_code == 403


def test_a_request_without_a_body_has_no_coding(admin_api):
    headers = {"HTTP_CONTENT_ENCODING": "br"}
    assert admin_api.get("/api/users", **headers).status_code == 200
    path = f"/api/users/{UserFactory().pk}"
    assert admin_api.delete(path, **headers).status_code == 204


WRITING = [route for route in all_routes() if route.method in {"POST", "PUT", "PATCH"}]


@pytest.mark.parametrize("route", WRITING, ids=str)
def test_every_route_refuses_another_coding(admin_api, client_for, route):
    for role in (Role.ADMIN, Role.SELLER):
        response = send(client_for(role), PLAIN, "br", method=route.method, path=route.path())
        if response.status_code != 403:
            assert_problem(response, 415, "unsupported_coding")
            break
    else:
        pytest.fail("nobody may")
