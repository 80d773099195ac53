"""Users, sessions and tokens for tests."""

from datetime import timedelta

import factory
from django.utils import timezone

from core.roles import Role
from users.auth import api_tokens
from users.models import ApiToken, Session, User

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    name = factory.Sequence("Ada {}".format)
    last_name = "Lovelace"
    email = factory.Sequence("user{}@example.com".format)
    role = Role.USER
    password = factory.django.Password(PASSWORD)


class SessionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Session

    user = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(timezone.now)
    rotated_at = factory.SelfAttribute("created_at")
    expires_at = factory.LazyAttribute(lambda made: made.created_at + timedelta(days=30))


class ApiTokenFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ApiToken

    class Params:
        plaintext = factory.Sequence("plz_token-number-{}".format)

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence("token {}".format)
    digest = factory.LazyAttribute(lambda made: api_tokens.digest_of(made.plaintext))
