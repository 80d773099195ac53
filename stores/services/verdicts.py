"""What is made of a visit when it comes: its day, its flags, and how it meets the must-have list.

A verdict is frozen: what changes in the catalogue later changes no visit.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.utils import timezone

from core.values import INT32_MAX, business_day
from stores.constants import FRESH_FIX, LATEST_AHEAD, OLDEST_VISIT, Flag, VisitState
from stores.models import Visit
from stores.services.facts import Facts, Other, Place, Question, Version
from stores.services.names import Item, named
from stores.services.readings import Reading, as_utc, seconds_between
from stores.services.retention import without_old_position
from stores.services.sent import Sent
from stores.values import digest_of, distance_m

FOUR_PLACES = Decimal("0.0001")
FLAG_ORDER = {flag.value: place for place, flag in enumerate(Flag)}


class Report(NamedTuple):
    """One visit as a phone reports it, and when that came in."""

    sent: Sent
    reading: Reading
    digest: str
    received_at: dt.datetime
    occurred_at: dt.datetime
    day: dt.date
    is_clock_wrong: bool

    @property
    def question(self) -> Question:
        """Return what must be known to judge it."""
        reading = self.reading
        return Question(reading.establishment, self.day, reading.seen, named(reading.items))


def report_of(sent: Sent, reading: Reading, digest: str, received_at: dt.datetime) -> Report:
    """Return what a phone reports, with the moment that we believe: its own or that of receipt."""
    occurred_at = believed(reading, received_at)
    is_wrong = occurred_at is None
    occurred_at = occurred_at or received_at
    return Report(
        sent,
        reading,
        digest,
        received_at,
        occurred_at,
        business_day(occurred_at),
        is_wrong,
    )


def content_digest(sent: Sent) -> str:
    """Return the digest by which two spellings of one content are the same."""
    fields = dict(sent.fields)
    if type(fields.get("establishment")) is int:
        fields["establishment"] = str(fields["establishment"])
    if isinstance(fields.get("id"), str):
        fields["id"] = fields["id"].lower()
    return digest_of(fields)


def believed(reading: Reading, received_at: dt.datetime) -> dt.datetime | None:
    """Return when a visit began, by the phone's clock and its offset; None if that cannot be."""
    if timezone.is_naive(reading.captured_at):
        return None
    try:
        offset = dt.timedelta(milliseconds=reading.clock_offset_ms)
        moment = (reading.captured_at + offset).astimezone(dt.UTC)
    except OverflowError:
        return None
    is_possible = received_at - OLDEST_VISIT <= moment <= received_at + LATEST_AHEAD
    return moment if is_possible else None


def judge(report: Report, facts: Facts, *, seller_id: int) -> Visit:
    """Return the visit of a report, not stored yet.

    Whether it is its day's first there is for :func:`count_among_others` to say.
    """
    reading, day = report.reading, report.day
    place = facts.places.get(reading.establishment or 0)
    flags = set(location_flags(report)) | set(product_flags(reading.seen, facts, day))
    if report.is_clock_wrong:
        flags.add(Flag.CLOCK)
    if report.sent.is_repaired:
        flags.add(Flag.TEXT_REPAIRED)
    captured_at = as_utc(reading.captured_at)
    ended_at = None if reading.ended_at is None else as_utc(reading.ended_at)
    visit = Visit(
        id=reading.id,
        seller_id=seller_id,
        captured_at=captured_at,
        occurred_at=report.occurred_at,
        received_at=report.received_at,
        day=day,
        seconds=seconds_between(captured_at, ended_at),
        outcome=reading.outcome,
        seen=reading.seen,
        photos_missing=len(reading.photos),
        doc=without_old_position(report.sent.doc, day),
        digest=report.digest,
    )
    if place is None:
        flags.add(Flag.UNKNOWN_ESTABLISHMENT)
    else:
        flags |= place_flags(visit, reading, place, facts)
    set_flags(visit, flags)
    return visit


def set_flags(visit: Visit, flags: set[str]) -> None:
    """Give a visit its flags, and the state that follows from them; a void one stays void."""
    visit.flags = sorted((str(flag) for flag in flags), key=FLAG_ORDER.__getitem__)
    if visit.state != VisitState.VOID:
        visit.state = VisitState.FLAGGED if flags else VisitState.ACCEPTED


def location_flags(report: Report) -> list[str]:
    """Return what is odd about a visit's position, wherever it was."""
    fix, captured_at = report.reading.fix, as_utc(report.reading.captured_at)
    if fix is None:
        return [Flag.NO_LOCATION]
    taken_at = None if fix.taken_at is None else as_utc(fix.taken_at)
    if taken_at is None or captured_at is None or captured_at - taken_at <= FRESH_FIX:
        return []
    return [Flag.STALE_LOCATION]


def product_flags(seen: list[int], facts: Facts, day: dt.date) -> list[str]:
    """Return what is odd about the products that were seen."""
    known = [key for key in seen if key in facts.inactive_on]
    flags: list[str] = []
    if len(known) < len(seen):
        flags.append(Flag.UNKNOWN_PRODUCT)
    if not all(facts.is_active(key, day) for key in known):
        flags.append(Flag.RETIRED_PRODUCT)
    return flags


def place_flags(visit: Visit, reading: Reading, place: Place, facts: Facts) -> set[str]:
    """Fill in what depends on the establishment; return what is odd about that."""
    flags: set[str] = set()
    visit.establishment_id = place.id
    visit.city, visit.region, visit.typology = place.city, place.region, place.typology
    fix = reading.fix
    if fix is not None and place.lat is not None and place.lon is not None:
        metres = distance_m(fix.lat, fix.lon, place.lat, place.lon)
        visit.distance_m = min(round(metres), INT32_MAX)
        if metres > place.geofence_m + fix.accuracy_m:
            flags.add(Flag.FAR)
    if not facts.is_assigned(place.id, visit.day):
        flags.add(Flag.NOT_ASSIGNED)
    version = facts.version(place, visit.day)
    if reading.portfolio_version not in {"", str(version.id) if version else ""}:
        flags.add(Flag.OLD_PORTFOLIO)
    if version is not None:
        compare(visit, version, facts, also=recognised(reading.items, facts))
    return flags


def recognised(items: Iterable[Item], facts: Facts) -> set[int]:
    """Return the products that items are known to be, though the phone could not name them."""
    names = (item.name for item in items)
    return {facts.named[name] for name in names if name in facts.named}


def compare(visit: Visit, version: Version, facts: Facts, *, also: Collection[int]) -> None:
    """Fill in how a visit meets a must-have list, of which only what was in use that day counts.

    ``also`` are products that were there besides those that the phone names.
    """
    wanted = [
        key
        for key in version.product_ids
        if key in facts.inactive_on and facts.is_active(key, visit.day)
    ]
    seen = {*visit.seen, *also}
    visit.missing = [key for key in wanted if key not in seen]
    visit.portfolio_version_id = version.id
    visit.must_have, visit.present = len(wanted), len(wanted) - len(visit.missing)
    visit.compliance = share_of(visit.present, visit.must_have)


def share_of(present: int, must_have: int) -> Decimal | None:
    """Return which part of a list was there; of an empty list there is none."""
    if not must_have:
        return None
    return (Decimal(present) / must_have).quantize(FOUR_PLACES, ROUND_HALF_UP)


def count_among_others(visit: Visit, facts: Facts) -> None:
    """Flag a visit that is not its day's first there, and let the next ones know of it.

    A visit of which the day is not known is neither.
    """
    if visit.establishment_id is None or Flag.CLOCK in visit.flags:
        return
    others = facts.others[visit.establishment_id, visit.day]
    flags = set(visit.flags)
    if any(other.seller != visit.seller_id for other in others):
        flags.add(Flag.SECOND_SELLER)
    if any(other.seller == visit.seller_id for other in others):
        flags.add(Flag.DUPLICATE_SAME_DAY)
    set_flags(visit, flags)
    others.append(Other(visit.pk, visit.seller_id, visit.received_at))
