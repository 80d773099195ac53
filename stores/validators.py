"""What fields of the app may hold, the same for the API, the admin and files."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.text import name_key
from stores.constants import KEY_LENGTH
from stores.values import GTIN_LENGTHS, check_digit

DIGITS = re.compile(r"[0-9]+")


def gtin(value: str) -> None:
    """Refuse what is no GTIN-8, -12, -13 or -14 with its check digit."""
    if not DIGITS.fullmatch(value) or len(value) not in GTIN_LENGTHS:
        raise ValidationError(_("A GTIN has 8, 12, 13 or 14 digits."), code="gtin_length")
    if int(value[-1]) != check_digit(value[:-1]):
        raise ValidationError(_("The GTIN's check digit is wrong."), code="gtin_check_digit")


def usable_code(value: str) -> None:
    """Refuse a business key that would not survive a file: with a comma or blanks inside."""
    if "," in value or value != value.strip() or not value:
        raise ValidationError(
            _("A code has no comma and no blanks around it."), code="invalid_code"
        )
    if len(name_key(value)) > KEY_LENGTH:
        raise ValidationError(_("This code is too long."), code="max_length")
