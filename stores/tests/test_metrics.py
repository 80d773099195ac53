"""What /metrics says of the phones."""

from datetime import timedelta

import pytest
from django.utils import timezone

from stores import metrics
from stores.models import DirtyDay, SyncSeen
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def said():
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.collect()
        for sample in family.samples
    }


def phones(found, kind):
    return [found["plaza_sync_phones", kind, str(within)] for within in (*metrics.BOUNDS, "+Inf")]


def test_phones_are_counted_by_age_and_only_of_active_sellers(monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(metrics.timezone, "now", lambda: now)
    for pulled, pushed, backlog, active in (
        (300, 301, 3, True),
        (901, None, None, True),
        (10**7, 5000, 4, True),
        (10, 10, 1000, False),
    ):
        SyncSeen.objects.create(
            seller=UserFactory(is_active=active),
            backlog=backlog,
            last_pull_at=now - timedelta(seconds=pulled),
            last_push_at=None if pushed is None else now - timedelta(seconds=pushed),
        )
    DirtyDay.objects.create(day=now.date(), seller=UserFactory(), marked_at=now)
    found = said()
    assert phones(found, "pull") == [1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert phones(found, "push") == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert found["plaza_sync_backlog_visits",] == 7
    assert found["plaza_stores_figures_pending",] == 1


@pytest.mark.parametrize("count", [0, 1, 50])
def test_two_queries_for_any_number_of_phones(count, django_assert_num_queries):
    for _ in range(count):
        SyncSeen.objects.create(seller=UserFactory(), last_pull_at=timezone.now())
    with django_assert_num_queries(2):
        assert phones(said(), "pull") == [count] * 9
