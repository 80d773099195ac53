"""The app of support's cases."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from core import plugs


class CasesConfig(plugs.PluggableApp):
    """Cases of support: what apps and people report, who answers it, and by when."""

    name = "cases"
    verbose_name = _("Support")
    enum_names: ClassVar[dict[str, str]] = {
        "CaseState": "cases.constants.State",
        "CaseEventKind": "cases.constants.EventKind",
    }
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "cases.remind": {"task": "cases.tasks.remind", "schedule": crontab(minute="*/5")},
        "cases.end_what_waits": {
            "task": "cases.tasks.end_what_waits",
            "schedule": crontab(minute=15),
        },
    }
