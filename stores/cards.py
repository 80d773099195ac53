"""What the admin's home page shows of stores."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.cards import Attention
from stores.models import RejectedUpload, SyncSeen

SILENT = timedelta(days=1)

ATTENTION = [
    Attention(
        "stores.rejected",
        _("Uploads of which no visit could be made"),
        lambda: RejectedUpload.objects.filter(processed_at__isnull=True),
        "received_at",
    ),
    Attention(
        "stores.backlogs",
        _("Phones that hold visits back for a day"),
        lambda: SyncSeen.objects.filter(backlog__gt=0, last_push_at__lt=timezone.now() - SILENT),
        "last_push_at",
        urgent=2 * SILENT,
    ),
]
