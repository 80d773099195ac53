"""What happens to cases when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from cases.services import erasure
from core import signals


@receiver(signals.user_removed)
def forget_user(*, user_id: int, **_: Any) -> None:
    """Erase what a removed user reported and wrote, and let others have their cases."""
    erasure.forget(user_id=user_id)
