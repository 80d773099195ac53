"""The clinic app."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from core import plugs


class ClinicConfig(plugs.PluggableApp):
    """Patients, their studies, and who looked at them."""

    name = "clinic"
    verbose_name = _("Clinic")
    enum_names: ClassVar[dict[str, str]] = {
        "StudyStatus": "clinic.constants.StudyStatus",
        "StudyType": "clinic.constants.StudyType",
        "UrgencyLevel": "clinic.constants.UrgencyLevel",
    }
