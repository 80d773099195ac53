"""The kernel as an app: it is a plug itself, so its tasks and checks are found like any other's."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from core import plugs


class CoreConfig(plugs.PluggableApp):
    """The kernel."""

    name = "core"
    verbose_name = _("Platform")
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "core.sweep": {"task": "core.tasks.sweep", "schedule": 10.0, "options": {"expires": 30}},
        "core.purge": {"task": "core.tasks.purge", "schedule": 3600.0},
    }
