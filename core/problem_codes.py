"""Every code that an error carries: its status, what it means, what to do about it.

Classes of errors say it themselves (``default_code``, ``default_detail``, ``advice``); the codes of
DRF, of the parsers and of the middleware stand here. ``/docs/problems/{code}`` shows them, the
contract lists them, and a test compares both with the table in docs/api.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException

# What to do, by status, where a class or OTHERS say nothing better.
ADVICE = {
    400: _("Correct the request as “detail” and “errors” say, then send it again."),
    401: _("Sign in, or refresh the access token, and send it as “Authorization: Bearer …”."),
    403: _("Ask somebody whose role may do this; the contract names the roles of each operation."),
    404: _("Check the address. What other people own is answered like what does not exist."),
    405: _("Use one of the methods that the header “Allow” names."),
    406: _("Accept application/json, or leave the header “Accept” out."),
    408: _("Send the request again, on a better network or in smaller parts."),
    409: _("Read the resource again, resolve the conflict, and decide anew."),
    410: _("Begin anew, under another id or with other content."),
    411: _("Send “Content-Length”; chunked bodies are not taken."),
    412: _("Read the resource again, put your change on top of it, and send its new entity tag."),
    413: _("Send less at once."),
    414: _("Send a shorter address."),
    415: _("Send the media type that the contract names for this operation, in UTF-8."),
    422: _("Correct what “detail” and “errors” say; the same request will be refused again."),
    426: _("Update the app."),
    460: _("Send the bytes again from the offset that HEAD tells."),
    429: _("Wait as many seconds as “Retry-After” says, then send the same request."),
    500: _("Report it with its “request_id”; the same request may be sent again."),
    502: _("Send the same request again; one that is not safe to repeat with its Idempotency-Key."),
    503: _("Wait as many seconds as “Retry-After” says, then send the same request again."),
    504: _("Send the same request again; one that is not safe to repeat with its Idempotency-Key."),
    507: _("Wait as many seconds as “Retry-After” says, then send the same request again."),
}
# code: (status, what it means)
OTHERS = {
    "invalid": (400, _("Some fields or query parameters are not valid; “errors” names each.")),
    "parse_error": (400, _("The body cannot be read.")),
    "json_malformed": (400, _("The body is no JSON; “detail” says where it stops being some.")),
    "json_not_an_object": (400, _("The body is JSON, but no object.")),
    "json_duplicate_key": (400, _("An object in the body has the same key twice.")),
    "json_integer_too_large": (400, _("The body has a whole number of more than 64 bits.")),
    "json_nul": (400, _("A text in the body holds the character NUL.")),
    "json_too_deep": (400, _("The body is nested more than 32 levels deep.")),
    "form_malformed": (400, _("The form's media type names no boundary.")),
    "form_incomplete": (400, _("The form ends before its closing boundary.")),
    "form_invalid_text": (400, _("A text of the form is not readable.")),
    "form_part_unreadable": (400, _("A part of the form cannot be read; “detail” says which.")),
    "not_authenticated": (401, _("The operation needs a token, and the request has none.")),
    "permission_denied": (403, _("The role of the caller may not do this.")),
    "method_not_allowed": (405, _("The address does not know this method.")),
    "not_acceptable": (406, _("The header “Accept” excludes all that the operation answers.")),
    "request_timeout": (408, _("The request took too long to arrive.")),
    "length_required": (411, _("The request has a body, but does not say how long it is.")),
    "uri_too_long": (414, _("The address is too long.")),
    "unsupported_media_type": (415, _("The operation does not take this media type.")),
    "unsupported_charset": (415, _("The body is in another charset than UTF-8.")),
    "bad_gateway": (502, _("No node of the platform answered.")),
    "gateway_timeout": (504, _("A node of the platform took too long to answer.")),
}


@dataclass(frozen=True, slots=True)
class Code:
    """One code. The texts are lazy: whoever shows them chooses the language."""

    code: str
    status: int
    meaning: Any
    advice: Any


def _classes(of: type[APIException]) -> Iterator[type[APIException]]:
    for cls in of.__subclasses__():
        yield cls
        yield from _classes(cls)


@cache
def codes() -> dict[str, Code]:
    """Return every code of the apps that run here, in alphabetical order."""
    import_module(settings.ROOT_URLCONF)  # and with it whatever may refuse a request
    found = {
        code: Code(code, status, meaning, ADVICE[status])
        for code, (status, meaning) in OTHERS.items()
    }
    here = tuple(f"{name}." for name in (*settings.REQUIRED_APPS, *settings.PLATFORM_APPS))
    for error in _classes(APIException):
        own = "default_code" in vars(error)
        if own and error.__module__.startswith(here) and error.default_code not in found:
            found[error.default_code] = code_of(error)
    return dict(sorted(found.items()))


def code_of(error: type[APIException]) -> Code:
    """Return what a class of errors says of itself."""
    advice = getattr(error, "advice", "") or ADVICE[error.status_code]
    return Code(error.default_code, error.status_code, error.default_detail, advice)
