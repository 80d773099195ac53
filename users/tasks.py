"""Background work of accounts."""

import logging
from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q
from django.utils import timezone

from core.jobs import work
from users.models import LoginBucket, Session

logger = logging.getLogger(__name__)

SESSIONS_KEPT = timedelta(days=30)  # as long as support may ask why a session is over


@shared_task(base=work.JobTask)
def purge_expired(**_: object) -> dict[str, int]:
    """Delete sessions and windows of attempts that are long over; return how many."""
    now = timezone.now()
    over = Q(expires_at__lt=now - SESSIONS_KEPT) | Q(revoked_at__lt=now - SESSIONS_KEPT)
    sessions, _details = Session.objects.filter(over).delete()
    SessionStore.clear_expired()  # Django's own, of the admin
    buckets, _details = LoginBucket.objects.filter(window_ends_at__lt=now).delete()
    logger.info("purged", extra={"sessions": sessions, "buckets": buckets})
    return {"sessions": sessions, "buckets": buckets}
