"""The movies app."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from core import plugs


class MoviesConfig(plugs.PluggableApp):
    """TMDB's catalogue that never goes dark, favourites and ratings."""

    name = "movies"
    verbose_name = _("Movies")
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        "movies.purge": {
            "task": "movies.tasks.purge",
            "schedule": crontab(minute=45),
            "options": {"expires": 3000},
        },
    }
