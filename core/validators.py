"""Checks of texts that people write and others read."""

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from core.characters import IGNORABLE
from core.text import email_key, idna_domain, is_clean, is_visible

MAX_EMAIL_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, without the brackets


def plain_text(value: str) -> None:
    """Refuse what is not clean (see :func:`core.text.is_clean`), line ends included.

    Nor may a text show nothing at all (see :func:`core.text.is_visible`).

    Raises:
        ValidationError: the text is not plain.
    """
    if not is_clean(value):
        raise ValidationError(
            _("The text contains a character that cannot be shown."), code="not_plain_text"
        )
    if not value.isascii() and not is_visible(value):
        raise ValidationError(_("The text shows nothing."), code="invisible")


def plain_email(value: str) -> None:
    """Refuse an address that looks like another one; what is none at all, Django's check refuses.

    That is one with a character that shows nothing by itself, with a local part in other letters
    than ASCII's, which hardly any mail server takes (RFC 6531 is an extension), or with a domain
    in letters that only fold to ASCII's, or that IDNA has no form for.

    Raises:
        ValidationError: the address is such a one.
    """
    if value.isascii() and value.isprintable() and "xn--" not in value.lower():
        return
    visible_email(value)
    try:
        validate_email(value)
    except ValidationError:
        return
    local, _sign, domain = value.rpartition("@")
    if not local.isascii():
        raise ValidationError(
            _("In front of the @, an address has letters without accents."), code="not_ascii"
        )
    if not is_domain(domain):
        raise ValidationError(_("There can be no domain of this name."), code="invalid_domain")
    if len(email_key(value)) > MAX_EMAIL_CHARACTERS:
        raise ValidationError(_("This e-mail address is too long."), code="max_length")


def visible_email(value: str) -> None:
    """Refuse an address with a character that shows nothing by itself.

    Raises:
        ValidationError: there is one; it came along when the address was copied.
    """
    if not is_clean(value) or IGNORABLE.search(value):
        raise ValidationError(
            _("The address contains a character that cannot be seen."), code="invisible"
        )


def is_domain(domain: str) -> bool:
    """Tell whether a domain, in any script, can be registered and looks like no other one."""
    try:
        idna_domain(domain)
        return not any(
            idna.uts46_remap(character, std3_rules=True).isascii()
            for character in domain
            if not character.isascii()
        )
    except ValueError:
        return False
