"""Background work of accounts."""

import logging
from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs import work
from users import resets
from users.models import LinkMail, LoginBucket, OneTimeLink, Session

logger = logging.getLogger(__name__)

LINK_MAILS_KEPT = timedelta(days=1)  # those that could not be sent
SESSIONS_KEPT = timedelta(days=30)  # as long as support may ask why a session is over


@shared_task(base=work.JobTask, title=_("sends a one-time link"))
def mail_link(*, pk: int, **_: object) -> None:
    """Send one mail with a one-time link."""
    resets.send_mail(pk=pk)


@shared_task(base=work.JobTask, title=_("deletes sessions and links that are long over"))
def purge_expired(**_: object) -> dict[str, int]:
    """Delete sessions, links and windows of attempts that are long over; return how many."""
    now = timezone.now()
    over = Q(expires_at__lt=now - SESSIONS_KEPT) | Q(revoked_at__lt=now - SESSIONS_KEPT)
    sessions, _details = Session.objects.filter(over).delete()
    SessionStore.clear_expired()  # Django's own, of the admin
    buckets, _details = LoginBucket.objects.filter(window_ends_at__lt=now).delete()
    links, _details = OneTimeLink.objects.filter(expires_at__lt=now - SESSIONS_KEPT).delete()
    mails, _details = LinkMail.objects.filter(created_at__lt=now - LINK_MAILS_KEPT).delete()
    counts = {"sessions": sessions, "buckets": buckets, "links": links, "mails": mails}
    logger.info("purged", extra=counts)
    return counts
