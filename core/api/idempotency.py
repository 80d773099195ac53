"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header-07) on every POST.

The key row and the effect are one transaction: a crash leaves neither, so no key can stay locked.
A duplicate that arrives meanwhile waits on the unique key until the first one ends, then gets its
answer. Refusals are kept too (their effect is undone, their answer is not), but for those that may
end differently next time: see :func:`is_final`.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from core.errors import BadRequest, Conflict, Unprocessable
from core.models import StoredAnswer

HEADER = "Idempotency-Key"
WELL_FORMED = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = (
    "Content-Type",
    "Location",
    "ETag",
    "Cache-Control",
    "Vary",
    "Retry-After",
    "WWW-Authenticate",
)
# What depends on more than the method, path and body that a key is bound to: on who calls and what
# they may see (401, 403, 404), on preconditions (412), on the moment (408, 425, 429).
NEVER_KEPT = {401, 403, 404, 408, 412, 425, 429}
LOCK_NOT_AVAILABLE = "55P03"


class KeyMalformed(BadRequest):
    """The header holds something else than 1 to 255 visible ASCII characters."""

    default_code = "idempotency_key_malformed"
    default_detail = _("Idempotency-Key must be 1 to 255 visible ASCII characters.")


class KeyReused(Unprocessable):
    """The key came before with another method, path or body."""

    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was used for a different request.")


class StillRunning(Conflict):
    """The first request with this key has not ended yet."""

    retry_after = 1
    default_code = "idempotency_key_in_use"
    default_detail = _("The first request with this Idempotency-Key is still running.")


def is_final(response: HttpResponseBase) -> bool:
    """Tell whether an answer is the result of the operation, which a repeat gets again.

    A success is. A refusal is unless the same request may end differently next time: the server
    failed, the refusal says when to try again (``Retry-After``), or it depends on more than the
    request. It had no effect, so a repeat that runs anew is safe.
    """
    if response.status_code < 400:  # noqa: PLR2004 - RFC 9110, 15: from here on it is a refusal
        return True
    return not (
        response.status_code >= 500  # noqa: PLR2004 - server errors
        or response.status_code in NEVER_KEPT
        or "Retry-After" in response
    )


def caller_of(request: Request) -> str:
    """Return who owns the key: one user's keys mean nothing to another.

    On the routes that authenticate nobody a key belongs to the request, with the token that it may
    carry: else whoever guesses somebody's key could try passwords under it, each wrong one a 422
    that is never counted, and of two who sign out with the same key one would stay signed in.
    """
    user = request.user
    return f"user:{user.pk}" if user and user.is_authenticated else ""


def sealing_key(caller: str, key: str) -> bytes:
    """Return the AES key of an answer: only server and caller together can make it."""
    message = f"stored answer|{caller}|{key}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")


def canonical(data: Any) -> bytes:
    """Return the same bytes for the same content, however it was spelled or delimited."""
    if not isinstance(data, QueryDict):
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    parts: list[tuple[str, list[str]]] = []
    for name, values in sorted(data.lists()):
        parts.append((name, [content_of(value) for value in values]))
    return orjson.dumps(parts)


def content_of(value: Any) -> str:
    """Return a form field's text, or the name and digest of an uploaded file."""
    if not isinstance(value, UploadedFile):
        return f"text:{value}"
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"file:{value.name}:{digest.hexdigest()}"


def fingerprint_of(request: Request) -> str:
    """Return a keyed digest of method, full path and body."""
    secret = settings.SECRET_KEY.encode()
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hmac.new(secret, head + canonical(request.data), "sha256").hexdigest()


class Idempotency:
    """One keyed request: replays the stored answer or runs the handler and stores its answer.

    Raises:
        KeyMalformed: the header is no key.
    """

    def __init__(self, request: Request) -> None:
        raw = request.headers[HEADER]
        if not WELL_FORMED.fullmatch(raw):
            raise KeyMalformed
        self.fingerprint = fingerprint_of(request)
        caller = caller_of(request) or f"{self.fingerprint}|{request.headers.get('Authorization')}"
        self.digest = hashlib.sha256(f"{caller}|{raw}".encode()).hexdigest()
        self.cipher = AESGCM(sealing_key(caller, raw))

    def answer(
        self,
        run: Callable[[], HttpResponse],
        refuse: Callable[[Exception], HttpResponse],
    ) -> HttpResponse:
        """Return the stored answer, or run the effect with its key row in one transaction.

        ``refuse`` renders the exceptions that are answers and raises the others again.

        Raises:
            KeyReused: the key came before with another request.
            StillRunning: the first request with this key has not ended.
        """
        with transaction.atomic():
            row = self.claim()
            if row.status is not None:
                return self.replay(row)
            try:
                with transaction.atomic():
                    response = run()
                    if not is_final(response):
                        transaction.set_rollback(True)
            except Exception as error:  # noqa: BLE001 - refuse() raises again what is no answer
                response = refuse(error)
            if is_final(response):
                self.store(row, response)
            elif response.status_code < 500:  # noqa: PLR2004 - server errors
                row.delete()  # and not all: what the refusal recorded stays
            else:
                transaction.set_rollback(True)  # the database may be away
            return response

    def answer_outside(self, run: Callable[[], HttpResponse]) -> HttpResponse:
        """Do the same for a handler that must commit on its own (login attempts must count).

        Two duplicates at once both run; the first stored answer is what both get.

        Raises:
            KeyReused: the key came before with another request.
            StillRunning: the first request with this key has not ended.
        """
        row = StoredAnswer.objects.filter(key=self.digest).first()
        if row is not None:
            return self.replay(row)
        response = run()
        if not is_final(response):
            return response
        with transaction.atomic():
            row = self.claim()
            if row.status is not None:
                return self.replay(row)
            self.store(row, response)
        return response

    def claim(self) -> StoredAnswer:
        """Insert the key row, or wait for its owner and return the row that it left.

        Raises:
            StillRunning: the owner took too long, or its row is gone.
        """
        try:
            with transaction.atomic():
                return StoredAnswer.objects.create(key=self.digest, fingerprint=self.fingerprint)
        except IntegrityError as error:
            row = StoredAnswer.objects.select_for_update().filter(key=self.digest).first()
            if row is None:  # its seven days ended between the two statements
                raise StillRunning from error
            return row
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") == LOCK_NOT_AVAILABLE:
                raise StillRunning(headers={"Retry-After": "2"}) from error
            raise

    def store(self, row: StoredAnswer, response: HttpResponse) -> None:
        """Keep the answer, sealed; one that would be streamed is made whole."""
        body = response.getvalue()
        if response.streaming:
            response.streaming_content = [body]  # type: ignore[attr-defined]  # it streams
        nonce = os.urandom(12)
        row.status = response.status_code
        row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        row.body = nonce + self.cipher.encrypt(nonce, body, self.digest.encode())
        row.save(update_fields=["status", "headers", "body"])

    def replay(self, row: StoredAnswer) -> HttpResponse:
        """Return the stored answer again.

        It commits a write of its own: a replay must not confirm what is not replicated yet.

        Raises:
            KeyReused: the answer is another request's.
        """
        if not hmac.compare_digest(row.fingerprint, self.fingerprint):
            raise KeyReused
        StoredAnswer.objects.filter(pk=row.pk).update(replays=F("replays") + 1)
        sealed = bytes(row.body)
        body = self.cipher.decrypt(sealed[:12], sealed[12:], self.digest.encode())
        response = HttpResponse(body, status=row.status, headers=row.headers)
        if "Content-Type" not in row.headers:  # nothing has none; Django would say text/html
            del response["Content-Type"]
        response["Idempotency-Replayed"] = "true"
        return response
