from datetime import timedelta

import pytest
from django.utils import timezone

from users.auth import api_tokens
from users.models import ApiToken
from users.tests.factories import ApiTokenFactory, UserFactory
from users.tests.helpers_requests import assert_refused, me

pytestmark = pytest.mark.django_db


def test_an_api_token_is_stored_as_a_digest_and_works(api):
    user = UserFactory()
    token, plaintext = api_tokens.create_api_token(user=user, name="integration")
    assert plaintext.startswith("plz_")
    assert len(plaintext) == 47
    assert token.hint == plaintext[:8]
    stored = ApiToken.objects.values().get()
    assert plaintext not in str(stored)
    assert me(api, plaintext).json()["id"] == user.pk


def test_an_api_token_costs_one_query_and_notes_its_use_once_a_minute(django_assert_num_queries):
    token = ApiTokenFactory(plaintext="an-api-token")
    with django_assert_num_queries(2):
        api_tokens.find_api_token("an-api-token")
    with django_assert_num_queries(1):
        api_tokens.find_api_token("an-api-token")
    token.refresh_from_db()
    assert token.last_used_at is not None
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    with django_assert_num_queries(2):
        api_tokens.find_api_token("an-api-token")


@pytest.mark.django_db(transaction=True)
def test_an_api_token_works_while_its_use_cannot_be_noted(api, request):
    token = ApiTokenFactory(plaintext="an-api-token")
    request.getfixturevalue("read_only")
    assert me(api, "an-api-token").status_code == 200
    assert ApiToken.objects.get(pk=token.pk).last_used_at is None


def test_revoked_expired_and_unknown_api_tokens_are_401(api):
    now = timezone.now()
    ApiTokenFactory(plaintext="revoked-token", revoked_at=now)
    ApiTokenFactory(
        plaintext="expired-token",
        created_at=now - timedelta(days=2),
        expires_at=now - timedelta(seconds=1),
    )
    ApiTokenFactory(plaintext="nobodys-token", user=UserFactory(is_active=False))
    for token in ("revoked-token", "expired-token", "nobodys-token", "unknown-token"):
        assert_refused(me(api, token))


def test_api_tokens_survive_a_replaced_secret_key(api, settings):
    ApiTokenFactory(plaintext="an-api-token")
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "new" * 20
    assert_refused(me(api, "an-api-token"))
    settings.SECRET_KEY_FALLBACKS = [old]
    assert me(api, "an-api-token").status_code == 200


def test_a_chosen_token_must_have_eight_characters():
    with pytest.raises(ValueError, match="too short"):
        api_tokens.import_api_token(user=UserFactory(), name="x", plaintext="1234567")
    assert not ApiToken.objects.exists()
