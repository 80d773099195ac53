"""What a document says of a visit, as typed values; what cannot be read is a problem of a field.

Read is what the table has columns for. Anything else stays in the document, as do fields that
nobody here knows.
"""

import datetime as dt
import re
import uuid
from typing import Any, NamedTuple

from core.values import INT32_MAX, YEARS, in_time_zone, parse_key, parse_uuid
from stores.constants import (
    MAX_PHOTOS,
    MAX_PROBLEMS,
    MAX_SEEN_PRODUCTS,
    MAX_UNRECOGNISED,
    NOTE_LENGTH,
    Outcome,
)
from stores.services.names import Item, items_of
from stores.services.sent import Problem, problem

# ISO 8601 as phones write it: the fraction of any length, the offset maybe missing.
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Fix(NamedTuple):
    """Where a phone was, to how many metres, and when it found out."""

    lat: float
    lon: float
    accuracy_m: float
    taken_at: dt.datetime | None


class Declared(NamedTuple):
    """A photo that a visit says it has; without a usable id it is never found."""

    id: uuid.UUID | None
    sha256: str


class Reading(NamedTuple):
    """What a document says. ``captured_at`` is the phone's clock; without an offset it is naive."""

    id: uuid.UUID
    establishment: int | None
    captured_at: dt.datetime
    ended_at: dt.datetime | None
    clock_offset_ms: int
    fix: Fix | None
    portfolio_version: str
    seen: list[int]
    photos: list[Declared]
    outcome: str
    items: list[Item]


class Reader:
    """Reads the fields of one document and collects what is wrong with them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.problems: list[Problem] = []

    def refuse(self, field: str, code: str = "invalid") -> None:
        """Note a problem; the first ones are enough to find the phone's fault."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem(field, code))

    def moment(self, name: str, value: Any) -> dt.datetime | None:
        """Return a time with its offset, or naive without one."""
        if isinstance(value, str) and MOMENT.fullmatch(value):
            try:
                return dt.datetime.fromisoformat(value.upper())
            except ValueError:
                pass
        self.refuse(name)
        return None

    def integer(self, name: str, value: Any, *, minimum: int | None = None) -> int:
        """Return a whole number; nothing is 0."""
        if value is None:
            return 0
        if type(value) is not int:
            self.refuse(name)
        elif minimum is not None and value < minimum:
            self.refuse(name, "min_value")
        else:
            return value
        return 0

    def number(self, name: str, value: Any, low: float, high: float = float("inf")) -> float:
        """Return a number between two others."""
        if type(value) not in {int, float}:
            self.refuse(name, "required" if value is None else "invalid")
        elif value < low:
            self.refuse(name, "min_value")
        elif value > high:
            self.refuse(name, "max_value")
        else:
            return float(value)
        return 0.0

    def text(self, name: str, value: Any, limit: int | None = None) -> str:
        """Return a text; nothing is an empty one."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse(name)
        elif limit is not None and len(value) > limit:
            self.refuse(name, "max_length")
        else:
            return value
        return ""

    def rows(self, name: str, limit: int) -> list[Any]:
        """Return a list of at most so many values; nothing is an empty one."""
        value = self.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(name)
        elif len(value) > limit:
            self.refuse(name, "max_length")
        else:
            return value
        return []

    def key(self) -> uuid.UUID | None:
        """Return the visit's id."""
        value = self.fields.get("id")
        if value is None:
            self.refuse("id", "required")
            return None
        key = usable_id(value)
        if key is None:
            self.refuse("id")
        return key

    def establishment(self) -> int | None:
        """Return the establishment's key; None if what stands there is no key of one."""
        value = self.fields.get("establishment")
        if isinstance(value, str) or type(value) is int:
            try:
                return parse_key(str(value))
            except ValueError:
                return None
        if value is not None:
            self.refuse("establishment")
        return None

    def fix(self) -> Fix | None:
        """Return where the phone was, if it knew."""
        value = self.fields.get("location")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse("location")
            return None
        accuracy, taken = value.get("accuracy_m"), value.get("taken_at")
        self.text("location.source", value.get("source"))
        return Fix(
            self.number("location.lat", value.get("lat"), -90, 90),
            self.number("location.lon", value.get("lon"), -180, 180),
            0.0 if accuracy is None else self.number("location.accuracy_m", accuracy, 0),
            None if taken is None else self.moment("location.taken_at", taken),
        )

    def seen(self) -> list[int]:
        """Return the products' keys, each once."""
        if self.fields.get("seen") is None:
            self.refuse("seen", "required")
        seen = self.rows("seen", MAX_SEEN_PRODUCTS)
        for index, value in enumerate(seen):
            if type(value) is not int:
                self.refuse(f"seen[{index}]")
        return list(dict.fromkeys(seen)) if not self.problems else []

    def check_facings(self) -> None:
        """Look at how often each product stands there."""
        self.integer("total_facings", self.fields.get("total_facings"), minimum=0)
        facings = self.fields.get("facings")
        if facings is None:
            return
        if not isinstance(facings, dict):
            self.refuse("facings")
            return
        for key, value in facings.items():
            if type(value) is not int or not key.isascii() or not key.isdigit():
                self.refuse(f"facings.{key}")
            elif value < 0:
                self.refuse(f"facings.{key}", "min_value")

    def items(self, visit_id: uuid.UUID | None) -> list[Item]:
        """Return what the phone could not name."""
        rows = self.rows("unrecognised", MAX_UNRECOGNISED)
        for index, value in enumerate(rows):
            if not isinstance(value, dict):
                self.refuse(f"unrecognised[{index}]")
                continue
            for name in ("gtin", "text"):
                self.text(f"unrecognised[{index}].{name}", value.get(name))
        return items_of(visit_id, rows) if rows and visit_id and not self.problems else []

    def photos(self) -> list[Declared]:
        """Return the photos that belong to the visit."""
        photos = self.rows("photos", MAX_PHOTOS)
        declared = []
        for index, value in enumerate(photos):
            if not isinstance(value, dict):
                self.refuse(f"photos[{index}]")
                continue
            digest = value.get("sha256")
            if not isinstance(digest, str) or not SHA256.fullmatch(digest):
                self.refuse(f"photos[{index}].sha256", "required" if digest is None else "invalid")
            else:
                declared.append(Declared(usable_id(value.get("id")), digest.lower()))
        return declared

    def outcome(self) -> str:
        """Return how the visit went."""
        value = self.fields.get("outcome")
        if value is None:
            return Outcome.DONE.value
        if not isinstance(value, str) or value not in Outcome.values:
            self.refuse("outcome", "invalid_choice")
        return str(value)

    def portfolio_version(self) -> str:
        """Return the key of the portfolio's version that the phone had; nothing if it says none."""
        value = self.fields.get("portfolio_version_id")
        return str(value) if type(value) is int else self.text("portfolio_version_id", value)


def usable_id(value: Any) -> uuid.UUID | None:
    """Return the id that a visit can be stored under, if this is one."""
    try:
        key = parse_uuid(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return key if key is not None and key.int else None


def reading_of(fields: dict[str, Any]) -> tuple[Reading | None, list[Problem]]:
    """Return what the fields of a document say, or None and why they cannot be read."""
    reader = Reader(fields)
    captured, ended = fields.get("captured_at"), fields.get("ended_at")
    if captured is None:
        reader.refuse("captured_at", "required")
    values: dict[str, Any] = {
        "id": reader.key(),
        "establishment": reader.establishment(),
        "captured_at": None if captured is None else reader.moment("captured_at", captured),
        "ended_at": None if ended is None else reader.moment("ended_at", ended),
        "clock_offset_ms": reader.integer("clock_offset_ms", fields.get("clock_offset_ms")),
        "fix": reader.fix(),
        "portfolio_version": reader.portfolio_version(),
        "seen": reader.seen(),
        "photos": reader.photos(),
        "outcome": reader.outcome(),
    }
    reader.check_facings()
    values["items"] = reader.items(values["id"])
    reader.text("note", fields.get("note"), NOTE_LENGTH)
    reader.text("app_version", fields.get("app_version"))
    if reader.problems:
        return None, reader.problems
    return Reading(**values), []


def as_utc(moment: dt.datetime) -> dt.datetime | None:
    """Return a phone's time in UTC, a naive one as TIME_ZONE's; None if no column holds it."""
    try:
        utc = in_time_zone(moment).astimezone(dt.UTC)
    except OverflowError:
        return None
    return utc if utc.year in YEARS else None


def seconds_between(start: dt.datetime | None, end: dt.datetime | None) -> int | None:
    """Return the seconds from one to the other by the phone's own clock, if that makes sense."""
    if start is None or end is None:
        return None
    seconds = round((end - start).total_seconds())
    return seconds if 0 <= seconds <= INT32_MAX else None
