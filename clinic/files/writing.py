"""The second half of an import: batches of checked rows into the database, with their journal.

Rows that stay as they are get no lock, so a nightly import of the same file is in nobody's way.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Cast, Concat

from clinic.errors import ImportOvertaken
from clinic.files.rows import Result
from clinic.models import Patient, Study
from core.audit import journal
from core.files import BATCH_ROWS

REASON = "import"
WRITTEN = ("first_name", "last_name", "birth_date", "email")
CHANGED = (*WRITTEN, "email_key", "search_key")
# Marks the key of an address that moves from one patient to another within a file.
MOVING = "moving:"


class Planner:
    """Lets PostgreSQL look at a table again whenever an import has doubled its part of it.

    Its statistics are made after a transaction; within one, it would take a growing table for an
    empty one and read all of it for every batch.
    """

    def __init__(self) -> None:
        self.next: dict[type[models.Model], int] = {}

    def analyze_if_grown(self, model: type[models.Model], created: int) -> None:
        """Analyze the table when the import has doubled the rows that it made there."""
        if connection.vendor != "postgresql" or created < self.next.get(model, BATCH_ROWS):
            return
        self.next[model] = 2 * created
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


class Writer:
    """Writes what is new and counts what is not."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.planner = Planner()
        # How often the file has had a study so far, by a hash of all that it is.
        self.seen: Counter[int] = Counter()

    def release_emails(self, holders: list[str]) -> None:
        """Free the addresses that move between patients of the file, in whatever order."""
        Patient.objects.filter(external_id__in=holders).update(
            email_key=Concat(Value(MOVING), Cast("id", models.CharField()))
        )

    def patients(self, rows: list[list[Any]]) -> None:
        """Insert a batch's new patients and update those that changed.

        Raises:
            ImportOvertaken: one of these went meanwhile.
        """
        counts = self.result.patients
        wanted = {values[4]: values for values in rows}
        stored = Patient.objects.filter(external_id__in=wanted)
        known = {patient.external_id: patient for patient in stored}
        changed = self.change(
            {
                patient.pk: wanted[external_id]
                for external_id, patient in known.items()
                if [getattr(patient, name) for name in WRITTEN] != wanted[external_id][:4]
            }
        )
        created = Patient.objects.bulk_create(
            Patient(**dict(zip(WRITTEN, values, strict=False)), external_id=external_id)
            for external_id, values in wanted.items()
            if external_id not in known
        )
        record_created(Patient, created)
        counts.updated += changed
        counts.unchanged += len(known) - changed
        counts.created += len(created)
        self.planner.analyze_if_grown(Patient, counts.created)

    def change(self, wanted: dict[int, list[Any]]) -> int:
        """Update patients, by their keys, to the values of the file; return how many those are.

        Raises:
            ImportOvertaken: one of them went meanwhile.
        """
        if not wanted:
            return 0
        patients = list(Patient.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        if len(patients) != len(wanted):
            raise ImportOvertaken
        entries = []
        for patient in patients:
            before = journal.snapshot(patient)
            for name, value in zip(WRITTEN, wanted[patient.pk], strict=False):
                setattr(patient, name, value)
            changes = journal.diff(before, patient)
            entries.append(
                journal.entry(journal.Action.CHANGE, patient, changes=changes, reason=REASON)
            )
        Patient.objects.bulk_create(
            patients, update_conflicts=True, unique_fields=["id"], update_fields=CHANGED
        )
        journal.record_many(entries)
        return len(patients)

    def studies(self, rows: list[tuple[str, list[Any]]]) -> None:
        """Insert a batch's studies that the database does not have often enough.

        Raises:
            ImportOvertaken: a patient went meanwhile.
        """
        named = {external_id for external_id, _values in rows}
        patients = dict(
            Patient.objects.filter(external_id__in=named).values_list("external_id", "pk")
        )
        if len(patients) != len(named):
            raise ImportOvertaken
        stored: Counter[tuple[Any, ...]] = Counter(
            Study.objects.filter(patient__in=patients.values())
            .order_by()
            .values_list("urgency_level", "body_part", "description", "type", "patient_id")
        )
        new = []
        for external_id, values in rows:
            study = (*values, patients[external_id])
            mark = hash(study)
            self.seen[mark] += 1
            if stored[study] < self.seen[mark]:
                stored[study] += 1
                new.append(study)
        self.add(new)
        counts = self.result.studies
        counts.created += len(new)
        counts.unchanged += len(rows) - len(new)
        self.planner.analyze_if_grown(Study, counts.created)

    def add(self, studies: list[tuple[Any, ...]]) -> None:
        """Insert studies of patients who are there, and stay there until that is done.

        Raises:
            ImportOvertaken: a patient went meanwhile.
        """
        keys = sorted({study[4] for study in studies})
        patients = Patient.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        if len(patients.values_list("pk")) != len(keys):
            raise ImportOvertaken
        created = Study.objects.bulk_create(
            Study(
                urgency_level=urgency_level,
                body_part=body_part,
                description=description,
                type=kind,
                patient_id=patient_id,
            )
            for urgency_level, body_part, description, kind, patient_id in studies
        )
        record_created(Study, created)
        journal.record_each(journal.Action.CHANGE, Patient, keys, reason=f"{REASON}: studies added")


def record_created(model: type[Patient] | type[Study], rows: Iterable[Patient | Study]) -> None:
    """Write the entries of new rows: which fields they got, no values."""
    journal.record_each(
        journal.Action.CREATE,
        model,
        [row.pk for row in rows],
        changes=dict.fromkeys(model.journal_secret),
        reason=REASON,
    )
