"""What follows from a change to an account, whoever made it."""

from typing import Any

from django.dispatch import receiver

from users import services, signals
from users.models import User


@receiver(signals.password_changed)
def revoke_tokens(*, user: User, **_: Any) -> None:
    """Journal the new password and revoke every token; an error keeps the old password."""
    services.password_changed(user=user)
