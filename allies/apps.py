"""The allies app."""

from django.utils.translation import gettext_lazy as _

from core import plugs


class AlliesConfig(plugs.PluggableApp):
    """Allied stores, their tags, and the credentials that a partner gave us for them."""

    name = "allies"
    verbose_name = _("Allies")
