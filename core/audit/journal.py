"""The journal: one append-only trail that keeps every object's history (rule 11).

A write leaves its entry in the same transaction, by an explicit call and not by model signals,
which miss bulk writes. Fields named in a model's ``journal_secret`` appear as changed, without
values.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson
from django.db import connection, models

from core import cases, context
from core.fields import ComputedField
from core.models import Action, JournalEntry
from core.rows import store_changes
from core.text import storable

__all__ = [
    "Action",
    "change",
    "diff",
    "initial",
    "record",
    "record_each",
    "record_many",
    "save_changes",
    "snapshot",
]

# How each database unfolds a JSON list into rows.
UNFOLD = {
    "postgresql": "json_array_elements_text(%s::json) AS ids(value)",
    "sqlite": "json_each(%s) AS ids",
}


def is_computed(field: models.Field) -> bool:
    """Tell whether a save computes the column: a folded copy, or when the row last changed."""
    computed = isinstance(field, ComputedField) or getattr(field, "auto_now", False)
    return computed or field.generated


def snapshot(obj: models.Model) -> dict[str, Any]:
    """Return the value of each field that no save computes, by name, to compare with later."""
    return {
        field.name: field.value_from_object(obj)
        for field in obj._meta.concrete_fields
        if not is_computed(field)
    }


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it, long texts clipped."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | dict):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= 500 else text[:499] + "…"  # noqa: PLR2004 - a history, not a backup


def diff(before: dict[str, Any], obj: models.Model) -> dict[str, Any]:
    """Return ``{field: [before, after]}`` of what changed since the snapshot ``before``."""
    secret = getattr(obj, "journal_secret", ())
    after = snapshot(obj)
    return {
        name: None if name in secret else [plain(before.get(name)), plain(value)]
        for name, value in after.items()
        if before.get(name) != value
    }


def initial(obj: models.Model) -> dict[str, Any]:
    """Return the changes of a new object: every field that has a value."""
    secret = getattr(obj, "journal_secret", ())
    stored = {
        field.name: field.value_from_object(obj)
        for field in obj._meta.concrete_fields
        if not (isinstance(field, ComputedField) or field.generated)
    }
    return {
        name: None if name in secret else [None, plain(value)]
        for name, value in stored.items()
        if value not in (None, "", [], {})
    }


def change(obj: models.Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Set the named fields of a stored object and save it; return what changed, as :func:`diff`.

    The entry is the caller's to write: it knows the reason, and who else the change is about.
    """
    before = snapshot(obj)
    for name, value in fields.items():
        setattr(obj, name, value)
    return save_changes(obj, before)


def save_changes(obj: models.Model, before: dict[str, Any]) -> dict[str, Any]:
    """Store what changed since the snapshot ``before`` and return that; else write nothing.

    Written are the changed columns and those that a save computes.
    """
    computed = []
    for field in obj._meta.concrete_fields:
        if field.generated:
            continue  # the database writes it
        if is_computed(field):
            computed.append(field.name)
        else:
            field.pre_save(obj, add=False)  # the spelling that is stored is the one to compare
    changes = diff(before, obj)
    if changes:
        store_changes(obj, {*changes, *computed})
    return changes


def entry(
    action: Action,
    about: models.Model | type[models.Model],
    *,
    object_id: object = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    count: int | None = None,
) -> JournalEntry:
    """Return an unsaved entry about an object, or about a model's list when given the class."""
    who = context.actor.get()
    is_object = isinstance(about, models.Model)
    if object_id is None and is_object:
        object_id = about.pk
    return JournalEntry(
        actor_kind=who.kind,
        actor_id=who.id,
        actor_label=who.label,
        request_id=context.request_id.get(),
        action=action,
        model=about._meta.label,
        object_id="" if object_id is None else storable(object_id, 64),
        object_label=storable(about, 255) if is_object else "",
        changes=changes or {},
        reason=storable(reason, 2000),
        count=count,
    )


def record(
    action: Action,
    about: models.Model | type[models.Model],
    *,
    object_id: object = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    count: int | None = None,
) -> JournalEntry:
    """Write one entry, in the transaction that the caller is in, and return it."""
    line = entry(action, about, object_id=object_id, changes=changes, reason=reason, count=count)
    with connection.cursor() as cursor:
        cursor.execute(insertion(each=False), [*values_of(line).values()])
        line.pk = cursor.fetchone()[0]
    line._state.adding = False  # noqa: SLF001 - as Model.save() leaves it
    if (admin_action := context.admin_action.get()) is not None:
        cases.note(admin_action, action, count=1, reason=reason)
    return line


@cache
def columns() -> list[tuple[Any, bool]]:
    """Return the columns of a new entry, each with whether its values go to the driver as is."""
    as_is = (models.CharField, models.TextField, models.IntegerField)
    fields = [one for one in JournalEntry._meta.concrete_fields if not one.primary_key]
    return [(field, isinstance(field, as_is)) for field in fields]


def values_of(line: JournalEntry) -> dict[str, Any]:
    """Return what the driver is given for an entry, by column."""
    return {
        field.column: getattr(line, field.attname)
        if as_is
        else field.get_db_prep_save(field.pre_save(line, True), connection)
        for field, as_is in columns()
    }


@cache
def insertion(*, each: bool) -> str:
    """Return the INSERT of one entry, or of the same one about each of a JSON list of ids.

    Django would write it anew each time.
    """
    names = [field.column for field, _ in columns()]
    marks = ", ".join("ids.value" if each and name == "object_id" else "%s" for name in names)
    quote = connection.ops.quote_name
    head = f"INSERT INTO {quote(JournalEntry._meta.db_table)} ({', '.join(map(quote, names))})"
    if each:
        return f"{head} SELECT {marks} FROM {UNFOLD[connection.vendor]}"  # noqa: S608 - names of our own columns
    return f"{head} VALUES ({marks}) RETURNING id"


def record_many(entries: Iterable[JournalEntry], *, batch_size: int = 1000) -> None:
    """Write the entries of a bulk change, made with :func:`entry`, in few statements."""
    written = JournalEntry.objects.bulk_create(entries, batch_size=batch_size)
    if written and (admin_action := context.admin_action.get()) is not None:
        line = written[0]
        cases.note(admin_action, line.action, count=len(written), reason=line.reason)


def record_each(
    action: Action,
    about: type[models.Model],
    object_ids: Iterable[object],
    *,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    count: int | None = None,
) -> None:
    """Write the same entry about each of the objects: one statement, however many they are.

    For reads of lists, where fifty entries must cost little more than one. An id of "" makes the
    entry about the list itself.
    """
    ids = [storable(object_id, 64) for object_id in object_ids]
    if not ids:
        return
    values = values_of(entry(action, about, changes=changes, reason=reason, count=count))
    del values["object_id"]
    with connection.cursor() as cursor:
        cursor.execute(insertion(each=True), [*values.values(), orjson.dumps(ids).decode()])
    if (admin_action := context.admin_action.get()) is not None:
        cases.note(admin_action, action, count=len(ids), reason=reason)
