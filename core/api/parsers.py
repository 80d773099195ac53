"""Bodies in: strict JSON, multipart forms, and uploads on disk in files without a name.

What is refused here never reaches a serializer or the database: NUL and lone surrogates (no text
for PostgreSQL), numbers that would silently change (beyond 64 bit, infinite), keys given twice (the
reader before us may have believed the other one) and nesting that would exhaust the stack.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import IO, Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from core.api.multipart import BOUNDARY, FormReader, parameters_of, shown
from core.api.multipart import malformed as malformed_form
from core.api.query import MAX_SHOWN_CHARACTERS, UNREADABLE
from core.values import INT64_MAX, INT64_MIN

MAX_DEPTH = 32
LONG_NUMBER = re.compile(rb"[0-9]{19}")
MAX_DIGITS = 20


class _JSONError(ValueError):
    """A JSON document that says something which we do not accept."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class JSONParser(parsers.JSONParser):
    """One JSON object in UTF-8.

    orjson reads the body and refuses malformed JSON, a byte order mark, trailing data, NaN,
    infinities and lone surrogates. A flat body (most are) then costs four scans of its bytes; any
    other one costs a second reading by the standard library (4 µs per 100 bytes) that finds keys
    given twice and integers beyond 64 bit, which orjson would keep or turn into floats.
    """

    roots: tuple[type, ...] = (dict,)

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the object in ``stream``; an empty body is an empty object.

        Raises:
            ParseError: it is no JSON object that we accept.
            UnsupportedMediaType: it is in another charset than UTF-8.
        """
        require_utf8(media_type)
        raw = stream.read()
        if not raw:
            return {}
        try:
            data = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise malformed(error) from None
        if not isinstance(data, self.roots):
            raise ParseError(_("The body must be a JSON object."), code="json_not_an_object")
        try:
            check(raw, data)
        except _JSONError as error:
            raise ParseError(str(error), code=error.code) from None
        return data


def check(raw: bytes, data: Any) -> None:
    """Refuse what orjson lets through, looking only as deep as the bytes call for.

    Raises:
        ValueError: with a ``code``, for what is refused.
    """
    containers = raw.count(b"{") + raw.count(b"[")
    if containers > MAX_DEPTH and depth(data) > MAX_DEPTH:
        raise _too_deep()
    if b"\\u0000" in raw:
        check_nul(data, "")
    flat = containers == 1 and raw.count(b":") == len(data)
    if not flat or LONG_NUMBER.search(raw):
        json.loads(raw, object_pairs_hook=_object, parse_int=_integer)


def depth(data: Any) -> int:
    """Return how many levels of objects and lists ``data`` has, without recursion."""
    level, levels = [data], 0
    while level:
        levels += 1
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
    return levels


def check_nul(data: Any, path: str) -> None:
    """Refuse, by a ValueError, a NUL in any text or key below ``path``; depth was checked."""
    if isinstance(data, str):
        if "\x00" in data:
            message = _("NUL characters are not accepted (at “%(path)s”).") % {"path": path}
            raise _JSONError(message, "json_nul")
    elif isinstance(data, dict):
        for key, value in data.items():
            below = f"{path}.{shown(key)}" if path else shown(key)
            check_nul(key, below)
            check_nul(value, below)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            check_nul(value, f"{path}.{index}" if path else str(index))


def require_utf8(media_type: str | None) -> None:
    """Refuse a body that declares another charset than UTF-8 (RFC 8259 knows no other).

    Raises:
        UnsupportedMediaType: it does.
    """
    if not media_type or "charset" not in media_type.lower():
        return
    charset = parameters_of(media_type)[1].get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        detail = _("Send the body in UTF-8.")
        raise UnsupportedMediaType(
            media_type[:MAX_SHOWN_CHARACTERS], detail, code="unsupported_charset"
        )


def _too_deep() -> _JSONError:
    message = _("At most %(limit)d levels of nesting.") % {"limit": MAX_DEPTH}
    return _JSONError(message, "json_too_deep")


def malformed(error: orjson.JSONDecodeError) -> ParseError:
    """Return the 400 that says where a body stops being JSON."""
    if error.msg.startswith("depth limit"):
        deep = _too_deep()
        return ParseError(str(deep), code=deep.code)
    message = _("Malformed JSON at line %(line)d, column %(column)d: %(reason)s.") % {
        "line": error.lineno,
        "column": error.colno,
        "reason": error.msg,
    }
    return ParseError(message, code="json_malformed")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(key for key, _value in pairs).most_common(1)[0][0]
        message = _("The key “%(key)s” is given twice.") % {"key": shown(twice)}
        raise _JSONError(message, "json_duplicate_key")
    return result


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or not INT64_MIN <= int(text) <= INT64_MAX:
        raise _JSONError(_("Whole numbers may have at most 64 bit."), "json_integer_too_large")
    return int(text)


class MultiPartParser(parsers.MultiPartParser):
    """A form with files: complete, in UTF-8, free of NUL; :mod:`core.api.multipart` reads it.

    How many fields and files there may be is DATA_UPLOAD_MAX_NUMBER_FIELDS and _FILES.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> parsers.DataAndFiles:
        """Return the fields and files of the form in ``stream``.

        Raises:
            ParseError: the form is malformed, incomplete or not readable.
            PayloadTooLarge: it has too many fields or files, or too long texts.
            UnsupportedMediaType: it is in another charset than UTF-8.
        """
        require_utf8(media_type)
        boundary = parameters_of(media_type or "")[1].get("boundary", "")
        if not BOUNDARY.fullmatch(boundary):
            raise malformed_form(_("The form's media type names no boundary."))
        request = (parser_context or {})["request"]
        reader = FormReader(request.upload_handlers)
        reader.read(stream, boundary, request.META)
        try:
            _check_texts(reader)
        except ParseError:
            reader.close()
            raise
        return parsers.DataAndFiles(reader.fields, reader.files)


def _check_texts(form: FormReader) -> None:
    """Refuse texts that PostgreSQL could not store or that were no UTF-8."""
    texts = [(name, text) for name, values in form.fields.lists() for text in (name, *values)]
    texts += [
        (name, text)
        for name, files in form.files.lists()
        for text in (name, *(file.name for file in files))
    ]
    for name, text in texts:
        if UNREADABLE.search(text):
            message = _("“%(name)s” is no readable UTF-8 text.") % {"name": shown(name)}
            raise ParseError(message, code="form_invalid_text")


class NamelessFileUploadHandler(FileUploadHandler):
    """Keeps an upload in a file without a name, which is gone with the process that reads it.

    Django's own has a name in the folder for temporary files, and a process that is killed leaves
    it there: with patients in it, for anybody who reads that folder later.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin the next file of the form."""
        super().new_file(*args, **kwargs)
        self.file = UploadedFile(
            TemporaryFile(),  # noqa: SIM115 - the request closes it
            self.file_name,
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the next bytes."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Return the file, at its start."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """Close what nobody will read."""
        if hasattr(self, "file"):
            self.file.close()
