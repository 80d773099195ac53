"""What the app does when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core import signals
from stores.services import assignments


@receiver(signals.user_removed)
def forget_seller(*, user_id: int, **_: Any) -> None:
    """Take a removed seller's establishments from them.

    Their end is stamped by the catalogue's clock, after which no row of the app is locked: what
    else follows for the seller stands before it.
    """
    assignments.end_assignments_of(seller_id=user_id)
