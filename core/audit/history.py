"""An object's history as people read it: names, times and choices in their language."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import models
from django.template.defaultfilters import date, yesno
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.fields import KeyField
from core.models import Action, JournalEntry

MAX_ENTRIES = 200  # the journal's own list has all
MOMENT = "Y-m-d H:i:s T"
LOOKS = (Action.READ, Action.EXPORT, Action.REFUSED)
type_names = dict[str, dict[Any, str]]


@dataclass(slots=True)
class Step:
    """What one request did to an object, or one task or command that belonged to it."""

    first: JournalEntry
    entries: list[JournalEntry] = field(default_factory=list)


def shown(field: Any, value: Any) -> Any:
    """Return a value that the journal keeps as JSON; a field that is gone leaves it as it is."""
    if isinstance(value, bool):
        return yesno(value)
    if isinstance(value, list):
        return ", ".join(str(shown(field, one)) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(None, one)}" for name, one in value.items())
    if not isinstance(value, str | int) or field is None:
        return value
    if field.flatchoices:
        return dict(field.flatchoices).get(value, value)
    moment = parse_datetime(str(value)) if isinstance(field, models.DateTimeField) else None
    return value if moment is None else date(timezone.localtime(moment), MOMENT)


def history_of(obj: models.Model, *, without: Iterable[str] = ()) -> list[JournalEntry]:
    """Return the latest entries about ``obj``, newest first; none of the actions ``without``.

    Each has ``lines``, see :func:`tell_changes`.
    """
    found = JournalEntry.objects.filter(model=obj._meta.label, object_id=str(obj.pk))
    entries = list(found.exclude(action__in=[*without]).order_by("-id")[:MAX_ENTRIES])
    tell_changes(entries, type(obj))
    return entries


def tell_changes(entries: list[JournalEntry], model: type[models.Model] | None) -> None:
    """Give entries about rows of a model, or of one that is off, their ``lines``.

    A line is a field's name with its values before and after, or with None for a secret.
    """
    columns = () if model is None else model._meta.concrete_fields
    fields: dict[str, Any] = {field.name: field for field in columns}
    names = names_of_related(fields, entries)
    for entry in entries:
        lines = []
        for name, values in entry.changes.items():
            if isinstance(fields.get(name), KeyField):
                continue  # follows another column, which has a line
            field, known = fields.get(name), names.get(name, {})
            both = None if values is None else [told(field, known, one) for one in values]
            lines.append((field.verbose_name if field else name, both))
        entry.lines = lines  # type: ignore[attr-defined]  # read by the templates


def told(field: Any, known: dict[Any, str], value: Any) -> Any:
    """Return a value in words, a dash for none but not for 0.

    ``known`` are the names of the objects that a relation leads to.
    """
    if value in (None, "", [], {}):
        return "—"
    is_key = isinstance(value, str | int) and value in known
    return known[value] if is_key else shown(field, value)


def names_of_related(fields: dict[str, Any], entries: list[JournalEntry]) -> type_names:
    """Return what the objects are called that relations led to: a statement for each relation."""
    keys: dict[str, set[Any]] = {}
    for entry in entries:
        for name, values in entry.changes.items():
            if values is not None and getattr(fields.get(name), "remote_field", None) is not None:
                keys.setdefault(name, set()).update(one for one in values if one is not None)
    found: type_names = {}
    for name, asked in keys.items():
        rows = fields[name].remote_field.model._base_manager.in_bulk(asked)
        found[name] = {one: str(row) for key, row in rows.items() for one in (key, str(key))}
    return found


def steps(entries: Iterable[JournalEntry]) -> list[Step]:
    """Return entries by the request that they belong to; an entry without one stands alone."""
    grouped = groupby(entries, lambda entry: (entry.request_id or entry.pk, entry.actor_label))
    return [Step(found[0], found) for _key, group in grouped if (found := list(group))]
