"""The relay as it is: far away, and slow with large files."""

import pytest
from django.conf import settings as platform
from django.utils import timezone

import sandbox
from config.celery import app
from dogs import services
from dogs.models import RelayedFile
from dogs.tests.factories import RelayedFileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay(settings):
    with sandbox.running() as server:
        settings.RELAY_API_URL = f"{server.url}/relay/api"
        yield server


def test_a_relay_that_takes_its_time_gets_the_file_once(relay):
    relay.faults.set("relay", delay=2.5)
    file = RelayedFileFactory()
    services.relay_file(pk=file.pk)
    file.refresh_from_db()
    assert (file.status, file.attempts) == ("sent", 1)
    assert relay.calls("relay") == 1


def test_the_largest_file_has_time_to_go_and_nobody_takes_it_meanwhile():
    at_ten_megabits = platform.MAX_UPLOAD_BYTES * 8 / 10_000_000
    assert at_ten_megabits < services.RELAY_SECONDS < services.relays.lease.total_seconds()
    assert app.conf.task_soft_time_limit > services.RELAY_SECONDS
    file = RelayedFileFactory()
    assert services.relays.claim(file.pk) == file
    free_again = RelayedFile.objects.get().due_at - timezone.now()
    assert free_again.total_seconds() > services.RELAY_SECONDS
