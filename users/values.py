"""One form of a password, whatever keyboard and system it is typed on."""

from unicodedata import normalize

from users.constants import MAX_PASSWORD_CHARACTERS

# A letter with accents is typed as one character or as several.
MAX_TYPED_CHARACTERS = 4 * MAX_PASSWORD_CHARACTERS


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
