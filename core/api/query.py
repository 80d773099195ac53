"""What a URL may carry: known query parameters, once each, in readable text of bounded length.

A parameter that is misspelt, repeated or unreadable is refused instead of ignored: a filter that
silently does nothing shows a caller rows that it did not ask for.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from core import errors
from core.values import parse_key

MAX_VALUE_CHARACTERS = 500
# Two text columns of 250 four-byte characters still fit, as does the URL in gunicorn's 4,094 bytes.
MAX_CURSOR_CHARACTERS = 3_000
CURSOR_PARAM = "cursor"
MAX_SHOWN_CHARACTERS = 60  # of a name that came with the request, in a message about it
MAX_PATH_ARGUMENT_CHARACTERS = 200

# NUL (PostgreSQL has no such text), lone surrogates (no UTF-8) and the mark of undecodable bytes.
UNREADABLE = re.compile("[\x00\ud800-\udfff\ufffd]")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# 19 digits hold every 64-bit number; int() of 5,000 digits would raise or take its time.
INTEGER = re.compile(r"-?[0-9]{1,19}")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class MalformedPath(errors.BadRequest):
    """The path holds control characters, or bytes that are no UTF-8."""

    default_code = "malformed_path"


def refusal(name: str, message: str, code: str) -> ValidationError:
    """Return the 400 that names query parameter ``name``, itself unverified text."""
    shown = UNREADABLE.sub("\ufffd", name)[:MAX_SHOWN_CHARACTERS]
    return ValidationError({shown: [ErrorDetail(message, code=code)]})


def check_query(
    request: HttpRequest | Request,
    allowed: Collection[str],
    lists: Callable[[], Collection[str]] = frozenset,
) -> None:
    """Refuse a query string that a route with parameters ``allowed`` does not understand.

    Those in ``lists()`` hold several values, and may be sent once for each; few requests ask.

    Raises:
        ValidationError: a parameter is unknown, repeated, too long or no text.
    """
    http: HttpRequest = getattr(request, "_request", request)
    if not http.META.get("QUERY_STRING"):
        return
    if http.encoding not in {None, "utf-8"}:
        # Content-Type's charset is the body's: with "utf-7" or "idna" it would garble the query.
        http.encoding = "utf-8"
    try:
        given = http.GET.lists()
    except TooManyFieldsSent:
        raise ValidationError(
            [ErrorDetail(_("Too many query parameters."), code="too_many_parameters")]
        ) from None
    for name, values in given:
        if name not in allowed:
            raise refusal(name, _("This parameter is not known here."), "unknown_parameter")
        if len(values) > 1 and name not in lists():
            raise refusal(name, _("Send this parameter once."), "repeated_parameter")
        check_value(name, ",".join(values))


def check_value(name: str, value: str) -> None:
    """Refuse the value of one query parameter when it is too long or no text (ValidationError)."""
    limit = MAX_CURSOR_CHARACTERS if name == CURSOR_PARAM else MAX_VALUE_CHARACTERS
    if len(value) > limit:
        message = _("At most %(limit)d characters.") % {"limit": limit}
        raise refusal(name, message, "too_long")
    if UNREADABLE.search(value):
        raise refusal(name, _("This is no readable UTF-8 text."), "invalid_text")


def raw_path(meta: Mapping[str, Any]) -> str:
    """Return the request's path as it was sent, or "" where the server does not say.

    Django routes by the decoded path, in which an encoded slash ends a segment that it was a part
    of (RFC 3986, 2.2) and ``%FF`` is three characters. ``RAW_URI`` is gunicorn's, ``REQUEST_URI``
    that of other servers; a test client sends neither.
    """
    raw: str = meta.get("RAW_URI") or meta.get("REQUEST_URI") or ""
    return raw.partition("?")[0]


def has_encoded_slash(meta: Mapping[str, Any]) -> bool:
    """Tell whether a slash of the request's path is percent-encoded."""
    return "%2f" in raw_path(meta).lower()


def check_address(meta: Mapping[str, Any]) -> None:
    """Refuse a path that is a second spelling of an address, or none.

    Raises:
        NotFound: a slash is percent-encoded.
        MalformedPath: its bytes are no UTF-8.
    """
    raw = raw_path(meta)
    if "%" not in raw and raw.isascii():
        return
    if has_encoded_slash(meta):
        raise errors.NotFound
    try:
        unquote_to_bytes(raw.encode("latin-1")).decode()
    except UnicodeError:
        raise MalformedPath(_("The path is no readable UTF-8 text.")) from None


def check_path(kwargs: Mapping[str, Any]) -> None:
    """Refuse path arguments that can name nothing.

    Raises:
        MalformedPath: one has control characters.
        NotFound: one is too long.
    """
    for value in kwargs.values():
        if not isinstance(value, str):
            continue
        if CONTROL.search(value):
            raise MalformedPath(_("The path holds control characters."))
        if len(value) > MAX_PATH_ARGUMENT_CHARACTERS:
            raise errors.NotFound


def path_key(value: str) -> int:
    """Return the key of a row that a part of the path names, or raise NotFound.

    It has one spelling: int() would read "1_0" and " 1", and "01" would be a second address.
    """
    try:
        return parse_key(value)
    except ValueError:
        raise errors.NotFound from None


def parse_int(value: str, minimum: int, maximum: int, *, name: str = "") -> int:
    """Return the whole number that ``value`` spells in ASCII digits, or raise a 400.

    The error names ``name`` when one is given.
    """
    number = int(value) if INTEGER.fullmatch(value) else None
    if number is None or not minimum <= number <= maximum:
        message = _("A whole number from %(minimum)d to %(maximum)d.") % {
            "minimum": minimum,
            "maximum": maximum,
        }
        raise _invalid(message, name)
    return number


def parse_bool(value: str, *, name: str = "") -> bool:
    """Return the flag that ``value`` spells (true, false, 1 or 0, in any case), or raise a 400."""
    flag = BOOLEANS.get(value.lower())
    if flag is None:
        raise _invalid(_("Either true or false."), name)
    return flag


def _invalid(message: str, name: str) -> ValidationError:
    """Return the 400 of a value, naming its parameter when that is known."""
    if name:
        return refusal(name, message, "invalid")
    return ValidationError([ErrorDetail(message, code="invalid")])
