"""One answer for each question about a text: its key, whether people can read it, what is stored.

Pure functions, without Django: validators, fields, parsers and files say what follows from them.

Three keys, because "the same" means three things: :func:`name_key` makes names unique, in which an
accent counts; :func:`email_key` makes mailboxes unique, in which "ß" is not "ss";
:func:`search_key` finds words however they are typed. None of them raises.
"""

import re
from unicodedata import category, combining, normalize

import idna

from core.characters import APOSTROPHES, BLANK, IGNORABLE, LETTERS

# Joiners spell words in Persian and Indic scripts and hold emoji together.
JOINERS = frozenset("\u200c\u200d")
# NUL (PostgreSQL has no such text) and lone surrogates (they have no UTF-8).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a spreadsheet takes for the start of a formula, tab and line ends and the full-width forms
# that Japanese input makes included (OWASP, CSV injection), however many apostrophes in front.
FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# To normalise takes time by the square of a run of marks; a longer text fits into no column.
MAX_NORMALISED_CHARACTERS = 2_000
MAX_DOMAIN_CHARACTERS = 253  # RFC 1035, 2.3.4, without the root's dot


def seen(text: str) -> str:
    """Return what shows of ``text``, each run of blanks as one, none at the ends."""
    return " ".join(BLANK.sub(" ", IGNORABLE.sub("", text)).split())


def caseless(text: str) -> str:
    """Return ``text`` as ``toNFKC_Casefold`` of Unicode 15, section 3.13 does, blanks folded.

    It is made of what shows (:func:`seen`): default-ignorable characters are left out.
    """
    if text.isascii() or len(text) > MAX_NORMALISED_CHARACTERS:
        return " ".join(text.lower().split())
    folded = normalize("NFKC", normalize("NFD", seen(text)).casefold())
    return " ".join(normalize("NFKC", folded.casefold()).split())


def name_key(text: str) -> str:
    """Return the form in which two spellings of one name are equal, on every database.

    "STRASSE" equals "straße", a composed "ñ" a decomposed one, "Rex  Jr" "rex jr", and joiners,
    fillers and variation selectors count for nothing. "Peña" and "Pena" are two names.
    """
    return caseless(text)


def email_spelling(email: str) -> str:
    """Return an address as it is written: composed, in lower case, trimmed."""
    address = email.strip().lower()
    return address if len(address) > MAX_NORMALISED_CHARACTERS else normalize("NFC", address)


def email_key(email: str) -> str:
    """Return the one spelling under which an address is unique, and a user's stored.

    As :func:`email_spelling`, with the domain in its IDNA form (:func:`idna_domain`), in which a
    resolver looks for it; not case-folded, because "ß" and "ss" are two mailboxes.
    """
    address = email_spelling(email)
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna_domain(domain)}"
    except ValueError:
        return address


def idna_domain(domain: str) -> str:
    """Return a domain in ASCII and lower case, by UTS 46 without transitional processing.

    "münchen.example" is "xn--mnchen-3ya.example"; "straße.example" is not "strasse.example".

    Raises:
        ValueError: no domain of that spelling can be registered.
    """
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    if len(domain) > MAX_DOMAIN_CHARACTERS:
        raise ValueError
    return idna.encode(domain, uts46=True, transitional=False, std3_rules=True).decode()


def search_key(text: str) -> str:
    """Return the form in which words are looked for, and in which they stand in ``search_key``.

    As :func:`name_key`, and without accents, apostrophes, and strokes through letters: "Núñez" is
    found by "nunez", "O'Brien" by "obrien", "Łódź" by "lodz".
    """
    words = caseless(APOSTROPHES.sub("", text))
    if words.isascii():
        return words
    letters = APOSTROPHES.sub("", normalize("NFKD", words[:MAX_NORMALISED_CHARACTERS]))
    bare = "".join(mark for mark in letters.translate(LETTERS) if not combining(mark))
    return " ".join(normalize("NFC", bare).split())


def is_visible(text: str) -> bool:
    """Tell whether at least one character of ``text`` shows something by itself.

    Not one that is default-ignorable or blank, a mark, a separator, a control character, a format
    or unassigned.
    """
    return any(
        category(character)[0] not in "CMZ" for character in BLANK.sub("", IGNORABLE.sub("", text))
    )


def is_clean(text: str, *, lines: bool = False) -> bool:
    """Tell whether people can read all of ``text``; with ``lines`` it may have line ends.

    Control, direction-changing and unassigned characters and lone surrogates are not clean; nor,
    without ``lines``, are the line and paragraph separators.
    """
    if text.isprintable():
        return True
    fine = JOINERS | {"\n"} if lines else JOINERS
    kinds = {category(character) for character in text if character not in fine}
    return not any(kind[0] == "C" or (kind in ("Zl", "Zp") and not lines) for kind in kinds)


def is_storable(text: str) -> bool:
    """Tell whether every database can store and look for ``text``."""
    return UNSTORABLE.search(text) is None


def storable(value: object, limit: int) -> str:
    """Return a text from outside as every database can store it: at most ``limit`` characters."""
    return UNSTORABLE.sub("", str(value))[:limit]


def printable(text: str, limit: int) -> str:
    """Return the visible characters of ``text`` and its spaces, at most ``limit`` of them."""
    return "".join(filter(str.isprintable, text))[:limit]


def inert(text: str) -> str:
    """Return a CSV cell that no spreadsheet runs as a formula (OWASP ASVS 1.2.10).

    It gets an apostrophe in front, as does one that has apostrophes before a formula, so that
    :func:`undo_inert` gives every text back.
    """
    return f"'{text}" if FORMULA.match(text) else text


def undo_inert(cell: str) -> str:
    """Return the text that :func:`inert` made ``cell`` of."""
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell
