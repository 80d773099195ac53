"""Patients of a file: what changed in the file, what was changed here, and who wins.

A patient's row is the file's ``id``. What the file said last is kept as a hash of each field
(:class:`clinic.models.PatientSource`), so that of a field where record and file differ it is known
who changed it:

=====================  ========================================================================
only the file          the record gets what the file says
only somebody here     the record stays: ``changed_here``
both                   the record stays: ``conflict``; with ``on_conflict=file`` the file wins
=====================  ========================================================================

An archived patient stays archived. Of a patient imported before there were hashes the journal tells
which fields somebody has changed here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat

from clinic import versions
from clinic.errors import ImportOvertaken
from clinic.files import fingerprints
from clinic.files.fingerprints import text_of
from clinic.files.writing import REASON, Writer, is_by_hand, record_created
from clinic.models import Patient, PatientSource
from core.audit import journal
from core.models import JournalEntry

KEEP, FILE = "keep", "file"
ON_CONFLICT = (KEEP, FILE)
WRITTEN = ("first_name", "last_name", "birth_date", "email")
CHANGED = (*WRITTEN, "email_key", "search_key")
# Marks the key of an address that moves from one patient to another within a file.
MOVING = "moving:"

type_row = tuple[int, list[Any]]  # its number, its values


@dataclass(slots=True)
class Decision:
    """What is to become of a row: ``patient`` is the record, None for a new one.

    ``changes`` are the fields to write, of which ``overwritten`` were changed here, too; ``kept``
    were changed here only, ``conflicts`` here and in the file. ``said`` is what to
    remember of the file, ``known`` what is remembered so far.
    """

    row: int
    values: list[Any]
    patient: Patient | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    said: str = ""
    known: str = ""

    @property
    def external_id(self) -> str:
        """Return what the file calls the patient."""
        return str(self.values[len(WRITTEN)])

    @property
    def is_archived(self) -> bool:
        """Tell whether the record is archived."""
        return self.patient is not None and self.patient.is_archived

    @property
    def differences(self) -> dict[str, list[str]]:
        """Return where file and record differed and somebody had changed the record, by code."""
        return {
            "overwritten": self.overwritten,
            "conflict": self.conflicts,
            "changed_here": self.kept,
        }

    @property
    def outcome(self) -> str:
        """Return the one word for what becomes of a record that is here."""
        if self.is_archived:
            return "archived_here"
        if self.changes:
            return "updated"
        if self.conflicts:
            return "conflict"
        return "changed_here" if self.kept else "unchanged"

    @property
    def takes_email(self) -> bool:
        """Tell whether the record is to get an address that it does not have."""
        return not self.is_archived and (self.patient is None or "email" in self.changes)

    @property
    def keeps_email(self) -> bool:
        """Tell whether the record has another address than the file, and is to keep it."""
        return "email" in {*self.kept, *self.conflicts}


class PatientWriter(Writer):
    """Writes batches of patients."""

    file = "patients"

    def __init__(self, *args: Any, on_conflict: str = KEEP) -> None:
        super().__init__(*args)
        self.on_conflict = on_conflict

    # -- deciding -------------------------------------------------------------------------------
    def decide(self, rows: list[type_row]) -> list[Decision]:
        """Return what is to become of each row; nothing is locked or written."""
        known = by_external_id(values[4] for _row, values in rows)
        sources = dict(
            PatientSource.objects.filter(patient__in=known.values()).values_list("pk", "said")
        )
        decisions = [
            self.compared(Decision(row, values, known.get(values[4])), sources)
            for row, values in rows
        ]
        before = [
            one
            for one in decisions
            if one.changes and one.patient is not None and one.patient.pk not in sources
        ]
        touched = changed_by_hand(one.patient.pk for one in before if one.patient is not None)
        for one in before:
            by_hand = touched[one.patient.pk] if one.patient is not None else set()
            one.kept = [name for name in one.changes if name in by_hand]
            one.changes = {
                name: value for name, value in one.changes.items() if name not in by_hand
            }
        return decisions

    def compared(self, decision: Decision, sources: dict[int, str]) -> Decision:
        """Fill in what the record, the file and what the file said before come to."""
        patient, values = decision.patient, decision.values[: len(WRITTEN)]
        now = fingerprints.prints_of(decision.external_id, values)
        if patient is None or patient.is_archived:
            decision.said = fingerprints.join(now)
            return decision
        decision.known = sources.get(patient.pk, "")
        before = fingerprints.split(decision.known)
        for place, (name, value) in enumerate(zip(WRITTEN, values, strict=True)):
            current = getattr(patient, name)
            if text_of(current) == text_of(value):
                # What the file said before somebody corrected it may come again.
                now[place] = before[place] if before else now[place]
            elif not before:
                decision.changes[name] = value
            elif before[place] == now[place]:
                decision.kept.append(name)
            elif before[place] == fingerprints.print_of(decision.external_id, place, current):
                decision.changes[name] = value
            elif self.on_conflict == FILE:
                decision.changes[name] = value
                decision.overwritten.append(name)
            else:
                decision.conflicts.append(name)
                now[place] = before[place]
        decision.said = fingerprints.join(now)
        return decision

    # -- writing --------------------------------------------------------------------------------
    def release_emails(self, holders: list[str]) -> None:
        """Free the addresses that move between patients of the file, in whatever order."""
        Patient.objects.filter(external_id__in=holders).update(
            email_key=Concat(Value(MOVING), Cast("id", models.CharField()))
        )

    def write(self, rows: list[type_row]) -> None:
        """Insert a batch's new patients and update those that the file changed.

        Raises:
            ImportOvertaken: one of these changed meanwhile.
        """
        decisions = self.decide(rows)
        new = [one for one in decisions if one.patient is None]
        created = Patient.objects.bulk_create(
            Patient(**dict(zip(WRITTEN, one.values, strict=False)), external_id=one.external_id)
            for one in new
        )
        for one, patient in zip(new, created, strict=True):
            one.patient = patient
        record_created(Patient, created)
        self.change({one.patient.pk: one for one in decisions if one.changes and one.patient})
        self.remember(decisions)
        self.count(decisions, {patient.pk for patient in created})
        self.planner.analyze_if_grown(Patient, self.result.created)

    def change(self, decisions: dict[int, Decision]) -> None:
        """Update patients, by their keys, as decided.

        Raises:
            ImportOvertaken: one of them changed or went meanwhile.
        """
        if not decisions:
            return
        patients = list(Patient.objects.select_for_update().filter(pk__in=decisions).order_by("pk"))
        if len(patients) != len(decisions):
            raise ImportOvertaken
        entries, said = [], []
        for patient in patients:
            seen, changes = decisions[patient.pk].patient, decisions[patient.pk].changes
            if any(getattr(patient, name) != getattr(seen, name) for name in changes):
                raise ImportOvertaken
            before = journal.snapshot(patient)
            for name, value in changes.items():
                setattr(patient, name, value)
            diff = journal.diff(before, patient)
            entries.append(
                journal.entry(journal.Action.CHANGE, patient, changes=diff, reason=REASON)
            )
            said.append((patient, versions.between(before, patient)))
        Patient.objects.bulk_create(
            patients, update_conflicts=True, unique_fields=["id"], update_fields=CHANGED
        )
        journal.record_many(entries)
        versions.record(said, reason=REASON)

    def remember(self, decisions: list[Decision]) -> None:
        """Keep what the file said, where that is new."""
        PatientSource.objects.bulk_create(
            (
                PatientSource(patient_id=one.patient.pk, said=one.said)
                for one in decisions
                if one.patient is not None and not one.is_archived and one.said != one.known
            ),
            update_conflicts=True,
            unique_fields=["patient"],
            update_fields=["said"],
        )

    def count(self, decisions: list[Decision], created: set[int]) -> None:
        """Count and list what became of the rows."""
        for one in decisions:
            key = one.patient.pk if one.patient is not None else 0
            outcome = "created" if key in created else one.outcome
            name = "conflicts" if outcome == "conflict" else outcome
            setattr(self.result, name, getattr(self.result, name) + 1)
            noted = {code: names for code, names in one.differences.items() if names}
            for code, names in {outcome: [*one.changes], **noted}.items():
                self.note(one.row, code, names, key)


def by_external_id(ids: Iterable[str]) -> dict[str, Patient]:
    """Return the patients that files call so: the present one, else the last who was archived."""
    rows = Patient.everything.filter(external_id__in={*ids})
    present_last = rows.order_by(F("archived_at").asc(nulls_last=True), "pk")
    return {patient.external_id: patient for patient in present_last}


def changed_by_hand(keys: Iterable[int]) -> dict[int, set[str]]:
    """Return the fields of imported patients that somebody, and no import since, has changed."""
    touched: dict[int, set[str]] = defaultdict(set)
    ids = [str(key) for key in keys]
    if not ids:
        return touched
    entries = JournalEntry.objects.filter(model=Patient._meta.label, object_id__in=ids)
    actions = [journal.Action.CREATE, journal.Action.CHANGE]
    imported = set()
    for object_id, action, reason, changes in (
        entries.filter(action__in=actions)
        .order_by("id")
        .values_list("object_id", "action", "reason", "changes")
    ):
        key = int(object_id)
        if action == journal.Action.CREATE and reason.startswith(REASON):
            imported.add(key)
        elif is_by_hand((action, reason)) and key in imported:
            touched[key].update(changes)
        else:
            touched[key].difference_update(changes)
    return touched
