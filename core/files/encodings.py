"""In which encoding a file is written, by its marks or by its bytes.

Spreadsheets write UTF-8 with and without a byte order mark, UTF-16 ("Unicode text"), and what the
system's programs had before Unicode: Windows-1252, the Macintosh's and, "CSV (MS-DOS)", code page
850. These three give other letters for the same bytes, so a file is one of them only when its
bytes make Spanish, Portuguese, French or German letters in this one and none in the others; else
the caller must say which, for a name that is read wrongly is worse than one that is refused.
"""

import codecs
import io
import os
import re
from collections import Counter
from typing import IO

from django.utils.translation import gettext as _

from core.files.report import UnusableFileError

SCAN_BYTES = 1 << 20
SAMPLE_BYTES = 1024
UTF8 = "utf-8"
# What a caller may say, and what Python calls it.
ENCODINGS = {
    UTF8: "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "mac-roman": "mac-roman",
    "cp850": "cp850",
}
MARKS = {codecs.BOM_UTF8: UTF8, codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# The first bytes of what is uploaded as CSV and is none.
WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
OTHERS = (b"\x1f\x8b", b"%PDF-", b"7z\xbc\xaf", b"\x89PNG", b"\xff\xd8\xff", b"SQLite format 3")
PAGE = re.compile(rb"\s*<(!doctype|html|head|body|table|\?xml|meta|script)", re.IGNORECASE)

ASCII = bytes(range(128))
CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r"})
UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
LEGACY = ("windows-1252", "mac-roman", "cp850")
# Quotes, dashes and blanks in Windows-1252, letters in the others: they say nothing.
UNDECIDED = bytes([0x85, *range(0x91, 0x98), 0xA0])
WEIGHTS = {
    **dict.fromkeys("áéíóúüñ", 10),
    **dict.fromkeys("ÁÉÍÓÚÜÑàâäçèêëîïôöûùãõåæøßìò", 3),
    **dict.fromkeys("ÀÂÄÇÈÊËÎÏÔÖÛÙÃÕÅÆØÌÒ¿¡ºª°«»", 1),
}
IMPLAUSIBLE = -10


def find_encoding(stream: IO[bytes], given: str = "") -> str:
    """Return the one of ``ENCODINGS`` that a file is in; ``given`` is what the caller says.

    Of a file that is damaged UTF-8 that is UTF-8: reading it says in which row.

    Raises:
        UnusableFileError: it is no text, contradicts its caller, or its encoding does not show.
    """
    stream.seek(0)
    start = stream.read(SAMPLE_BYTES)
    _refuse_other_kinds(start)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), "")
    if marked:
        if given and not given.startswith(marked):
            message = _("The file says of itself that it is %(found)s, not %(given)s.")
            raise UnusableFileError("wrong_encoding", message % {"found": marked, "given": given})
        return marked
    if given:
        return given
    return _without_mark(start) or _by_bytes(stream)


def _refuse_other_kinds(start: bytes) -> None:
    """Refuse a workbook, a web page, an archive or a picture under the name of a CSV file."""
    if start.startswith(WORKBOOKS):
        message = _("This is a workbook or an archive. Save the sheet as “CSV UTF-8”.")
    elif PAGE.match(start.removeprefix(codecs.BOM_UTF8)):
        message = _("This is a web page, not a CSV file; the download may have failed.")
    elif start.startswith(OTHERS):
        message = _("This is no text file.")
    else:
        return
    raise UnusableFileError("not_csv", message)


def _without_mark(start: bytes) -> str:
    """Return which UTF-16 a file without a mark is in, if any: every second byte is zero."""
    half = len(start) // 2
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    if len(start.translate(None, CONTROLS)) < len(start) * 0.9:
        raise UnusableFileError("not_csv", _("This is no text file."))
    return ""


def _by_bytes(stream: IO[bytes]) -> str:
    """Return what all of the bytes of a file say."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(UTF8)()
    seen: Counter[int] = Counter()
    is_utf8, some_utf8 = True, False
    while chunk := stream.read(SCAN_BYTES):
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        if not chunk.isascii():
            some_utf8 = some_utf8 or UTF8_CHARACTER.search(chunk) is not None
            seen.update(chunk.translate(None, ASCII))
    if is_utf8:
        # What is left at the end is a character that was cut off.
        is_utf8 = not decoder.getstate()[0]
    if is_utf8 or some_utf8:
        return UTF8
    return _legacy(seen)


def _legacy(seen: Counter[int]) -> str:
    """Return the encoding of before Unicode in which bytes make letters."""
    telling = {byte: count for byte, count in seen.items() if byte not in UNDECIDED}
    scores = {name: _score(telling, ENCODINGS[name]) for name in LEGACY}
    best, second, *_rest = sorted(scores, key=scores.__getitem__, reverse=True)
    if telling and scores[best] <= 0:
        return UTF8
    if not telling or scores[best] < 2 * scores[second]:
        message = _("The encoding of this file does not show. Save it as “CSV UTF-8”, or name it.")
        raise UnusableFileError("wrong_encoding", message)
    return best


def _score(seen: dict[int, int], codec: str) -> int:
    """Return how much text the bytes make."""
    letters = ((bytes([byte]).decode(codec, "replace"), count) for byte, count in seen.items())
    return sum(WEIGHTS.get(letter, IMPLAUSIBLE) * count for letter, count in letters)


class Borrowed(io.BufferedIOBase):
    """Reads from a stream and does not close it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        return self.stream.read(-1 if size is None else size)

    read1 = read


def size_of(stream: IO[bytes]) -> int:
    """Return how many bytes a stream has."""
    return stream.seek(0, os.SEEK_END)
