"""What a push is answered: the documents that a phone does not have as they are stored (RxDB)."""

from collections.abc import Iterable

import orjson

from stores.constants import REJECTED
from stores.models import SellerCase
from stores.services import filed
from stores.services.sent import Sent, without
from stores.services.visits import Master, Verdict
from stores.sync.documents import case_document, visit_document

VERDICT_KEYS = frozenset({b'"state"', b'"flags"', b'"problems"'})


def body_of(verdicts: Iterable[Verdict]) -> bytes:
    """Return the body of an answer: an array of documents, in the order of the rows."""
    return array_of(
        rejected(verdict) if verdict.master is None else accepted(verdict.sent, verdict.master)
        for verdict in verdicts
    )


def body_of_cases(verdicts: Iterable[filed.Verdict]) -> bytes:
    """Return the body of an answer to filed cases, as :func:`body_of`."""
    return array_of(
        rejected(verdict) if verdict.case is None else known(verdict.sent, verdict.case)
        for verdict in verdicts
    )


def array_of(parts: Iterable[bytes]) -> bytes:
    """Return an array of the documents that there are."""
    return b"[" + b",".join(part for part in parts if part) + b"]"


def accepted(sent: Sent, master: Master) -> bytes:
    """Return the stored visit's document; nothing when it is what was sent, to the last field."""
    document = visit_document(master.visit, master.version)
    if "state" not in sent.server or sent.is_repaired:
        return document
    on_phone = {"_deleted": False, **sent.fields, **sent.server}
    return b"" if orjson.loads(document) == on_phone else document


def known(sent: Sent, case: SellerCase) -> bytes:
    """Return the stored case's document; nothing when it is what was sent, to the last field."""
    document = case_document(case)
    if sent.is_repaired:
        return document
    on_phone = {"_deleted": False, **sent.fields, **sent.server}
    return b"" if orjson.loads(document) == on_phone else document


def rejected(verdict: Verdict | filed.Verdict) -> bytes:
    """Return what was sent, every field to the byte, and why nothing was made of it.

    A phone takes the answer for the truth: what were left out would be lost there.
    """
    why = {
        "state": REJECTED,
        "flags": list(verdict.flags),
        "problems": list(verdict.problems),
    }
    if {name: verdict.sent.server.get(name) for name in why} == why:
        return b""
    echo = without(verdict.sent.text.encode(), VERDICT_KEYS)[:-1]
    return echo + (b"," if len(echo) > 1 else b"") + orjson.dumps(why)[1:]
