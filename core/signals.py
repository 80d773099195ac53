"""Signals between apps that must not know each other; they carry ids only.

Inside one app a function call says the same thing better.
"""

from django.dispatch import Signal

user_removed = Signal()
"""A user was deactivated and anonymised, in the same transaction. Arguments: ``user_id: int``."""

case_changed = Signal()
"""A support case was opened or changed, in the same transaction. Arguments: ``case_id: int``."""
