"""What the dogs do when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core import signals
from dogs import adoptions


@receiver(signals.user_removed)
def release_dogs(*, user_id: int, **_: Any) -> None:
    """Set a removed user's dogs free."""
    adoptions.release_dogs_of(user_id=user_id)
