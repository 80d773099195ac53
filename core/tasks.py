"""The kernel's periodic tasks."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs import work
from core.models import PREVIEWED_FOR, PreviewedFile, StoredAnswer
from core.ops import heartbeat

logger = logging.getLogger(__name__)


@shared_task(base=work.JobTask, title=_("queues again what waits"))
def sweep(**_: object) -> int:
    """Queue again all work that is pending and due, and return how much."""
    heartbeat.show(heartbeat.WORKER)
    count = work.sweep_all()
    if count:
        logger.info("swept", extra={"rows": count})
    return count


@shared_task(base=work.JobTask, title=_("deletes stored answers that are old"))
def purge(**_: object) -> int:
    """Delete stored answers that are older than clients may rely on; return how many.

    Files that were previewed and never confirmed go, too.
    """
    now = timezone.now()
    limit = now - timedelta(days=settings.IDEMPOTENCY_DAYS)
    count, _details = StoredAnswer.objects.filter(created_at__lt=limit).delete()
    PreviewedFile.objects.filter(created_at__lt=now - PREVIEWED_FOR).delete()
    return count
