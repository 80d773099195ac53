"""What records said: one version per change, written in the transaction that makes the change.

A version has the values before and after, in full, which the journal must not hold. Making a
record writes none: its first version's "before" is what it said first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from clinic.constants import REASON_LENGTH
from clinic.models import Patient, Study, Version
from core import context
from core.audit import journal
from core.text import storable

BATCH_ROWS = 1000

type_values = dict[str, list[Any]]
type_change = tuple[Patient | Study, type_values]


def written(value: Any) -> Any:
    """Return a field's value as JSON holds it, whole."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def between(before: Mapping[str, Any], record: Patient | Study) -> type_values:
    """Return ``{field: [before, after]}`` of what changed since ``before``, a journal.snapshot."""
    return {
        name: [written(before[name]), written(value)]
        for name, value in journal.snapshot(record).items()
        if before[name] != value
    }


def record(changes: Iterable[type_change], *, reason: str = "") -> None:
    """Write a version of each record that has changes: one INSERT, however many they are.

    ``reason`` is in the words of whoever changes; clinical text, so it stays out of the journal.
    """
    who = context.actor.get()
    Version.objects.bulk_create(
        (
            Version(
                patient_id=about.pk if isinstance(about, Patient) else None,
                study_id=about.pk if isinstance(about, Study) else None,
                actor_kind=who.kind,
                actor_id=who.id,
                actor_label=who.label,
                request_id=context.request_id.get(),
                reason=storable(reason, REASON_LENGTH),
                changes=values,
            )
            for about, values in changes
            if values
        ),
        batch_size=BATCH_ROWS,
    )


def change(about: Patient | Study, fields: Mapping[str, Any], *, reason: str = "") -> Any:
    """Set and save the named fields, keep what they were, and return what the journal may say."""
    before = journal.snapshot(about)
    changes = journal.change(about, fields)
    record([(about, between(before, about))], reason=reason)
    return changes
