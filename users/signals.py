"""Signals of accounts to the rest of this app, in the transaction that caused them.

The models are below the services and cannot call them; what follows is connected in receivers.py.
"""

from django.dispatch import Signal

password_changed = Signal()
"""A stored user was given another password. Arguments: ``user: User``."""
