"""What sellers' phones send is stored: each visit once, whatever of it comes again or differs."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.db import models, transaction
from django.utils import timezone

from core.audit import journal
from core.errors import NotFound
from core.rows import insert
from core.text import storable
from stores import clock
from stores.constants import APP_VERSION_LENGTH
from stores.errors import NotProcessable
from stores.models import DirtyDay, RejectedUpload, Visit, VisitRevision
from stores.services import items, photos, seller_cases
from stores.services.facts import Facts
from stores.services.push_queries import StoredVisit, stored_visits
from stores.services.readings import reading_of, usable_id
from stores.services.sellers import keep_account, lock_visits_of
from stores.services.sent import Problem, Sent, problem, read
from stores.services.verdicts import Report, content_digest, count_among_others, judge, report_of
from users.errors import InvalidToken

ID_TAKEN = "id_taken"
INVALID = "invalid"


class Master(NamedTuple):
    """A stored visit, and the number of the portfolio's version that it was compared with."""

    visit: Visit | StoredVisit
    version: int | None


class Verdict(NamedTuple):
    """What became of one row: the visit that is stored, or why there is none."""

    sent: Sent
    master: Master | None = None
    flags: Sequence[str] = ()
    problems: Sequence[Problem] = ()


@dataclass(slots=False)
class Row:
    """One row of a push, looked at only as far as is needed."""

    sent: Sent
    received_at: dt.datetime

    @cached_property
    def key(self) -> uuid.UUID | None:
        """Return the id that the visit has, if it is one."""
        return usable_id(self.sent.fields.get("id"))

    @cached_property
    def digest(self) -> str:
        """Return what tells this content from other content."""
        if self.sent.problems:
            return hashlib.sha256(self.sent.doc.encode()).hexdigest()
        return content_digest(self.sent)

    @cached_property
    def parsed(self) -> tuple[Report | None, Sequence[Problem]]:
        """Return what the row reports, or None and why it cannot be read."""
        reading, problems = None, self.sent.problems
        if not problems:
            reading, problems = reading_of(self.sent.fields)
        if reading is None:
            return None, problems
        return report_of(self.sent, reading, self.digest, self.received_at), []


@dataclass
class Plan:
    """What there is to write of a push."""

    new: dict[uuid.UUID, Report] = field(default_factory=dict)
    revisions: dict[tuple[uuid.UUID, str], Row] = field(default_factory=dict)
    rejected: dict[str, Row] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.new or self.revisions or self.rejected)


@dataclass
class Push:
    """One seller's rows, and what is stored under their ids."""

    seller_id: int
    rows: list[Row]
    received_at: dt.datetime
    masters: dict[uuid.UUID, Master] = field(default_factory=dict)

    def look_up(self) -> Plan:
        """Read what is stored, and return what is left to write."""
        keys = {row.key for row in self.rows if row.key}
        for visit in stored_visits(keys) if keys else ():
            self.masters[visit.id] = Master(visit, visit.version_number)
        plan = Plan()
        for row in self.rows:
            self.sort_in(row, plan)
        if plan.revisions:
            keys = {key for key, _digest in plan.revisions}
            known = VisitRevision.objects.filter(visit_id__in=keys)
            for one in known.values_list("visit_id", "digest"):
                plan.revisions.pop(one, None)
        if plan.rejected:
            uploads = RejectedUpload.objects.filter(
                seller_id=self.seller_id, digest__in=plan.rejected
            )
            for digest in uploads.values_list("digest", flat=True):
                del plan.rejected[digest]
        return plan

    def sort_in(self, row: Row, plan: Plan) -> None:
        """Put a row where it belongs: the first of an id is the visit, other content a revision."""
        if row.key in self.masters:
            visit = self.masters[row.key].visit
            if visit.seller_id == self.seller_id and visit.digest != row.digest:
                plan.revisions.setdefault((row.key, row.digest), row)
        elif row.key in plan.new:
            if plan.new[row.key].digest != row.digest:
                plan.revisions.setdefault((row.key, row.digest), row)
        elif (report := row.parsed[0]) is not None:
            plan.new[report.reading.id] = report
        else:
            plan.rejected.setdefault(row.digest, row)

    def verdict(self, row: Row) -> Verdict:
        """Return what became of a row."""
        master = self.masters.get(row.key) if row.key else None
        if master is None:
            return Verdict(row.sent, flags=[INVALID], problems=row.parsed[1])
        if master.visit.seller_id != self.seller_id:
            return Verdict(row.sent, flags=[ID_TAKEN], problems=[problem("id", ID_TAKEN)])
        return Verdict(row.sent, master)


def receive(*, seller_id: int, documents: Iterable[Sent]) -> list[Verdict]:
    """Store what a seller's phone sends, and return what became of each document, in their order.

    A new id is a visit. The same content under a known id stores nothing, other content a revision;
    what no visit can be made of is kept to be looked at. What the phone deletes is only its copy.

    Raises:
        InvalidToken: the account was deactivated or removed meanwhile.
    """
    received_at = timezone.now()
    kept = [sent for sent in documents if sent.server.get("_deleted") is not True]
    push = Push(seller_id, [Row(sent, received_at) for sent in kept], received_at)
    while plan := push.look_up():
        if store(push, plan):
            break
        # Somebody else has stored one of the ids meanwhile: that is seen now.
    return [push.verdict(row) for row in push.rows]


@transaction.atomic
def store(push: Push, plan: Plan) -> bool:
    """Write what a push brought; or nothing, and return False, if an id is no longer new.

    The seller's clock comes before what is written. It lets one push of a seller in at a time, so
    that revisions get their numbers while nobody else gives any out.

    Raises:
        InvalidToken: the account was deactivated or removed after the request was let in.
    """
    if not keep_account(push.seller_id):
        raise InvalidToken
    count = len(plan.new)
    last = clock.advance(clock.seller_key(push.seller_id), count)
    visits = make_visits(push.seller_id, plan.new, last - count)
    if visits is None:
        transaction.set_rollback(True)
        return False
    if plan.revisions or plan.rejected:
        plan = push.look_up()  # behind the clock
    revisions = [(key, row) for (key, _digest), row in plan.revisions.items()]
    add_revisions(revisions)
    uploads = [upload_of(push.seller_id, row) for row in plan.rejected.values()]
    mark_dirty(push.seller_id, {master.visit.day for master in visits.values()}, push.received_at)
    push.masters.update(visits)
    aside = {"revisions": len(revisions), "rejected": len(plan.rejected)}
    reason = ", ".join(f"{name}: {number}" for name, number in aside.items() if number)
    if visits or reason:
        journal.record(journal.Action.CREATE, Visit, count=len(visits), reason=reason)
    if uploads:
        RejectedUpload.objects.bulk_create(uploads)
        filed = seller_cases.file_for_uploads(uploads, push.received_at)
        clock.stamp(*filed, key=clock.seller_key(push.seller_id))
    return True


def make_visits(
    seller_id: int, new: dict[uuid.UUID, Report], seq: int
) -> dict[uuid.UUID, Master] | None:
    """Judge and store new visits under the numbers after ``seq``; return them by id.

    None if one of the ids is no longer new: what was judged by may not hold either.
    """
    if not new:
        return {}
    facts = Facts(seller_id, [report.question for report in new.values()])
    visits = []
    for report in new.values():
        visit = judge(report, facts, seller_id=seller_id)
        count_among_others(visit, facts)
        visits.append(visit)
    photos.link(seller_id, {one.pk: (one, new[one.pk].reading.photos) for one in visits})
    visits.sort(key=lambda visit: visit.pk)
    for place, visit in enumerate(visits, start=1):
        visit.seq = seq + place
    if insert(Visit, visits, "ON CONFLICT (id) DO NOTHING") < len(visits):
        return None
    readings = [report.reading for report in new.values()]
    if unnamed := {reading.id: reading.items for reading in readings if reading.items}:
        items.store(seller_id, unnamed, facts.named)
    numbers = {version.id: version.number for version in facts.versions}
    return {
        visit.pk: Master(visit, numbers.get(visit.portfolio_version_id or 0)) for visit in visits
    }


def add_revisions(rows: Sequence[tuple[uuid.UUID, Row]]) -> None:
    """Keep other content of stored visits, numbered after what there is of each."""
    if not rows:
        return
    found = VisitRevision.objects.filter(visit_id__in={key for key, _row in rows})
    last = dict(found.values("visit_id").values_list("visit_id", models.Max("number")))
    revisions = []
    for key, row in rows:
        last[key] = last.get(key, 0) + 1
        revisions.append(
            VisitRevision(
                visit_id=key,
                number=last[key],
                digest=row.digest,
                doc=row.sent.doc,
                received_at=row.received_at,
            )
        )
    VisitRevision.objects.bulk_create(revisions)


def upload_of(seller_id: int, row: Row) -> RejectedUpload:
    """Return what is kept of a row of which no visit could be made."""
    return RejectedUpload(
        seller_id=seller_id,
        visit_id=row.key,
        digest=row.digest,
        raw=row.sent.text,
        problems=list(row.parsed[1]),
        app_version=storable(row.sent.fields.get("app_version") or "", APP_VERSION_LENGTH),
        received_at=row.received_at,
    )


def mark_dirty(seller_id: int, days: Iterable[dt.date], moment: dt.datetime) -> None:
    """Have the figures of a seller's days counted again."""
    marks = [DirtyDay(seller_id=seller_id, day=day, marked_at=moment) for day in sorted(set(days))]
    if marks:
        again = "ON CONFLICT (seller_id, day) DO UPDATE SET marked_at = excluded.marked_at"
        insert(DirtyDay, marks, again)


@transaction.atomic  # with a savepoint: who processes several goes on after a refusal
def process_rejected(*, upload: RejectedUpload) -> Visit:
    """Make a visit of what was rejected, now that it can be; return it.

    It counts as received when it came.

    Raises:
        NotFound: it was deleted meanwhile.
        NotProcessable: it still cannot be, or there is a visit under its id.
    """
    row = Row(read(upload.raw), upload.received_at)
    push = Push(upload.seller_id, [row], upload.received_at)
    last = lock_visits_of(upload.seller_id, count=1)
    if not RejectedUpload.objects.select_for_update().filter(pk=upload.pk).exists():
        raise NotFound
    report = push.look_up().new.get(row.key) if row.key else None
    new = {report.reading.id: report} if report else {}
    made = make_visits(upload.seller_id, new, last - 1) if new else None
    if made is None:
        is_taken = bool(new) or row.key in push.masters
        problems = [problem("id", ID_TAKEN)] if is_taken else row.parsed[1]
        raise NotProcessable(problems=list(problems))
    visit: Visit = Visit.objects.get(pk__in=made)
    changes = journal.change(upload, {"processed_at": timezone.now()})
    seller_cases.note_processed(upload)
    journal.record(journal.Action.CHANGE, upload, changes=changes)
    mark_dirty(upload.seller_id, {visit.day}, timezone.now())
    journal.record(journal.Action.CREATE, visit, reason=f"rejected upload {upload.pk}")
    return visit
