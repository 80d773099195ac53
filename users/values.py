"""Names of time zones, and one form of a password, whatever keyboard and system it is typed on."""

from functools import cache
from unicodedata import normalize
from zoneinfo import ZoneInfo, available_timezones

from users.constants import MAX_PASSWORD_CHARACTERS

# A letter with accents is typed as one character or as several.
MAX_TYPED_CHARACTERS = 4 * MAX_PASSWORD_CHARACTERS


@cache
def time_zones() -> dict[str, str]:
    """Return the names of all time zones that this machine knows, in order, by :func:`zone_key`."""
    return {zone_key(name): name for name in sorted(available_timezones())}


def zone_key(text: str) -> str:
    """Return the key of a zone's name, in whatever case it is written, with or without blanks."""
    return text.strip().casefold().replace(" ", "_")


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of a stored name; None for an empty one, or one that is no more."""
    known = time_zones().get(zone_key(name)) if name else None
    return ZoneInfo(known) if known else None


def normal_password(password: str) -> str:
    """Return the form (NFKC) in which a password is measured and hashed (NIST SP 800-63B, 3.1.1.2).

    One that is far too long stays as it is: to normalise takes time by the square of its marks.
    """
    if password.isascii() or len(password) > MAX_TYPED_CHARACTERS:
        return password
    return normalize("NFKC", password)


def former_forms(password: str) -> list[str]:
    """Return the other forms that a password may have had when hashes were made of what was typed.

    They are the one that is typed now, and the decomposed one, which some systems send.
    """
    if password.isascii() or len(password) > MAX_TYPED_CHARACTERS:
        return []
    forms = dict.fromkeys([password, normalize("NFC", password), normalize("NFD", password)])
    return [form for form in forms if form != normal_password(password)]
