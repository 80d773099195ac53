"""Checks of texts that people write and others read."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.text import is_clean


def plain_text(value: str) -> None:
    """Refuse what is not clean (see :func:`core.text.is_clean`), line ends included.

    Raises:
        ValidationError: the text is not.
    """
    if not is_clean(value):
        raise ValidationError(
            _("The text contains a character that cannot be shown."), code="not_plain_text"
        )
