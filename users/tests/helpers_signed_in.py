"""Somebody who is signed in to the admin."""

from django.test import Client

from core.roles import Role
from users.tests.factories import UserFactory


def signed_in(role=Role.SUPPORT, **about):
    """Return a client whose ``user`` is signed in; ``about`` is what else is said of the user."""
    client = Client()
    client.user = UserFactory(role=role, **about)
    client.force_login(client.user)
    return client
