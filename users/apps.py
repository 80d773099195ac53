"""Accounts, roles and tokens: a required app, plugged in like every other."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from core import plugs


class UsersConfig(plugs.PluggableApp):
    """People, their sessions and their API tokens."""

    name = "users"
    verbose_name = _("Users")
    enum_names: ClassVar[dict[str, str]] = {"SessionKind": "users.models.SessionKind"}
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "users.purge_expired": {
            "task": "users.tasks.purge_expired",
            "schedule": crontab(minute=15),
            "options": {"expires": 3000},
        },
    }
