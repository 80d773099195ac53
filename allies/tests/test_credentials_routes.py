"""The brief's table of the credentials routes, row by row, and everything that is none of it."""

import pytest

from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from core.models import StoredAnswer
from core.roles import Role

pytestmark = pytest.mark.django_db

ID = "1f585fc9-4926-468c-a728-eb34d80e9ea1"
ADDED = {"message": "Credentials added", "allyId": ID, "allyName": "New-Owl"}
REFUSED = {"message": "The ally was not found or the request is not correct"}
SET = {"message": "Ally has credentials set!"}
NOT_SET = {"message": "Ally does not have credentials set!"}
NOT_FOUND = {"message": "Ally was not found"}
GOOD = {"user": "aliado_addi", "password": "}sxh7_5}BdJ4K:Qf"}


@pytest.fixture(params=["/allies/{}/credentials", "/api/allies/{}/credentials/"])
def path(request):
    return request.param


@pytest.fixture
def support(client_for):
    return client_for(Role.SUPPORT)


@pytest.fixture
def ally():
    return AllyFactory(id=ID, name="New-Owl", allowed_origins=["https://owl.example.com"])


@pytest.mark.parametrize("name", ["user", "username"])
def test_post_adds(support, ally, path, name):
    response = support.post(path.format(ID), {name: "addi", "password": "123456"})
    assert (response.status_code, response.json()) == (200, ADDED)
    assert response["Content-Type"] == "application/json"
    made = AllyCredential.objects.get()
    assert (made.ally_id, made.version, made.is_current) == (ID, 1, True)
    assert made.created_by == support.user
    assert made.request_id == response["X-Request-ID"]
    assert [
        (entry.action, entry.model, entry.actor_id, entry.request_id) for entry in history()
    ] == [
        ("create", "allies.AllyCredential", support.user.pk, made.request_id),
        ("change", "allies.Ally", support.user.pk, made.request_id),
    ]


def test_the_documented_request_of_the_brief(support, ally):
    response = support.post(
        f"/allies/{ID}/credentials",
        data=b'{"user": "aliado_addi", "password": "}sxh7_5}BdJ4K:Qf"}',
        content_type="application/json",
    )
    assert (response.status_code, response.json()) == (200, ADDED)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'[{"user": "a", "password": "b"}]', "application/json"),
        (b'"a"', "application/json"),
        (b"{}", "application/json"),
        (b'{"user": "a"}', "application/json"),
        (b'{"password": "b"}', "application/json"),
        (b'{"user": "", "password": "b"}', "application/json"),
        (b'{"user": "a", "password": ""}', "application/json"),
        (b'{"user": "a", "password": 123456}', "application/json"),
        (b'{"user": 1, "password": "b"}', "application/json"),
        (b'{"user": null, "password": "b"}', "application/json"),
        (b'{"user": ["a"], "password": "b"}', "application/json"),
        (b'{"user": "a", "password": true}', "application/json"),
        (b'{"user": "a", "password": {"$ne": ""}}', "application/json"),
        (b'{"user": "a", "username": "b", "password": "c"}', "application/json"),
        (b'{"user": "a", "user": "b", "password": "c"}', "application/json"),
        (b'{"user": "a\\u0000", "password": "b"}', "application/json"),
        (b'{"user": "a", "password": "b\\u0000"}', "application/json"),
        (b'{"user": "a", "password": "\\ud800"}', "application/json"),
        (b'{"user": "a\\u202e", "password": "b"}', "application/json"),
        (b'{"user": "a", "password": "\xff"}', "application/json"),
        (b'{"user": "' + b"a" * 201 + b'", "password": "b"}', "application/json"),
        (b'{"user": "a", "password": "' + b"b" * 100_000 + b'"}', "application/json"),
        (b"{" + b'"a":{' * 5000 + b"}" * 5001, "application/json"),
        (b'{"user": "a", "password": "b"}', "text/plain"),
        (b'{"user": "a", "password": "b"}', "application/xml"),
        (b'{"user": "a", "password": "b"}', "application/json; charset=utf-16"),
        (b"user=a&password=b", "application/x-www-form-urlencoded"),
        (b'{"user": "a", "password": "b"}', ""),
    ],
)
def test_post_of_a_wrong_body(support, ally, path, body, content_type):
    response = support.post(path.format(ID), data=body, content_type=content_type)
    assert (response.status_code, response.json()) == (400, REFUSED)
    assert AllyCredential.objects.count() == 0
    assert history().count() == 0


WRONG_IDS = [
    "unknown",
    "0d4f7a40-651d-44fb-8744-04d9b31ef845",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "a/b",
    "a%00b",
    "a%0Ab",
    "%ff",
    "x" * 65,
    "x" * 2000,
    "' OR 1=1 --",
    "{{7*7}}",
    "",
    "tags",
    ID.upper(),
]


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_post_to_an_unknown_ally(support, ally, path, wrong):
    response = support.post(path.format(wrong), GOOD)
    assert (response.status_code, response.json()) == (400, REFUSED)
    assert AllyCredential.objects.count() == 0


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_get_of_an_unknown_ally(support, ally, path, wrong):
    response = support.get(path.format(wrong))
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_post_with_a_query_string(support, ally, path):
    response = support.post(path.format(ID) + "?user=a", GOOD)
    assert (response.status_code, response.json()) == (400, REFUSED)
    assert AllyCredential.objects.count() == 0


def test_get_without_credentials(support, ally, path):
    response = support.get(path.format(ID))
    assert (response.status_code, response.json()) == (400, NOT_SET)


def test_get_with_credentials(support, ally, path):
    with_credentials(ally)
    response = support.get(path.format(ID))
    assert (response.status_code, response.json()) == (200, SET)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://owl.example.com", 200),
        ("https://OWL.example.com", 200),
        ("http://owl.example.com", 400),
        ("https://owl.example.com:8443", 400),
        ("https://evil.example.com", 400),
        ("https://owl.example.com.evil.example", 400),
        ("null", 400),
        ("*", 400),
        ("", 400),
    ],
)
def test_get_from_an_origin(support, ally, path, origin, status):
    with_credentials(ally)
    response = support.get(path.format(ID), HTTP_ORIGIN=origin)
    assert (response.status_code, response.json()) == (status, SET if status == 200 else NOT_SET)


def test_get_from_an_allowed_origin_without_credentials(support, ally, path):
    response = support.get(path.format(ID), HTTP_ORIGIN="https://owl.example.com")
    assert (response.status_code, response.json()) == (400, NOT_SET)


def test_get_of_an_inactive_ally(support, ally, path):
    with_credentials(ally)
    Ally.objects.update(is_active=False)
    response = support.get(path.format(ID))
    assert (response.status_code, response.json()) == (400, NOT_SET)


def test_get_after_revocation(support, ally, path):
    from allies import services

    with_credentials(ally)
    services.revoke_credentials(credential=AllyCredential.objects.get(), reason="leaked")
    response = support.get(path.format(ID))
    assert (response.status_code, response.json()) == (400, NOT_SET)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_defect_of_ours_is_the_briefs_500(support, ally, path, method, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr("allies.selectors.has_credentials", broken)
    monkeypatch.setattr("allies.credentials.crypto.seal_credentials", broken)
    response = getattr(support, method)(
        path.format(ID), **({"data": GOOD} if method == "post" else {})
    )
    assert (response.status_code, response.json()) == (500, {"message": "Server error"})
    assert AllyCredential.objects.count() == 0
    assert history().count() == 0


def test_a_500_is_not_kept_for_its_key(support, ally, path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("allies.credentials.crypto.seal_credentials", lambda **_: 1 / 0)
        first = support.post(path.format(ID), GOOD, HTTP_IDEMPOTENCY_KEY="key-1")
    assert first.status_code == 500
    assert StoredAnswer.objects.count() == 0
    second = support.post(path.format(ID), GOOD, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (second.status_code, second.json()) == (200, ADDED)


def test_a_repeated_key_adds_once(support, ally, path):
    answers = [support.post(path.format(ID), GOOD, HTTP_IDEMPOTENCY_KEY="key-1") for _ in range(3)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, ADDED)] * 3
    assert [one.get("Idempotency-Replayed") for one in answers] == [None, "true", "true"]
    assert AllyCredential.objects.count() == 1
    other = support.post(
        path.format(ID), {**GOOD, "password": "other"}, HTTP_IDEMPOTENCY_KEY="key-1"
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_kept_for_its_key(support, ally, path):
    first = support.post(path.format(ID), {"user": "a"}, HTTP_IDEMPOTENCY_KEY="key-1")
    again = support.post(path.format(ID), {"user": "a"}, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (400, REFUSED)
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods(support, ally, path, method):
    with_credentials(ally)
    response = getattr(support, method)(path.format(ID), GOOD)
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert AllyCredential.objects.count() == 1


def test_head(support, ally, path):
    with_credentials(ally)
    response = support.head(path.format(ID))
    assert (response.status_code, response.content) == (200, b"")


def test_new_credentials_make_a_version_and_the_former_stays_valid(support, ally, path):
    for number in (1, 2, 3):
        body = {"user": f"user-{number}", "password": f"password-{number}"}
        assert support.post(path.format(ID), body).status_code == 200
    rows = AllyCredential.objects.order_by("version")
    assert [(row.version, row.is_current, row.revoked_at) for row in rows] == [
        (1, False, None),
        (2, False, None),
        (3, True, None),
    ]
    assert len({row.request_id for row in rows}) == 3


def test_queries_of_a_post(support, ally, path, django_assert_num_queries):
    with_credentials(ally, times=5)
    # token, begin, ally lock, key, last version, former one, insert, two journal entries, commit
    with django_assert_num_queries(10):
        support.post(path.format(ID), GOOD)
