"""The app of points of sale and the sellers who visit them."""

from typing import Any, ClassVar

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from core import plugs
from stores import constants


class StoresConfig(plugs.PluggableApp):
    """Products, portfolios, establishments, who visits them, and what was seen there."""

    name = "stores"
    verbose_name = _("Stores")
    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {
        # Dates move scopes at midnight of TIME_ZONE; the task is safe twice, so it comes hourly.
        "stores.end_what_is_over": {
            "task": "stores.tasks.end_what_is_over",
            "schedule": crontab(minute=5),
        },
        "stores.report_what_waits": {
            "task": "stores.tasks.report_what_waits",
            "schedule": crontab(minute=55),
        },
        "stores.delete_photo_files": {
            "task": "stores.tasks.delete_photo_files",
            "schedule": crontab(minute=50),
        },
        "stores.remove_what_is_old": {
            "task": "stores.tasks.remove_what_is_old",
            "schedule": crontab(hour=3, minute=20),
        },
        "stores.count_days": {"task": "stores.tasks.count_days", "schedule": 60.0},
        # Reads all visits of an area and day again, however few of them are new.
        "stores.count_areas": {
            "task": "stores.tasks.count_areas",
            "schedule": crontab(minute="*/5"),
        },
        # Reads all of a month again, so it lets what comes in an hour come together.
        "stores.count_months": {
            "task": "stores.tasks.count_months",
            "schedule": crontab(minute=35),
        },
    }
    # A carrier's phones share an address.
    limited_by_token: ClassVar[tuple[str, ...]] = ("/api/sync", "/api/photos")
    body_limits: ClassVar[dict[str, tuple[str, int]]] = {
        "/api/photos": (constants.UPLOAD_TYPE, constants.MAX_PHOTO_BYTES),
    }
    enum_names: ClassVar[dict[str, str]] = {
        "VersionDate": "stores.serializers.portfolios.DATES",
        "AssignmentState": "stores.constants.AssignmentState",
        "CatalogueState": "stores.constants.State",
        "PortfolioVersionState": "stores.constants.VersionState",
        "VisitState": "stores.constants.VisitState",
        "PhotoState": "stores.constants.PhotoState",
        "PhotoType": "stores.constants.PhotoType",
        "Adapter": "stores.constants.Adapter",
        "FoundKind": "stores.constants.FoundKind",
        "JobStatus": "stores.constants.JobStatus",
    }
