"""The lines of a log, plain or packed, one after the other: memory does not grow with the file."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO, Any

from django.utils.translation import gettext as _

from allies.accesslog.entry import MAX_LINE_BYTES

CHUNK_BYTES = 1 << 18
HEAD_BYTES = 6
# How packed files start, and what reads them. read1, so that what a damaged file still gave is not
# lost with the error.
PACKED: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
# What holds several files, or what Python cannot unpack.
ARCHIVES = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z", b"\x28\xb5\x2f\xfd": "zstd", b"Rar!": "rar"}
# What PowerShell's ">" writes.
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class LogStream:
    """Lines of a binary file. ``problem`` says why a file was not read to its end.

    ``max_bytes`` (unpacked) and ``max_lines`` may be passed by a chunk: where nobody waits for a
    file of any size, a few packed bytes must not become hours.
    """

    def __init__(
        self, file: IO[bytes], *, max_bytes: int | None = None, max_lines: int | None = None
    ) -> None:
        self.raw = file
        head = head_of(file)
        self.problem = next(
            (
                _("this is a %s archive: unpack it first") % name
                for start, name in ARCHIVES.items()
                if head.startswith(start)
            ),
            "",
        )
        opener = next((opener for start, opener in PACKED if head.startswith(start)), None)
        self.read = opener(file).read1 if opener else file.read
        self.max_bytes = max_bytes
        self.max_lines = max_lines
        self.read_bytes = 0
        self.labelled = True

    def position(self) -> int:
        """Return how many bytes of the file itself were read, for a progress bar."""
        return self.raw.tell() if self.raw.seekable() else self.read_bytes

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, or what can be had of it."""
        if self.problem:
            return
        try:
            while chunk := self.read(CHUNK_BYTES):
                self.read_bytes += len(chunk)
                yield chunk
                if self.max_bytes is not None and self.read_bytes >= self.max_bytes:
                    if self.read(1):
                        self.problem = _("only the first %d bytes were read") % self.read_bytes
                    return
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            self.problem = _("the file is damaged: %s") % error

    def texts(self) -> Iterator[bytes]:
        """Yield the content without its byte order mark; UTF-16 becomes UTF-8."""
        chunks = self.chunks()
        first = next(chunks, b"")
        encoding = UTF_16.get(first[:2])
        if encoding is None:
            yield from chain([first.removeprefix(codecs.BOM_UTF8)], chunks)
            return
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        for chunk in chain([first[2:]], chunks):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()

    def batches(self) -> Iterator[list[bytes]]:
        """Yield lists of lines without their line ends.

        Of a line longer than MAX_LINE_BYTES only a little more than that is kept, which nobody
        takes for a request.
        """
        rest, count = b"", 0
        for chunk in self.texts():
            # Looked for here, as that takes a hundredth of the time that it takes per line.
            whole = rest + chunk
            self.labelled = b"tatus" in whole
            lines = whole.split(b"\n")
            rest = lines.pop()
            if len(rest) > MAX_LINE_BYTES:
                rest = rest[: MAX_LINE_BYTES + 1]
            if lines:
                if self.max_lines is not None and count >= self.max_lines:
                    self.problem = _("only the first %d lines were read") % count
                    return
                count += len(lines)
                yield lines
        if rest:
            self.labelled = True
            yield [rest]


def head_of(file: IO[bytes]) -> bytes:
    """Return how a file starts, without moving on in it; a pipe cannot go back."""
    if hasattr(file, "peek"):
        return bytes(file.peek(HEAD_BYTES)[:HEAD_BYTES])
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return head
