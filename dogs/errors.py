"""What can go wrong with dogs and files."""

from django.utils.translation import gettext_lazy as _

from core.errors import BadRequest, Conflict, NotFound


class DogNameTaken(Conflict):
    """Another dog has this name, whatever its case."""

    default_code = "dog_name_taken"
    default_detail = _("There is already a dog of this name.")


class DogAdopted(Conflict):
    """The dog has a home; it is released first, or changed by PUT or PATCH."""

    default_code = "dog_adopted"
    default_detail = _("This dog is adopted already.")


class DogNotAdopted(NotFound):
    """There is no adoption to undo."""

    default_code = "dog_not_adopted"
    default_detail = _("This dog is not adopted.")


class AdoptionContradictory(BadRequest):
    """A dog that is not adopted has no owner."""

    default_code = "adoption_contradictory"
    default_detail = _("A dog with an owner is adopted: leave one of the two out.")
