"""Allies and credentials for tests."""

import factory

from allies import services
from allies.models import Ally
from core.models import JournalEntry


class AllyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Ally

    name = factory.Sequence("Ally {}".format)
    tags = factory.LazyFunction(lambda: ["finanzas"])


def with_credentials(ally=None, *, times=1, **secrets):
    """Return an ally whose credentials were added `times` times."""
    ally = ally or AllyFactory()
    secrets = {"user": "user-1", "password": "password-1", **secrets}
    for _ in range(times):
        services.add_credentials(ally_id=ally.pk, **secrets)
    return ally


def history():
    """Return the journal's entries about allies and their credentials, oldest first."""
    return JournalEntry.objects.filter(model__startswith="allies.").order_by("id")
