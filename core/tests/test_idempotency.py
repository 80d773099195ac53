"""``Idempotency-Key``: one effect, the same answer, no locked key."""

import errno
import hashlib
import itertools
import threading
import time

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.test import APIClient

from core.audit import journal
from core.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    ServiceUnavailable,
    TooManyRequests,
)
from core.models import JournalEntry, StoredAnswer
from core.roles import Role
from core.tests.helpers_threads import together
from users.auth.sessions import open_session
from users.auth.tokens import pair_of
from users.models import Session, User
from users.tests.factories import PASSWORD, UserFactory
from users.views.accounts import UserViewSet

pytestmark = pytest.mark.django_db

BODY = {"name": "Ada", "email": "ada@example.com", "password": "long enough 123"}


def post(client, key="key-00000001", body=BODY, path="/api/users", **headers):
    return client.post(path, body, HTTP_IDEMPOTENCY_KEY=key, **headers)


def test_repeat_gets_the_first_answer(admin_api):
    first, second = post(admin_api), post(admin_api)
    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    assert second["Location"] == first["Location"]
    assert second["ETag"] == first["ETag"]
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert User.objects.filter(email="ada@example.com").count() == 1
    assert StoredAnswer.objects.get().replays == 1
    created = JournalEntry.objects.filter(model="users.User", action="create")
    assert created.count() == 1


def test_same_key_with_another_body_is_422(admin_api):
    post(admin_api)
    response = post(admin_api, body={**BODY, "email": "b@example.com"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert not User.objects.filter(email="b@example.com").exists()


def test_same_key_on_another_path_is_422(admin_api):
    assert post(admin_api).status_code == 201
    response = post(admin_api, path="/api/users/")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_of_nobody_is_no_way_to_guess_a_password(api):
    user = UserFactory()
    body = {"email": user.email, "password": PASSWORD}
    first = post(api, body=body, path="/api/auth/token")
    guesses = [
        post(api, body={**body, "password": f"guess {number}"}, path="/api/auth/token").status_code
        for number in range(6)
    ]
    assert guesses == [401] * 5 + [429]
    assert post(api, body=body, path="/api/auth/token").content == first.content
    assert Session.objects.count() == 1


def test_two_who_sign_out_with_the_same_key_are_both_out(client_for):
    for caller in (client_for(Role.USER), client_for(Role.USER)):
        assert post(caller, body={}, path="/api/auth/logout").status_code == 204
        assert caller.get("/api/users/me").status_code == 401
    assert Session.objects.filter(revoked_at=None).count() == 0


def test_spelling_of_the_body_does_not_matter(admin_api):
    first = post(admin_api)
    reordered = dict(reversed(BODY.items()))
    assert post(admin_api, body=reordered).content == first.content


def test_key_of_another_caller_is_another_key(admin_api, client_for):
    other = client_for(Role.ADMIN)
    assert post(admin_api).status_code == 201
    assert post(other, body={**BODY, "email": "b@example.com"}).status_code == 201


def test_refusal_is_repeated_without_its_effect(admin_api):
    UserFactory(email="ada@example.com")
    first = post(admin_api)
    User.objects.filter(email="ada@example.com").delete()
    second = post(admin_api)
    assert (first.status_code, second.status_code) == (409, 409)
    assert second["Idempotency-Replayed"] == "true"
    assert second.json()["request_id"] == first.json()["request_id"]
    assert not User.objects.filter(email="ada@example.com").exists()


class ComeBack(Conflict):
    """A refusal that passes."""

    retry_after = 3


@pytest.mark.usefixtures("unpromised")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ComeBack(), 409),
        (Conflict(headers={"Retry-After": "9"}), 409),
        (NotFound(), 404),
        (PreconditionFailed(), 412),
        (PermissionDenied(), 403),
        (NotAuthenticated(), 401),
        (TooManyRequests(retry_after=3), 429),
        (ServiceUnavailable(), 503),
        (OperationalError("gone"), 503),
        (OSError(errno.ENOSPC, "full"), 503),
    ],
)
def test_a_refusal_that_may_end_otherwise_is_run_anew(admin_api, monkeypatch, error, status):
    def refused(self, serializer):
        serializer.save(password="x")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("users.views.accounts.UserViewSet.perform_create", refused)
        response = post(admin_api)
    assert response.status_code == status
    assert ("Retry-After" in response) == (status not in {401, 403, 404, 412})
    assert StoredAnswer.objects.count() == 0
    assert not User.objects.filter(email="ada@example.com").exists()
    again = post(admin_api)
    assert (again.status_code, "Idempotency-Replayed" in again) == (201, False)


@pytest.mark.usefixtures("unpromised")
def test_a_success_is_kept_even_if_it_says_when_to_come_back(admin_api, monkeypatch):
    headers = {"Retry-After": "5"}
    monkeypatch.setattr(UserViewSet, "get_success_headers", lambda *_args: headers)
    assert post(admin_api).content == post(admin_api).content
    assert User.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.usefixtures("unpromised")
def test_what_a_refusal_records_outlives_its_key(admin_api, monkeypatch):
    def note(self, error):
        journal.record(journal.Action.REFUSED, self.request.user, reason=str(error))

    def refused(self, serializer):
        raise ComeBack

    monkeypatch.setattr("users.views.accounts.UserViewSet.on_error", note)
    monkeypatch.setattr("users.views.accounts.UserViewSet.perform_create", refused)
    assert post(admin_api)["Retry-After"] == "3"
    assert JournalEntry.objects.filter(action="refused").count() == 1
    assert StoredAnswer.objects.count() == 0


@pytest.mark.usefixtures("unpromised")
def test_a_streamed_answer_is_sent_and_kept_whole(admin_api, monkeypatch):
    def create(self, request, *_args, **_kwargs):
        UserFactory(email="ada@example.com")
        parts = (part for part in ("[1,", "2]"))
        return StreamingHttpResponse(parts, status=201, content_type="application/json")

    monkeypatch.setattr("users.views.accounts.UserViewSet.create", create)
    first, second = post(admin_api), post(admin_api)
    assert first.getvalue() == second.content == b"[1,2]"
    assert second["Idempotency-Replayed"] == "true"
    assert User.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.usefixtures("unpromised")
def test_a_failure_that_is_answered_and_not_raised_has_no_effect(admin_api, monkeypatch):
    def create(self, request, *_args, **_kwargs):
        UserFactory(email="ada@example.com")
        return HttpResponse(status=503, content_type="application/problem+json")

    with monkeypatch.context() as patch:
        patch.setattr("users.views.accounts.UserViewSet.create", create)
        assert post(admin_api).status_code == 503
    assert not User.objects.filter(email="ada@example.com").exists()
    assert post(admin_api).status_code == 201


def test_refused_caller_keeps_nothing(user_api, api):
    assert post(user_api).status_code == 403
    assert post(api).status_code == 401
    assert StoredAnswer.objects.count() == 0


def test_server_error_keeps_nothing(admin_api, monkeypatch):
    admin_api.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("core.audit.journal.record", lambda *_args, **_kwargs: 1 / 0)
        assert post(admin_api).status_code == 500
    assert StoredAnswer.objects.count() == 0
    assert not User.objects.filter(email="ada@example.com").exists()
    assert post(admin_api).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ñ"])
def test_malformed_key(admin_api, key):
    response = post(admin_api, key=key)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_malformed")
    assert not User.objects.filter(email="ada@example.com").exists()


def test_malformed_body_keeps_nothing(admin_api):
    response = admin_api.post(
        "/api/users", "{", content_type="application/json", HTTP_IDEMPOTENCY_KEY="key-00000001"
    )
    assert response.status_code == 400
    assert StoredAnswer.objects.count() == 0


def test_login_can_be_repeated_and_its_answer_is_sealed(api):
    user = UserFactory()
    body = {"email": user.email, "password": PASSWORD}
    first = post(api, body=body, path="/api/auth/token")
    second = post(api, body=body, path="/api/auth/token")
    assert first.status_code == 200
    assert second.content == first.content
    assert Session.objects.count() == 1
    stored = StoredAnswer.objects.get()
    assert first.json()["refresh"].encode() not in bytes(stored.body)
    assert b"refresh" not in bytes(stored.body)
    assert "key-00000001" not in stored.key


def test_failed_login_is_never_kept(api):
    user = UserFactory()
    body = {"email": user.email, "password": "wrong"}
    for _ in range(2):
        response = post(api, body=body, path="/api/auth/token")
        assert response.status_code == 401
        assert "Idempotency-Replayed" not in response
    assert StoredAnswer.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(5))
def test_sixteen_at_once_have_one_effect(round_number):
    admin = UserFactory(role=Role.ADMIN)
    token = pair_of(open_session(user=admin)).access
    barrier = threading.Barrier(16)
    answers: list[tuple[int, bytes]] = []

    def send() -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        barrier.wait()
        response = post(client, key=f"round-{round_number}-000")
        answers.append((response.status_code, response.content))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert set(answers) == {answers[0]}
    assert answers[0][0] == 201
    assert User.objects.filter(email="ada@example.com").count() == 1
    assert StoredAnswer.objects.get().replays == 15


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_first_request_that_does_not_end_is_a_409(admin_api):
    """The second request waits for the first one's row as long as lock_timeout allows."""
    digest = hashlib.sha256(f"user:{admin_api.user.pk}|key-00000001".encode()).hexdigest()
    started, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            StoredAnswer.objects.create(key=digest, fingerprint="")
            started.set()
            done.wait(30)
            transaction.set_rollback(True)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert started.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    response = post(admin_api)
    done.set()
    holder.join()
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")
    assert response["Retry-After"] == "2"
    assert not User.objects.filter(email="ada@example.com").exists()


def test_an_answer_that_is_purged_meanwhile_is_a_409(admin_api, monkeypatch):
    def taken(**_fields):
        raise IntegrityError

    monkeypatch.setattr(StoredAnswer.objects, "create", taken)
    response = post(admin_api)
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert response.json()["code"] == "idempotency_key_in_use"
    assert User.objects.filter(email=BODY["email"]).count() == 0


@pytest.mark.usefixtures("unpromised")
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_waited_for_a_refusal_that_passes_runs_anew(monkeypatch):
    """Eight at once: the first is told to come back, one of the others has the effect."""
    admin = UserFactory(role=Role.ADMIN)
    token = pair_of(open_session(user=admin)).access
    create, runs = UserViewSet.perform_create, itertools.count()

    def busy_at_first(self, serializer):
        if next(runs) == 0:
            time.sleep(0.3)  # the others wait for its key by now
            raise ComeBack
        create(self, serializer)

    def send(_number):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        response = post(client)
        return response.status_code, "Idempotency-Replayed" in response

    monkeypatch.setattr(UserViewSet, "perform_create", busy_at_first)
    answers = together(8, send)
    assert sorted(answers) == [(201, False)] + [(201, True)] * 6 + [(409, False)]
    assert next(runs) == 2
    assert User.objects.filter(email="ada@example.com").count() == 1
    assert StoredAnswer.objects.get().replays == 6
