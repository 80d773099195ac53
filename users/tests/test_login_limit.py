import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from core.models import JournalEntry
from core.tests.helpers_threads import together
from users import services
from users.auth import devices, limits, passwords
from users.constants import DEVICE_COOKIE
from users.errors import LoginLocked, WrongCurrentPassword
from users.hashers import PlazaArgon2PasswordHasher
from users.models import LoginBucket, Session
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


class CountingHasher(MD5PasswordHasher):
    """Counts how many passwords are really checked, from any thread."""

    algorithm = "counting"
    verified = 0
    lock = threading.Lock()

    def verify(self, password, encoded):
        with self.lock:
            type(self).verified += 1
        return super().verify(password, encoded)


@pytest.fixture
def checked(settings):
    settings.PASSWORD_HASHERS = ["users.tests.test_login_limit.CountingHasher"]
    CountingHasher.verified = 0
    passwords.dummy_hash("counting")
    return lambda: CountingHasher.verified


def sign_in(api, email, password=PASSWORD, **extra):
    return api.post("/api/auth/token", {"email": email, "password": password}, **extra)


def fail(api, email, times=5, **extra):
    answers = [sign_in(api, email, "wrong", **extra) for _time in range(times)]
    assert {answer.status_code for answer in answers} == {401}


def test_signing_in_answers_both_tokens_and_opens_a_session(api):
    user = UserFactory(email="ana@example.com")
    response = sign_in(api, "  ANA@Example.COM ", HTTP_USER_AGENT="phone/" + "x" * 300)
    assert response.status_code == 200
    assert list(response.json()) == ["access", "refresh", "device"]
    assert response.json()["device"] == response.cookies[DEVICE_COOKIE].value
    assert response["Cache-Control"] == "no-store"
    session = Session.objects.get()
    assert (session.user_id, session.generation) == (user.pk, 0)
    assert len(session.user_agent) == 200
    assert session.request_id == response["X-Request-ID"]
    user.refresh_from_db()
    assert user.last_login is not None
    entry = JournalEntry.objects.get(model="users.Session")
    assert (entry.actor_id, entry.action, entry.object_id) == (user.pk, "create", str(session.pk))


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(api, checked):
    user = UserFactory()
    UserFactory(email="gone@example.com", is_active=False)
    without = UserFactory(password=None)
    without.set_unusable_password()
    without.save()
    bodies = []
    for email in (user.email, "nobody@example.com", "gone@example.com", without.email, "zz"):
        before = checked()
        response = sign_in(api, email, "wrong")
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="plaza"'
        assert checked() - before == 1, "each costs one check"
        bodies.append({**response.json(), "request_id": ""})
    assert bodies == [bodies[0]] * 5
    assert bodies[0]["code"] == "invalid_credentials"
    assert not Session.objects.exists()


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_the_sixth_attempt_is_not_checked(api, checked, email):
    UserFactory(email="ana@example.com")
    fail(api, email)
    assert checked() == 5
    response = sign_in(api, email.upper(), PASSWORD)
    assert (response.status_code, response.json()["code"]) == (429, "login_locked")
    assert 890 <= int(response["Retry-After"]) <= 901
    assert checked() == 5
    assert not Session.objects.exists()


def test_another_account_is_not_locked(api):
    UserFactory(email="ana@example.com")
    fail(api, "bob@example.com")
    assert sign_in(api, "bob@example.com").status_code == 429
    assert sign_in(api, "ana@example.com").status_code == 200


def test_the_window_ends(api):
    UserFactory(email="ana@example.com")
    fail(api, "ana@example.com")
    LoginBucket.objects.update(window_ends_at=timezone.now() - timedelta(seconds=1))
    fail(api, "ana@example.com", times=4)
    assert LoginBucket.objects.get().attempts == 4
    assert sign_in(api, "ana@example.com").status_code == 200


def test_the_right_password_empties_the_bucket(api):
    UserFactory(email="ana@example.com")
    fail(api, "ana@example.com", times=4)
    assert sign_in(api, "ana@example.com").status_code == 200
    assert not LoginBucket.objects.exists()
    fail(APIClient(), "ana@example.com", times=5)


def test_strangers_cannot_lock_out_a_known_device(api):
    user = UserFactory()
    phone = APIClient()
    cookie = sign_in(phone, user.email).cookies[DEVICE_COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    fail(api, user.email)
    assert sign_in(api, user.email).status_code == 429
    assert sign_in(phone, user.email).status_code == 200
    assert sign_in(api, user.email, HTTP_X_DEVICE=cookie.value).status_code == 200
    assert sign_in(APIClient(), user.email).status_code == 429, "strangers stay locked out"


def test_a_front_end_on_another_origin_sends_the_device_back_as_a_header(api, settings):
    user = UserFactory()
    device = sign_in(api, user.email).json()["device"]
    front_end = APIClient()
    fail(APIClient(), user.email)
    assert sign_in(front_end, user.email).status_code == 429
    again = sign_in(front_end, user.email, HTTP_X_DEVICE=device)
    assert (again.status_code, again.json()["device"]) == (200, device)
    stranger = sign_in(APIClient(), "nobody@example.com", HTTP_X_DEVICE=device)
    assert stranger.status_code == 401
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE]
    preflight = APIClient().options(
        "/api/auth/token",
        HTTP_ORIGIN="https://front.example",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="content-type,x-device",
    )
    assert preflight.status_code == 200
    assert "x-device" in preflight["Access-Control-Allow-Headers"].split(", ")


def test_a_sign_in_with_a_forged_device_brings_a_good_one(api):
    user = UserFactory()
    for given in ("garbage", devices.new_device(UserFactory()), "x" * 5000):
        answer = sign_in(APIClient(), user.email, HTTP_X_DEVICE=given)
        assert answer.status_code == 200
        assert answer.json()["device"] != given
        assert devices.known_device(answer.json()["device"], user)


def test_a_known_device_has_five_attempts_too(api):
    user = UserFactory()
    device = devices.new_device(user)
    fail(api, user.email, HTTP_X_DEVICE=device)
    assert sign_in(api, user.email, HTTP_X_DEVICE=device).status_code == 429
    assert sign_in(APIClient(), user.email).status_code == 200
    assert LoginBucket.objects.get().known_device is True


@pytest.mark.parametrize("kind", ["another user's", "tampered", "garbage", "too long", "unicode"])
def test_a_device_that_is_not_known_counts_as_a_stranger(api, kind):
    user = UserFactory()
    value = {
        "another user's": devices.new_device(UserFactory()),
        "tampered": devices.new_device(user)[:-2] + "zz",
        "garbage": "garbage",
        "too long": "a:" * 1000,
        "unicode": "\u00e9:\u00e9:\u00e9",
    }[kind]
    fail(api, user.email)
    assert sign_in(api, user.email, HTTP_X_DEVICE=value).status_code == 429


def test_each_known_sign_in_keeps_its_device(api):
    user = UserFactory()
    first = sign_in(api, user.email).cookies[DEVICE_COOKIE].value
    assert sign_in(api, user.email).cookies[DEVICE_COOKIE].value == first


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "a@b.co"}, "password"),
        ({"email": None, "password": "x"}, "email"),
        ({"email": 7, "password": "x"}, "email"),
        ({"email": ["a@b.co"], "password": "x"}, "email"),
        ({"email": "a" * 255, "password": "x"}, "email"),
        ({"email": "a@b.co", "password": ""}, "password"),
        ({"email": "a@b.co", "password": {}}, "password"),
        ({"email": "a@b.co", "password": "x" * 1001}, "password"),
    ],
)
def test_a_malformed_sign_in_is_400_and_no_attempt(api, body, field):
    response = api.post("/api/auth/token", body)
    assert response.status_code == 400
    assert field in [error["field"] for error in response.json()["errors"]]
    assert not LoginBucket.objects.exists()


def test_the_buckets_name_nobody(api):
    fail(api, "ana@example.com", times=1)
    row = str(LoginBucket.objects.values().get())
    assert "ana" not in row
    assert limits.account_key("ana@example.com") in row


def test_a_password_changed_while_it_was_checked_opens_no_session(api, monkeypatch):
    user = UserFactory()
    check = passwords.check_credentials

    def slow_check(**given):
        found = check(**given)
        services.update_user(user=type(user).objects.get(), password="another good phrase")
        return found

    monkeypatch.setattr("users.auth.sessions.check_credentials", slow_check)
    assert sign_in(api, user.email).status_code == 401
    assert not Session.objects.exists()


def test_confirming_the_own_password_is_limited_too(checked):
    user = UserFactory()
    for _time in range(5):
        with pytest.raises(WrongCurrentPassword):
            services.confirm_password(user=user, password="wrong")
    with pytest.raises(LoginLocked):
        services.confirm_password(user=user, password=PASSWORD)
    assert checked() == 5
    assert passwords.check_credentials(email=user.email, password=PASSWORD) == user


def test_unlocking_lets_an_account_try_again_and_says_why(api):
    UserFactory(email="ana@example.com")
    fail(api, "ana@example.com")
    services.unlock(bucket=LoginBucket.objects.get(), reason="called in")
    assert sign_in(api, "ana@example.com").status_code == 200
    assert JournalEntry.objects.get(model="users.LoginBucket").reason == "called in"


def test_the_hasher_has_the_parameters_of_asvs():
    encoded = PlazaArgon2PasswordHasher().encode("password", "saltsaltsalt")
    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_two_hundred_parallel_guesses_check_five_passwords(checked, email):
    UserFactory(email="ana@example.com")

    def guess(number):
        try:
            return passwords.check_credentials(email=email, password=f"wrong {number}")
        except LoginLocked:
            return "locked"
        finally:
            connection.close()

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(guess, range(200)))
    assert (answers.count(None), answers.count("locked")) == (5, 195)
    assert checked() == 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_those_who_come_first_at_once_as_many_are_let_in_as_one_after_the_other():
    """Whoever finds the bucket that another one just made waits for its count, not for its end."""
    for number in range(10):
        bucket = limits.Bucket(f"user{number}@example.com")
        assert together(5, lambda _number, bucket=bucket: limits.reserve(bucket)) == [None] * 5
        assert LoginBucket.objects.get(key=bucket.key).attempts == 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_through_the_api_check_five_passwords(checked):
    UserFactory(email="ana@example.com")

    def guess(number):
        try:
            return sign_in(APIClient(), "ana@example.com", f"wrong {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(50)))
    assert (answers.count(401), answers.count(429)) == (5, 45)
    assert checked() == 5


@pytest.mark.django_db(transaction=True)
def test_an_attempt_is_never_counted_where_it_could_be_rolled_back():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        passwords.check_credentials(email="nobody@example.com", password="x")


@pytest.mark.parametrize("password", ["wrong", "x" * 5000])
def test_an_address_is_not_known_by_how_much_is_computed(checked, password):
    user = UserFactory()
    costs = []
    for email in (user.email, "nobody@example.com"):
        before = checked()
        assert passwords.check_credentials(email=email, password=password) is None
        costs.append(checked() - before)
    assert costs == [1, 1]
