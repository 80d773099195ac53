"""What can go wrong with dogs and files."""

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict


class DogNameTaken(Conflict):
    """Another dog has this name, whatever its case."""

    default_code = "dog_name_taken"
    default_detail = _("There is already a dog of this name.")
