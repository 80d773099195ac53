"""What the movies app does when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core import signals
from movies import services


@receiver(signals.user_removed)
def forget_user(*, user_id: int, **_: Any) -> None:
    """Delete what a removed user leaves: favourites and ratings."""
    services.forget_user(user_id=user_id)
