"""Cases that sellers file on their phones: each is stored once, whatever of it comes again.

As visits are (``stores.services.visits``), but for two things: other content under a known id
changes nothing and is not kept, as what was reported stays as it is; and what cannot be read is
not kept either: the phone has it, with the problems.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from core.rows import insert
from core.text import is_clean, is_visible, storable
from stores import clock
from stores.constants import (
    APP_VERSION_LENGTH,
    DETAILS_LENGTH,
    REQUEST_ID_LENGTH,
    SUBJECT_LENGTH,
    CaseKind,
)
from stores.models import SellerCase
from stores.services import seller_cases
from stores.services.names import uuid_or_none
from stores.services.readings import Reader, usable_id
from stores.services.sellers import keep_account
from stores.services.sent import Problem, Sent, problem
from stores.services.visits import ID_TAKEN, INVALID
from stores.values import digest_of
from users.errors import InvalidToken

CLIENT_FIELDS = ("id", "kind", "subject", "details", "visit_id", "request_id")


class Verdict(NamedTuple):
    """What became of one row: the case that is stored, or why there is none."""

    sent: Sent
    case: SellerCase | None = None
    flags: Sequence[str] = ()
    problems: Sequence[Problem] = ()


def receive(*, seller_id: int, documents: Iterable[Sent]) -> list[Verdict]:
    """Store the cases that a seller files; return what became of each document, in their order.

    Raises:
        InvalidToken: the account was deactivated or removed meanwhile.
    """
    moment = timezone.now()
    kept = [sent for sent in documents if sent.server.get("_deleted") is not True]
    read = [(sent, *case_of(sent, seller_id, moment)) for sent in kept]
    new: dict[uuid.UUID, SellerCase] = {}
    for _sent, case, _problems in read:
        if case is not None:
            new.setdefault(case.pk, case)
    known = stored(seller_id, new)
    return [verdict(sent, case, problems, known, seller_id) for sent, case, problems in read]


def stored(seller_id: int, new: dict[uuid.UUID, SellerCase]) -> dict[uuid.UUID, SellerCase]:
    """Store what is new; return what is stored under each id, whoever's it is."""
    while True:
        known: dict[uuid.UUID, SellerCase] = SellerCase.objects.in_bulk(new)
        left = [case for key, case in new.items() if key not in known]
        if not left or store(seller_id, left):
            return {case.pk: case for case in [*known.values(), *left]}
        # Somebody else has stored one of the ids meanwhile: that is seen now.


@transaction.atomic
def store(seller_id: int, cases: list[SellerCase]) -> bool:
    """Write new cases; or nothing, and return False, if an id is no longer new.

    Raises:
        InvalidToken: the account was deactivated or removed after the request was let in.
    """
    if not keep_account(seller_id):
        raise InvalidToken
    cases.sort(key=lambda case: case.pk)
    last = clock.advance(clock.seller_key(seller_id), len(cases)) - len(cases)
    for place, case in enumerate(cases, start=1):
        case.seq = last + place
    if insert(SellerCase, cases, "ON CONFLICT (id) DO NOTHING") < len(cases):
        transaction.set_rollback(True)
        return False
    seller_cases.note_filed(cases)
    return True


def verdict(
    sent: Sent,
    case: SellerCase | None,
    problems: Sequence[Problem],
    known: dict[uuid.UUID, SellerCase],
    seller_id: int,
) -> Verdict:
    """Return what became of a document."""
    if case is None:
        return Verdict(sent, flags=[INVALID], problems=problems)
    master = known[case.pk]
    if master.seller_id != seller_id:
        return Verdict(sent, flags=[ID_TAKEN], problems=[problem("id", ID_TAKEN)])
    return Verdict(sent, master)


def case_of(
    sent: Sent, seller_id: int, moment: dt.datetime
) -> tuple[SellerCase | None, Sequence[Problem]]:
    """Return the case that a document says, not stored yet; or None and why there is none."""
    if sent.problems:
        return None, sent.problems
    reader = CaseReader(sent.fields)
    key = usable_id(sent.fields.get("id"))
    if key is None:
        reader.refuse("id", "required" if sent.fields.get("id") is None else "invalid")
    case = SellerCase(
        id=key,
        seller_id=seller_id,
        kind=reader.kind(),
        subject=reader.line("subject", SUBJECT_LENGTH, is_required=True),
        details=reader.lines("details", DETAILS_LENGTH),
        visit_id=reader.visit_id(),
        request_id=reader.line("request_id", REQUEST_ID_LENGTH),
        app_version=storable(sent.fields.get("app_version") or "", APP_VERSION_LENGTH),
        digest=digest_of({name: sent.fields.get(name) for name in CLIENT_FIELDS}),
        updated_at=moment,
    )
    return (None, reader.problems) if reader.problems else (case, [])


class CaseReader(Reader):
    """Reads the fields of a case."""

    def kind(self) -> str:
        """Return what the case is about."""
        value = self.fields.get("kind")
        if not isinstance(value, str) or value not in CaseKind.values:
            self.refuse("kind", "required" if value is None else "invalid_choice")
        return str(value)

    def lines(self, name: str, limit: int) -> str:
        """Return a text of several lines."""
        text = self.text(name, self.fields.get(name), limit)
        if not is_clean(text.replace("\r\n", "\n").replace("\t", " "), lines=True):
            self.refuse(name, "invalid_text")
        return text

    def line(self, name: str, limit: int, *, is_required: bool = False) -> str:
        """Return a text of one line."""
        found = len(self.problems)
        text = self.text(name, self.fields.get(name), limit).strip()
        if len(self.problems) > found:
            return ""
        if is_required and not is_visible(text):
            self.refuse(name, "required")
        elif not is_clean(text):
            self.refuse(name, "invalid_text")
        return text

    def visit_id(self) -> uuid.UUID | None:
        """Return the id of the visit that the case is about, if it is about one."""
        value = self.fields.get("visit_id")
        key = uuid_or_none(value)
        if key is None and value is not None:
            self.refuse("visit_id")
        return key
