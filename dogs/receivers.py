"""What the dogs do when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core import signals
from dogs import adoptions, retention


@receiver(signals.user_removed)
def release_dogs(*, user_id: int, **_: Any) -> None:
    """Set a removed user's dogs free."""
    adoptions.release_dogs_of(user_id=user_id)


@receiver(signals.user_removed)
def erase_files(*, user_id: int, **_: Any) -> None:
    """Erase the files that a removed user sent."""
    retention.erase_files_of(user_id=user_id)
