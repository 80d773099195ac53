"""The body of a push: rows of ``{"newDocumentState": {…}, "assumedMasterState"?: {…}}`` (RxDB).

The body is refused only where it is no array of such rows. Whatever is wrong inside a document is
that document's own matter: an error for one would block its batch for ever.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from core.api.parsers import JSONParser, check, malformed, require_utf8
from stores.constants import MAX_PUSH_ROWS
from stores.errors import NotAnArray, TooManyRows
from stores.services.sent import Sent, load, members_of, sent_of, skip_blanks, values_of

DOCUMENT = "newDocumentState"


class BatchParser(JSONParser):
    """A body in UTF-8 that is an array of rows."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the documents in ``stream``, each a :class:`Sent`."""
        del parser_context
        require_utf8(media_type)
        return read(stream.read())


def read(body: bytes) -> list[Sent]:
    """Return the documents of a push, in their order.

    Raises:
        ParseError: the body is no JSON, or no array.
        TooManyRows: it has more than ``MAX_PUSH_ROWS`` rows.
        ValidationError: a row is no object with an object ``newDocumentState``.
    """
    try:
        rows, is_readable = load(body)
    except orjson.JSONDecodeError as error:
        raise malformed(error) from None
    if not isinstance(rows, list):
        raise NotAnArray
    if len(rows) > MAX_PUSH_ROWS:
        raise TooManyRows(limit=MAX_PUSH_ROWS)
    require_documents(rows)
    is_checked = is_readable and passes(body, rows)
    return [
        sent_of(raw, row[DOCUMENT], is_checked=is_checked)
        for raw, row in zip(documents_of(body), rows, strict=True)
    ]


def passes(body: bytes, rows: list[Any]) -> bool:
    """Tell whether the kernel would take the whole body: then no document needs a look."""
    try:
        check(body, rows)
    except ValueError:
        return False
    return True


def require_documents(rows: list[Any]) -> None:
    """Refuse rows that are no objects with a document.

    Raises:
        ValidationError: it names the rows.
    """
    wrong = [
        index
        for index, row in enumerate(rows)
        if not (isinstance(row, dict) and isinstance(row.get(DOCUMENT), dict))
    ]
    if wrong:
        message = _("Each row is an object with an object “newDocumentState”.")
        detail = ErrorDetail(message, code="invalid_row")
        raise ValidationError({f"[{index}].{DOCUMENT}": [detail] for index in wrong})


def documents_of(body: bytes) -> Iterator[bytes]:
    """Yield the text of each row's document, in a body whose rows were checked."""
    key = b'"%s"' % DOCUMENT.encode()
    for start, _end in values_of(body, skip_blanks(body, 0)):
        found = b""
        for name, begin, end in members_of(body, start):
            if (orjson.dumps(orjson.loads(name)) if b"\\" in name else name) == key:
                found = body[begin:end]
        yield found
