"""Signals between apps that must not know each other; they carry ids only.

Inside one app a function call says the same thing better.
"""

from django.dispatch import Signal

user_removed = Signal()
"""A user was deactivated and anonymised, in the same transaction. Arguments: ``user_id: int``."""

case_changed = Signal()
"""A support case was opened or changed, in the same transaction. Arguments: ``case_id: int``.

It is sent for what its reporter can see, and after the sender locked all that it locks. A report
that joins a case, a note of support alone and a moved due time send nothing.
"""

restored = Signal()
"""The database is what a backup had: others may have seen more than it knows. No arguments."""
