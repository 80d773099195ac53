"""What the app does when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core import signals
from stores.services import assignments, phones, retention, seller_cases


@receiver(signals.user_removed)
def forget_seller(*, user_id: int, **_: Any) -> None:
    """Erase what is a removed seller's own, and take their establishments from them.

    The end of these is stamped by the catalogue's clock, after which no row of the app is locked:
    so it comes last.
    """
    retention.erase_seller(user_id=user_id)
    assignments.end_assignments_of(seller_id=user_id)


@receiver(signals.case_changed)
def follow_case(*, case_id: int, **_: Any) -> None:
    """Have the phones of all whom a support case concerns told of its change."""
    seller_cases.hear(case_id=case_id)


@receiver(signals.restored)
def let_phones_pull_anew(**_: Any) -> None:
    """Begin a new epoch: phones have seen numbers that the restored database gives again."""
    phones.begin_new_epoch()
