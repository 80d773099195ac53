"""The dog adoption app."""

from django.utils.translation import gettext_lazy as _

from core import plugs


class DogsConfig(plugs.PluggableApp):
    """Dogs, their pictures from dog.ceo, and the file relay."""

    name = "dogs"
    verbose_name = _("Dogs")
