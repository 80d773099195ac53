"""The clinic app."""

from django.utils.translation import gettext_lazy as _

from core import plugs


class ClinicConfig(plugs.PluggableApp):
    """Patients, their studies, and who looked at them."""

    name = "clinic"
    verbose_name = _("Clinic")
