"""``If-Match`` is compared under the row's lock: of many writers with one tag, one wins."""

import threading

import pytest
from django.db import connections
from rest_framework.test import APIClient

from core.api import preconditions, renderers
from core.errors import PreconditionFailed
from core.models import JournalEntry
from core.roles import Role
from tests.asserts import assert_problem
from users.auth.sessions import open_session
from users.auth.tokens import pair_of
from users.models import User
from users.tests.factories import UserFactory

TAG = renderers.etag_of(b"body")
WEAK = f"W/{TAG}"


@pytest.mark.parametrize(
    "header",
    [TAG, "*", " * ", f'"a", {TAG}', f'"a",{TAG},"b"', f",, {TAG} ,", f'{WEAK}, "a,b", {TAG}'],
)
def test_if_match_that_holds(header):
    preconditions.require_match(header, TAG)


@pytest.mark.parametrize(
    "header",
    [
        *["", " ", ",", '"a"', WEAK, f'{WEAK}, "b"', f"{WEAK}, {WEAK}", f"w/{TAG}", TAG.strip('"')],
        *["nonsense", f"nonsense, {TAG}", f'"a" {TAG}', f"{TAG} x", f"*, {TAG}", "*,*", f'"{TAG}'],
        *[TAG[:-1], f"{TAG}{TAG}", f'"a\\"{TAG}"', "\x00", '"' * 8_000, '"",' * 2_000, "," * 8_000],
    ],
)
def test_if_match_that_does_not_hold(header):
    with pytest.raises(PreconditionFailed) as caught:
        preconditions.require_match(header, TAG)
    assert caught.value.extra == {"current": TAG}


@pytest.mark.parametrize("header", [TAG, WEAK, "*", f'W/"a", {WEAK}', f'"a", {TAG}'])
def test_if_none_match_that_names_it(header):
    assert preconditions.is_unchanged(header, TAG)
    with pytest.raises(PreconditionFailed):
        preconditions.require_none(header, TAG)


@pytest.mark.parametrize("header", ["", '"a"', 'W/"a", "b"', " ,, "])
def test_if_none_match_that_names_others(header):
    assert not preconditions.is_unchanged(header, TAG)
    preconditions.require_none(header, TAG)


@pytest.mark.parametrize("header", ["nonsense", f"{TAG} {TAG}", "*, *", f"w/{TAG}"])
def test_a_malformed_list_stops_a_write_and_shows_a_read(header):
    assert not preconditions.is_unchanged(header, TAG)
    with pytest.raises(PreconditionFailed):
        preconditions.require_none(header, TAG)


def failed(response, tag) -> None:
    assert assert_problem(response, 412, "precondition_failed")["current"] == tag


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_write_keeps_the_preconditions_of_its_request(admin_api, method):
    user = UserFactory(name="Ada", last_name="L")
    path = f"/api/users/{user.pk}"
    tag = admin_api.get(path)["ETag"]
    body = {"name": "Grace", "last_name": "H", "email": user.email}
    write = getattr(admin_api, method)
    for headers in (
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_NONE_MATCH": f'W/"a", W/{tag}'},
        {"HTTP_IF_NONE_MATCH": "nonsense"},
        {"HTTP_IF_MATCH": ""},
        {"HTTP_IF_MATCH": f"W/{tag}"},
        {"HTTP_IF_MATCH": f"W/{tag}, W/{tag}"},
        {"HTTP_IF_MATCH": tag, "HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_MATCH": '"a"', "HTTP_IF_NONE_MATCH": '"a"'},
    ):
        failed(write(path, body, **headers), tag)
        assert User.objects.get(pk=user.pk).name == "Ada"
        assert JournalEntry.objects.filter(model="users.User").count() == 0
    headers = {"HTTP_IF_MATCH": f'"a", {tag}', "HTTP_IF_NONE_MATCH": '"b"'}
    done = {"HTTP_IF_UNMODIFIED_SINCE": "Sat, 01 Jan 2000 00:00:00 GMT"}  # nothing has a date here
    assert write(path, body, **headers, **done).status_code in {200, 204}
    assert JournalEntry.objects.filter(model="users.User").count() == 1


@pytest.mark.django_db
def test_a_tag_that_our_proxy_made_weak_is_the_one_that_it_says(admin_api):
    path = f"/api/users/{UserFactory().pk}"
    for body in ({"name": "Grace"}, {"name": "Ada"}):
        tag = admin_api.get(path)["ETag"]
        weak = {"HTTP_IF_MATCH": f"W/{tag}", "HTTP_X_STRONG_IF_MATCH": tag}
        assert admin_api.get(path, **weak).status_code == 200
        assert admin_api.patch(path, body, **weak).status_code == 200
        assert_problem(admin_api.patch(path, body, **weak), 412, "precondition_failed")


@pytest.mark.django_db
def test_what_is_not_there_is_404_whatever_is_expected_of_it(admin_api):
    for headers in ({"HTTP_IF_NONE_MATCH": "*"}, {"HTTP_IF_MATCH": ""}, {"HTTP_IF_MATCH": "*"}):
        response = admin_api.patch("/api/users/987654321", {"name": "Grace"}, **headers)
        assert_problem(response, 404, "not_found")


@pytest.mark.django_db
def test_a_new_row_matches_no_tag(admin_api):
    body = {"name": "Ada", "email": "ada@example.com", "password": "long enough 123"}
    for header in ('"a"', "", "nonsense"):
        for key in ({}, {"HTTP_IDEMPOTENCY_KEY": "key-00000001"}):
            response = admin_api.post("/api/users", body, HTTP_IF_MATCH=header, **key)
            assert_problem(response, 412, "precondition_failed")
    assert not User.objects.filter(email="ada@example.com").exists()
    headers = {"HTTP_IF_NONE_MATCH": "*", "HTTP_IF_MATCH": "*"}  # the list is there
    assert admin_api.post("/api/users", body, **headers).status_code == 201


@pytest.mark.django_db
def test_a_read_compares_too(admin_api):
    path = f"/api/users/{admin_api.user.pk}"
    tag = admin_api.get(path)["ETag"]
    same = {"HTTP_IF_NONE_MATCH": f'W/"a", W/{tag}'}
    assert admin_api.get(path, **same).status_code == 304
    assert admin_api.get(path, **same, HTTP_IF_MATCH=tag).status_code == 304
    failed(admin_api.get(path, **same, HTTP_IF_MATCH='"a"'), tag)
    failed(admin_api.get(path, HTTP_IF_MATCH=""), tag)
    assert admin_api.get("/api/users", HTTP_IF_NONE_MATCH="*").status_code == 200


@pytest.mark.django_db
def test_write_answers_with_the_new_tag(admin_api):
    user = UserFactory()
    path = f"/api/users/{user.pk}"
    changed = admin_api.patch(path, {"name": "Grace"}, HTTP_IF_MATCH=admin_api.get(path)["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] == admin_api.get(path)["ETag"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_with_one_tag():
    admin, user = UserFactory(role=Role.ADMIN), UserFactory(name="nobody")
    token = pair_of(open_session(user=admin)).access
    path = f"/api/users/{user.pk}"

    def client():
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    tag = client().get(path)["ETag"]
    barrier = threading.Barrier(16)
    statuses: list[int] = []

    def write(number: int) -> None:
        barrier.wait()
        response = client().patch(path, {"name": f"writer {number}"}, HTTP_IF_MATCH=tag)
        statuses.append(response.status_code)
        connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [412] * 15
    assert User.objects.get(pk=user.pk).name.startswith("writer")
    assert JournalEntry.objects.filter(model="users.User", action="change").count() == 1


def test_the_length_of_what_is_not_sent_again_is_not_0(admin_api):
    path = f"/api/users/{admin_api.user.pk}"
    whole = admin_api.get(path)
    response = admin_api.get(path, HTTP_IF_NONE_MATCH=whole["ETag"])
    assert (response.status_code, response.content) == (304, b"")
    assert response["Content-Length"] == whole["Content-Length"] == str(len(whole.content))
    assert "Content-Type" not in response
