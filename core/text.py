"""One answer for each question about a text: its key, whether people can read it, what is stored.

Pure functions, without Django: validators, fields, parsers and files say what follows from them.
"""

import re
import unicodedata

# Joiners spell words in Persian and Indic scripts and hold emoji together.
JOINERS = frozenset("\u200c\u200d")
# NUL (PostgreSQL has no such text) and lone surrogates (they have no UTF-8).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a spreadsheet takes for the start of a formula, tab and line ends and the full-width forms
# that Japanese input makes included (OWASP, CSV injection), however many apostrophes in front.
FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def name_key(text: str) -> str:
    """Return the form in which two spellings of one name are equal: NFKC, case-folded, trimmed.

    The order follows Unicode 15, section 3.13 (caseless matching), so that "STRASSE" equals
    "straße" and a composed "ñ" equals a decomposed one on every database.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def email_key(email: str) -> str:
    """Return the one spelling under which a user's address is stored and looked up.

    Composed, in lower case, trimmed; not case-folded, because "ß" and "ss" are two mailboxes.
    """
    return unicodedata.normalize("NFC", email.strip().lower())


def search_key(text: str) -> str:
    """Return the form in which words are looked for: as :func:`name_key`, and without accents."""
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKD", name_key(text))
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def is_clean(text: str, *, lines: bool = False) -> bool:
    """Tell whether people can read all of ``text``; with ``lines`` it may have line feeds.

    Control, direction-changing and unassigned characters and lone surrogates are not clean.
    """
    if text.isprintable():
        return True
    return not any(
        unicodedata.category(character).startswith("C")
        for character in text
        if character not in JOINERS and not (lines and character == "\n")
    )


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
