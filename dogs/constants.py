"""The vocabulary of the dog adoption app."""

from django.db import models
from django.utils.translation import gettext_lazy as _

# Routes below /api/dogs/ that would hide a dog of that name.
RESERVED_NAMES = frozenset({"is_adopted"})
NAME_LENGTH = 100
KEY_LENGTH = 3 * NAME_LENGTH


class PictureStatus(models.TextChoices):
    """How far a dog's picture is."""

    PENDING = "pending", _("pending")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class EndReason(models.TextChoices):
    """Why an adoption is over."""

    RETURNED = "returned", _("the dog came back")
    PASSED_ON = "passed_on", _("somebody else adopted the dog")
    OWNER_REMOVED = "owner_removed", _("the owner's account was removed")


class RelayStatus(models.TextChoices):
    """How far a file is on its way to the relay."""

    PENDING = "pending", _("pending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
