"""Checks of texts that people write and others read."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Joiners spell words in Persian and Indic scripts and hold emoji together.
JOINERS = {"\u200c", "\u200d"}


def plain_text(value: str) -> None:
    """Refuse control, direction-changing and unassigned characters, and lone surrogates."""
    for character in value:
        if unicodedata.category(character).startswith("C") and character not in JOINERS:
            raise ValidationError(
                _("The text contains a character that cannot be shown."), code="not_plain_text"
            )
