"""Reads multipart forms (RFC 7578): each part becomes a field or a file, or the form is refused.

Django's own reader leaves out what it cannot read (a file whose name is no UTF-8, a part without a
name), cuts a file wherever its boundary occurs and takes half a form for a whole one. To whoever
sent a record that is a success which stored nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadhandler import StopFutureHandlers
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser as DjangoParser
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from core.api.query import MAX_SHOWN_CHARACTERS, UNREADABLE
from core.errors import PayloadTooLarge

CHUNK_BYTES = 64 * 1024
MAX_HEADER_BYTES = 4096
MAX_PADDING_BYTES = 200
BOUNDARY = re.compile(r"[ -~]{0,199}[!-~]")  # RFC 2046, 5.1.1, and what some clients send beyond it
AS_IT_IS = {"", "7bit", "8bit", "binary"}
UTF_8 = {"", "utf-8", "utf8", "us-ascii"}


def malformed(message: str) -> ParseError:
    """Return the 400 of a form that cannot be told into parts."""
    return ParseError(message, code="form_malformed")


def incomplete() -> ParseError:
    """Return the 400 of a form whose closing boundary did not come."""
    return ParseError(_("The form ends before its closing boundary."), code="form_incomplete")


def unreadable(message: str) -> ParseError:
    """Return the 400 of a part that can become neither a field nor a file."""
    return ParseError(message, code="form_part_unreadable")


def shown(name: str) -> str:
    """Return an unverified name as it may stand in a message."""
    return UNREADABLE.sub("\ufffd", name)[:MAX_SHOWN_CHARACTERS]


class Cut:
    """A stream that is read up to one mark after the other, in chunks."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.buffer = b"\r\n"  # a delimiter is a line of its own, also the first one

    def fill(self) -> bool:
        """Read on; tell whether there was more."""
        data = self.stream.read(CHUNK_BYTES)
        self.buffer += data
        return bool(data)

    def until(self, mark: bytes) -> Iterator[bytes]:
        """Yield what comes before ``mark``, which is then taken off; read all of it.

        Raises:
            ParseError: the stream ends before.
        """
        while (end := self.buffer.find(mark)) < 0:
            safe = len(self.buffer) - len(mark) + 1
            if safe > 0:
                piece, self.buffer = self.buffer[:safe], self.buffer[safe:]
                yield piece
            if not self.fill():
                raise incomplete()
        piece, self.buffer = self.buffer[:end], self.buffer[end + len(mark) :]
        yield piece

    def take(self, mark: bytes, limit: int) -> bytes | None:
        """Return what comes before ``mark``; None, and take nothing, if that is beyond ``limit``.

        Raises:
            ParseError: the stream ends before.
        """
        while (end := self.buffer.find(mark, 0, limit + len(mark))) < 0:
            if len(self.buffer) >= limit + len(mark):
                return None
            if not self.fill():
                raise incomplete()
        piece, self.buffer = self.buffer[:end], self.buffer[end + len(mark) :]
        return piece

    def skip(self, text: bytes) -> bool:
        """Take ``text`` off if it comes next; tell whether it did."""
        while len(self.buffer) < len(text) and self.fill():
            pass
        found = self.buffer.startswith(text)
        if found:
            self.buffer = self.buffer[len(text) :]
        return found

    def drain(self, mark: bytes) -> bool:
        """Read to the end; tell whether ``mark`` comes before it."""
        found = mark in self.buffer
        while not found:
            self.buffer = self.buffer[-len(mark) :]
            if not self.fill():
                return False
            found = mark in self.buffer
        while self.stream.read(CHUNK_BYTES):
            pass
        return True


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers of a part say."""

    name: str
    filename: str | None  # None: a field
    content_type: str
    parameters: dict[str, str]  # of the content type


def head_of(block: bytes, number: int) -> Head:
    """Return what the header lines of the part of that number say.

    Raises:
        ParseError: no field and no file can be made of the part.
    """
    nameless = unreadable(
        _("Part %(number)d of the form has no readable name.") % {"number": number}
    )
    headers: dict[str, str] = {}
    for line in re.split(rb"\r\n(?![ \t])", block):  # RFC 5322, 2.2.3: a line may be folded
        name, colon, value = line.partition(b":")
        key = name.strip(b" \t").lower().decode("latin-1")
        if not colon or key in headers:
            raise nameless
        headers[key] = text_of(value.replace(b"\r\n", b""))
    kind, disposition = parameters_of(headers.get("content-disposition", ""))
    name = disposition.get("name", "").strip()
    if kind != "form-data" or not name or not (name.isascii() or is_utf8(block)):
        raise nameless
    encoding = headers.get("content-transfer-encoding", "").strip().lower()
    if encoding not in AS_IT_IS:  # RFC 7578, 4.7: deprecated, and read by nobody alike
        message = _("The part “%(name)s” has a Content-Transfer-Encoding: send it as it is.")
        raise unreadable(message % {"name": shown(name)})
    content_type, parameters = parameters_of(headers.get("content-type", ""))
    filename = disposition.get("filename") or None
    if filename is not None:
        filename = DjangoParser.sanitize_file_name(None, filename)  # type: ignore[arg-type]  # it needs no parser
        if not filename:
            message = _("The file of the part “%(name)s” has no usable name.")
            raise unreadable(message % {"name": shown(name)})
    return Head(name, filename, content_type, parameters)


def is_utf8(value: bytes) -> bool:
    """Tell whether bytes are UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_of(value: bytes) -> str:
    """Return a header's value. Names of files are UTF-8 (RFC 7578, 5.1), or Windows' own.

    People read the name of a file: some wrong letter in it is no reason to refuse the file.
    """
    for charset in ("utf-8", "cp1252"):
        try:
            return value.decode(charset)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")


def parameters_of(value: str) -> tuple[str, dict[str, str]]:
    """Return a header's value and parameters; of a malformed one, none."""
    try:
        return parse_header_parameters(value)
    except (ValueError, TypeError):  # TypeError: "a*=x; a*0=y" (email.utils.decode_params)
        return "", {}


def parts_of(stream: IO[bytes], boundary: str) -> Iterator[tuple[Head, Iterator[bytes]]]:
    """Yield the head and the content of each part; read a content before the next one.

    What comes before the first part and after the last one is ignored (RFC 2046, 5.1.1).

    Raises:
        ParseError: the form is incomplete or malformed, or a part is unreadable.
    """
    cut = Cut(stream)
    delimiter = b"\r\n--" + boundary.encode("ascii")
    for _preamble in cut.until(delimiter):
        pass
    number = 0
    while not cut.skip(b"--"):
        number += 1
        padding = cut.take(b"\n", MAX_PADDING_BYTES)
        if padding is None or padding.lstrip(b" \t") != b"\r":
            raise malformed(
                _("The form's boundary occurs inside of a part, or a line ends in no CRLF.")
            )
        if cut.skip(b"\r\n"):
            raise unreadable(
                _("Part %(number)d of the form has no readable name.") % {"number": number}
            )
        block = cut.take(b"\r\n\r\n", MAX_HEADER_BYTES)
        if block is None:
            message = _("Part %(number)d of the form has headers that are too long or have no end.")
            raise malformed(message % {"number": number})
        yield head_of(block, number), cut.until(delimiter)
    if cut.drain(delimiter):
        raise malformed(_("The form goes on after its closing boundary."))


class FormReader:
    """The fields and files of one form, as they come in."""

    def __init__(self, handlers: list[Any]) -> None:
        self.handlers = handlers
        self.fields = QueryDict("", mutable=True, encoding="utf-8")
        self.files: MultiValueDict[str, Any] = MultiValueDict()
        self.text_bytes = 0

    def read(self, stream: IO[bytes], boundary: str, meta: dict[str, Any]) -> None:
        """Read a form.

        Raises:
            ParseError: it is incomplete or malformed, or a part is unreadable.
            PayloadTooLarge: it has too many fields or files, or too long texts.
        """
        length = int(meta.get("CONTENT_LENGTH") or 0)
        for handler in self.handlers:
            handler.handle_raw_input(stream, meta, length, boundary.encode(), "utf-8")
        try:
            for head, content in parts_of(stream, boundary):
                take = self.take_field if head.filename is None else self.take_file
                take(head, content)
        except BaseException:
            self.close()
            raise
        for handler in self.handlers:
            handler.upload_complete()

    def close(self) -> None:
        """Close what nobody will read."""
        for handler in self.handlers:
            handler.upload_interrupted()
        for _name, files in self.files.lists():
            for file in files:
                file.close()

    def take_field(self, head: Head, content: Iterator[bytes]) -> None:
        """Keep a text."""
        count = sum(len(values) for _name, values in self.fields.lists())
        if count >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or count + 1):
            raise PayloadTooLarge(_("The form has too many fields or files."))
        pieces = []
        self.text_bytes += len(head.name)
        for piece in content:
            self.text_bytes += len(piece)
            if self.text_bytes > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or self.text_bytes):
                raise PayloadTooLarge(_("The form's text fields are too large."))
            pieces.append(piece)
        charset = head.parameters.get("charset", "").lower()
        text = b"".join(pieces).decode(errors="replace") if charset in UTF_8 else "\ufffd"
        self.fields.appendlist(head.name, text)

    def take_file(self, head: Head, content: Iterator[bytes]) -> None:
        """Hand a file to the upload handlers, as Django's reader does."""
        count = sum(len(files) for _name, files in self.files.lists())
        if count >= (settings.DATA_UPLOAD_MAX_NUMBER_FILES or count + 1):
            raise PayloadTooLarge(_("The form has too many fields or files."))
        charset = head.parameters.get("charset")
        told = (head.name, head.filename, head.content_type, None, charset, head.parameters)
        for handler in self.handlers:
            try:
                handler.new_file(*told)
            except StopFutureHandlers:
                break
        size = 0
        for piece in content:
            self.pass_on(piece, size)
            size += len(piece)
        done = (handler.file_complete(size) for handler in self.handlers)
        self.files.appendlist(head.name, next(file for file in done if file is not None))

    def pass_on(self, piece: bytes, start: int) -> None:
        """Give a piece of a file to the handlers, up to the one that keeps it."""
        chunk: bytes | None = piece
        for handler in self.handlers:
            if not chunk:
                return
            chunk = handler.receive_data_chunk(chunk, start)
