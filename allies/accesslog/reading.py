"""The lines of a log, plain or gzip, one after the other: memory does not grow with the file."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import IO

from allies.accesslog.lines import MAX_LINE_BYTES

CHUNK_BYTES = 1 << 18
GZIP = b"\x1f\x8b"
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
        start = file.read(2)
        file.seek(0)
        # read1, so that what a damaged file still gave is not lost with the error.
        self.read = gzip.GzipFile(fileobj=file).read1 if start == GZIP else file.read
        self.max_bytes = max_bytes
        self.max_lines = max_lines
        self.read_bytes = 0
        self.problem = ""

    def position(self) -> int:
        """Return how many bytes of the file itself were read, for a progress bar."""
        return self.raw.tell()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, or what can be had of it."""
        try:
            while chunk := self.read(CHUNK_BYTES):
                self.read_bytes += len(chunk)
                yield chunk
                if self.max_bytes is not None and self.read_bytes >= self.max_bytes:
                    if self.read(1):
                        self.problem = f"only the first {self.read_bytes} bytes were read"
                    return
        except (EOFError, OSError, zlib.error) as error:
            self.problem = f"the file is damaged: {error}"

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
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > MAX_LINE_BYTES:
                rest = rest[: MAX_LINE_BYTES + 1]
            if lines:
                if self.max_lines is not None and count >= self.max_lines:
                    self.problem = f"only the first {count} lines were read"
                    return
                count += len(lines)
                yield lines
        if rest:
            yield [rest]
