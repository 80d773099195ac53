"""The kernel as an app: a plugin app too, so its tasks and checks are found like any other's."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import plugs


class CoreConfig(plugs.PluggableApp):
    """The kernel."""

    name = "core"
    verbose_name = _("Platform")
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "core.sweep": {
            "task": "core.tasks.sweep",
            "schedule": float(settings.SWEEP_SECONDS),
            "options": {"expires": 3 * settings.SWEEP_SECONDS},
        },
        "core.purge": {"task": "core.tasks.purge", "schedule": crontab(minute=35)},
    }
