"""The dog adoption app."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from core import plugs


class DogsConfig(plugs.PluggableApp):
    """Dogs, their pictures from dog.ceo, and the file relay."""

    name = "dogs"
    verbose_name = _("Dogs")
    enum_names: ClassVar[dict[str, str]] = {
        "PictureStatus": "dogs.constants.PictureStatus",
        "RelayStatus": "dogs.constants.RelayStatus",
    }
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "dogs.remove_orphans": {
            "task": "dogs.tasks.remove_orphans",
            "schedule": crontab(minute=25),
        },
        "dogs.purge_files": {
            "task": "dogs.tasks.purge_files",
            "schedule": crontab(minute=35),
        },
    }
