"""What the kernel does when something happens in an app."""

from typing import Any

from django.dispatch import receiver

from core import signals
from core.audit import journal
from core.models import SavedView


@receiver(signals.user_removed)
def erase_views(*, user_id: int, **_: Any) -> None:
    """Erase the saved views of somebody who was removed, also those that others saw."""
    views = SavedView.objects.filter(owner_id=user_id)
    keys = list(views.order_by("pk").values_list("pk", flat=True))
    journal.record_each(journal.Action.DELETE, SavedView, keys)
    views.delete()
