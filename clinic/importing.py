"""The brief's CSV files into the database: everything is checked before anything is written.

Who a row is: a patient is the file's ``id``, kept as ``external_id`` (an archived patient is gone,
for a file too). A study has no id in the file, so it is what it says: patient, type, body part,
urgency and description, as many times as the file says it. So an import adds patients and studies
and changes patients; it never changes or takes away a study, and twice is as good as once.

Each file is read twice, in batches: memory holds the ids and e-mail addresses of the file and a
number per study, not the rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from clinic.constants import IMPORT_BATCH, PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.csvfiles import Finding, Report, Sheet
from clinic.errors import ImportOvertaken, ImportRefused
from clinic.models import Patient, Study
from clinic.planner import Planner, only_one
from clinic.rows import NAMED, PATIENT, STUDY, Result
from core import journal
from core.fields import fold

REASON = "import"
CHANGED = ("first_name", "last_name", "birth_date", "email", "email_key", "search_key")
# Marks the key of an address that moves from one patient to another within a file.
MOVING = "moving:"

type_progress = Callable[[int], object]
T = TypeVar("T")


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield the rows in lists of ``IMPORT_BATCH``."""
    iterator = iter(rows)
    while batch := list(islice(iterator, IMPORT_BATCH)):
        yield batch


class Import:
    """One import: two files at most, a check and a write."""

    def __init__(
        self,
        patients: IO[bytes] | None,
        studies: IO[bytes] | None,
        report: Report,
        progress: type_progress | None,
    ) -> None:
        self.patients = (
            Sheet("patients", patients, PATIENT_COLUMNS) if patients is not None else None
        )
        self.studies = Sheet("studies", studies, STUDY_COLUMNS) if studies is not None else None
        self.report = report
        self.progress = progress or (lambda _count: None)
        self.result = Result()
        self.planner = Planner()
        self.ids: dict[str, int] = {}
        self.emails: dict[str, int] = {}
        self.held: list[tuple[int, str]] = []

    def read(self, sheet: Sheet, report: Report) -> Iterator[list[tuple[int, list[str]]]]:
        """Yield a file's rows in batches and tell how many bytes that was."""
        done = 0
        for batch in batches(sheet.rows(report)):
            yield batch
            self.progress(sheet.read - done)
            done = sheet.read

    def fault(self, sheet: Sheet, row: int, faults: list[tuple[str, str, str]]) -> None:
        """Report one bad row in one line."""
        columns = "; ".join(column for column, _code, _reason in faults)
        reasons = "; ".join(reason for _column, _code, reason in faults)
        self.report.add(Finding(sheet.name, row, columns, faults[0][1], reasons))

    # -- checking -------------------------------------------------------------------------------
    def check(self) -> None:
        """Read both files and report every bad row."""
        if self.patients:
            for batch in self.read(self.patients, self.report):
                self.check_patients(self.patients, batch)
            for row, holder in self.held:
                if holder not in self.ids:
                    reason = _("Another patient has this e-mail address.")
                    self.fault(self.patients, row, [("email", "patient_email_taken", reason)])
        if self.studies:
            for batch in self.read(self.studies, self.report):
                self.check_studies(self.studies, batch)

    def check_patients(self, sheet: Sheet, batch: list[tuple[int, list[str]]]) -> None:
        """Check a batch of patients against their fields, the file and the database."""
        good: dict[str, tuple[int, str]] = {}
        for row, cells in batch:
            values, faults = PATIENT.clean(cells)
            key = fold(cells[3])
            faults += self.repeated("id", self.ids, cells[4], row)
            faults += self.repeated("email", self.emails, key, row)
            if faults:
                self.fault(sheet, row, faults)
            else:
                good[key] = (row, values[4])
        holders = Patient.objects.filter(email_key__in=good)
        for key, holder in holders.values_list("email_key", "external_id"):
            row, external_id = good[key]
            if holder != external_id:
                self.held.append((row, holder))

    def repeated(
        self, column: str, seen: dict[str, int], value: str, row: int
    ) -> list[tuple[str, str, str]]:
        """Return the fault of a value that an earlier row has, too."""
        first = seen.setdefault(value, row)
        if first == row or not value:
            return []
        return [(column, "repeated", _("Row %(row)d has the same.") % {"row": first})]

    def check_studies(self, sheet: Sheet, batch: list[tuple[int, list[str]]]) -> None:
        """Check a batch of studies against their fields and the patients."""
        faults_of = [NAMED.clean(cells[4:])[1] for _row, cells in batch]
        named = {
            cells[4] for (_row, cells), faults in zip(batch, faults_of, strict=True) if not faults
        }
        stored = self.stored_ids(named - self.ids.keys())
        for (row, cells), unnamed in zip(batch, faults_of, strict=True):
            faults = STUDY.clean(cells[:4])[1] + unnamed
            if not unnamed and cells[4] not in self.ids and cells[4] not in stored:
                reason = _("No patient has this id.")
                faults.append(("patient_id", "unknown_patient", reason))
            if faults:
                self.fault(sheet, row, faults)

    def stored_ids(self, ids: set[str]) -> set[str]:
        """Return those of the ids that a patient in the database has."""
        stored = Patient.objects.filter(external_id__in=ids)
        return set(stored.values_list("external_id", flat=True)) if ids else set()

    # -- writing --------------------------------------------------------------------------------
    def write(self) -> None:
        """Read both files again and write what is new."""
        again = Report()
        if self.patients:
            self.release_emails()
            for batch in self.read(self.patients, again):
                self.write_patients([still_good(PATIENT.clean(cells)) for _row, cells in batch])
        if self.studies:
            seen: Counter[int] = Counter()
            for batch in self.read(self.studies, again):
                rows = [(cells[4], still_good(STUDY.clean(cells[:4]))) for _row, cells in batch]
                self.write_studies(rows, seen)
        if again.count:
            raise ImportOvertaken

    def release_emails(self) -> None:
        """Free the addresses that move between patients of the file, in whatever order."""
        for batch in batches(holder for _row, holder in self.held):
            Patient.objects.filter(external_id__in=batch).update(
                email_key=Concat(Value(MOVING), Cast("id", models.CharField()))
            )

    def write_patients(self, rows: list[list[Any]]) -> None:
        """Insert the batch's new patients and update those that changed."""
        counts = self.result.patients
        wanted = {values[4]: values for values in rows}
        stored = Patient.objects.select_for_update().filter(external_id__in=wanted).order_by("pk")
        changed, entries = [], []
        for patient in stored:
            values = wanted.pop(patient.external_id)
            before = journal.snapshot(patient)
            patient.first_name, patient.last_name, patient.birth_date, patient.email = values[:4]
            changes = journal.diff(before, patient)
            if changes:
                changed.append(patient)
                entries.append(
                    journal.entry(journal.Action.CHANGE, patient, changes=changes, reason=REASON)
                )
            else:
                counts.unchanged += 1
        Patient.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=CHANGED
        )
        journal.record_many(entries)
        created = Patient.objects.bulk_create(
            Patient(
                first_name=first_name,
                last_name=last_name,
                birth_date=birth_date,
                email=email,
                external_id=external_id,
            )
            for first_name, last_name, birth_date, email, external_id in wanted.values()
        )
        record_created(Patient, created)
        counts.updated += len(changed)
        counts.created += len(created)
        self.planner.told(Patient, counts.created)

    def write_studies(self, rows: list[tuple[str, list[Any]]], seen: "Counter[int]") -> None:
        """Insert the batch's studies that the database does not have often enough."""
        patients = dict(
            Patient.objects.select_for_update()
            .filter(external_id__in={external_id for external_id, _values in rows})
            .order_by("pk")
            .values_list("external_id", "pk")
        )
        stored: Counter[tuple[Any, ...]] = Counter(
            Study.objects.filter(patient__in=patients.values())
            .order_by()
            .values_list("urgency_level", "body_part", "description", "type", "patient_id")
        )
        new = []
        for external_id, values in rows:
            if external_id not in patients:
                raise ImportOvertaken
            study = (*values, patients[external_id])
            mark = hash(study)
            seen[mark] += 1
            if stored[study] < seen[mark]:
                stored[study] += 1
                urgency_level, body_part, description, kind, patient_id = study
                new.append(
                    Study(
                        urgency_level=urgency_level,
                        body_part=body_part,
                        description=description,
                        type=kind,
                        patient_id=patient_id,
                    )
                )
        created = Study.objects.bulk_create(new)
        record_created(Study, created)
        concerned = sorted({study.patient_id for study in created})
        journal.record_each(
            journal.Action.CHANGE, Patient, concerned, reason=f"{REASON}: studies added"
        )
        counts = self.result.studies
        counts.created += len(created)
        counts.unchanged += len(rows) - len(created)
        self.planner.told(Study, counts.created)


def still_good(cleaned: tuple[list[Any], list[Any]]) -> list[Any]:
    """Return a row's values; the file changed under our hands when they are bad only now."""
    values, faults = cleaned
    if faults:
        raise ImportOvertaken
    return values


def record_created(model: type[Patient] | type[Study], rows: Iterable[Patient | Study]) -> None:
    """Write the entries of new rows: which fields they got, no values."""
    journal.record_each(
        journal.Action.CREATE,
        model,
        [row.pk for row in rows],
        changes=dict.fromkeys(model.journal_secret),
        reason=REASON,
    )


def import_files(
    *,
    patients: IO[bytes] | None = None,
    studies: IO[bytes] | None = None,
    dry_run: bool = False,
    report: Report | None = None,
    progress: type_progress | None = None,
) -> Result:
    """Import the brief's files; a dry run does the same and undoes it.

    Raises:
        ImportRefused: a row is bad; nothing was written.
        ImportOvertaken: the same patients were written meanwhile; nothing was written.
        ImportRunning: another import runs; nothing was written.
    """
    report = report or Report()
    job = Import(patients, studies, report, progress)
    job.result.dry_run = dry_run
    with transaction.atomic():
        only_one()
        try:
            with transaction.atomic():
                job.check()
                if report.count:
                    raise ImportRefused(count=report.count, findings=report.errors())
                job.write()
                transaction.set_rollback(dry_run)
        except IntegrityError as error:
            raise ImportOvertaken from error
        action = journal.Action.READ if dry_run else journal.Action.CHANGE
        reason = f"{REASON} (dry run): {job.result}" if dry_run else f"{REASON}: {job.result}"
        journal.record(action, Patient, reason=reason, count=job.result.rows)
    return job.result
