"""What a file said, as hashes: enough to know it again, too little to read it.

They have no key: they lie beside the records themselves, and with a key that is replaced one day
every corrected study would come back the night after.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from clinic.constants import SOURCE_LENGTH

ROW, FIELD = b"clinic.study.row", b"clinic.patient"
KEY_BYTES = 16
DIGITS = SOURCE_LENGTH // 4


def text_of(value: Any) -> str:
    """Return a value of a row, or of a record, as both spell it."""
    return "" if value is None else str(value)


def key_of(parts: Iterable[str], occurrence: int = 1) -> UUID:
    """Return the key of a row that says ``parts``, for the nth time in its file."""
    said = "\x00".join((*parts, str(occurrence)))
    return UUID(bytes=blake2b(said.encode(), digest_size=KEY_BYTES, person=ROW).digest())


def prints_of(external_id: str, values: Iterable[Any]) -> list[str]:
    """Return a hash of each value that a patient's row has."""
    return [print_of(external_id, place, value) for place, value in enumerate(values)]


def print_of(external_id: str, place: int, value: Any) -> str:
    """Return the hash of one value; the same text is another one elsewhere."""
    said = f"{external_id}\x00{place}\x00{text_of(value)}".encode()
    return blake2b(said, digest_size=DIGITS // 2, person=FIELD).hexdigest()


def join(prints: Sequence[str]) -> str:
    """Return hashes as one text."""
    return "".join(prints)


def split(said: str) -> list[str]:
    """Return the hashes of a text."""
    return [said[start : start + DIGITS] for start in range(0, len(said), DIGITS)]
