"""What can go wrong with allies and their credentials."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from core.errors import Conflict, NotFound


class AllyIdTaken(Conflict):
    """Another ally has this id."""

    default_code = "ally_id_taken"
    default_detail = _("There is already an ally of this id.")


class AllyNotFound(NotFound):
    """No ally has this id."""

    default_code = "ally_not_found"
    default_detail = _("There is no ally of this id.")


class AllyInactive(Conflict):
    """The ally is switched off: its credentials are not used."""

    default_code = "ally_inactive"
    default_detail = _("The ally is not active.")


class CredentialsNotSet(Conflict):
    """The ally has no credentials that are not revoked."""

    default_code = "credentials_not_set"
    default_detail = _("The ally has no credentials.")


class AlreadyRevoked(Conflict):
    """These credentials were revoked before."""

    default_code = "credentials_already_revoked"
    default_detail = _("These credentials are revoked already.")


class ReasonRequired(ValidationError):
    """A change by hand says why."""

    default_code = "reason_required"
    default_detail = _("Say why: the reason is required.")


class ImportRefused(RuntimeError):
    """A file has bad rows, which the report names; nothing was written."""


class ImportOvertaken(RuntimeError):
    """The file or an ally of it changed between check and write; nothing was written."""


class CredentialsKeysInvalid(RuntimeError):
    """CREDENTIALS_KEYS is missing or malformed."""


class KeyMissing(RuntimeError):
    """A credential is wrapped by a key that CREDENTIALS_KEYS does not have."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"CREDENTIALS_KEYS has no key {key_id!r}, which credentials need.")
        self.key_id = key_id


class KeyChanged(RuntimeError):
    """A key of CREDENTIALS_KEYS is another one than the id stands for in this database."""

    hint = (
        "Put the former key back, from a backup of .env. If it is lost, give the new one "
        "an id of its own, in front, and add the credentials again."
    )

    def __init__(self, key_id: str, count: int) -> None:
        super().__init__(
            f"Key {key_id!r} in CREDENTIALS_KEYS is not the one that sealed {count} credentials."
        )
        self.key_id, self.count = key_id, count


class SealBroken(RuntimeError):
    """A ciphertext does not open: wrong key, damaged bytes, or it belongs to another row."""
