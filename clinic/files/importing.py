"""The brief's CSV files into the database: everything is checked before anything is written.

Who a row is: a patient is the file's ``id``, kept as ``external_id`` (an archived patient is gone,
for a file too). A study has no id in the file, so it is what it says: patient, type, body part,
urgency and description, as many times as the file says it. So an import adds patients and studies
and changes patients; it never changes or takes away a study, and twice is as good as once.

Each file is read twice, in batches: memory holds the ids and e-mail addresses of the file and a
number per study, not the rows.
"""

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.constants import MAX_IMPORT_BYTES, PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.errors import ImportOvertaken, ImportRefused, ImportRunning
from clinic.files.rows import NAMED, PATIENT, STUDY, Result
from clinic.files.writing import REASON, Writer
from clinic.models import Patient
from core.audit import journal
from core.db import advisory_lock
from core.files import Problem, Report, batches, open_csv, type_fault, type_progress, watched
from core.text import name_key


class Sheet(NamedTuple):
    """One file of the import."""

    name: str
    stream: IO[bytes]
    columns: tuple[str, ...]


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
        self.writer = Writer(self.result)
        self.ids: dict[str, int] = {}
        self.emails: dict[str, int] = {}
        self.held: list[tuple[int, str]] = []

    def read(self, sheet: Sheet, report: Report) -> Iterator[list[tuple[int, list[str]]]]:
        """Yield a file's rows in batches and report how many bytes that was."""
        name, stream, columns = sheet
        rows = open_csv(stream, columns, report, file=name, max_bytes=MAX_IMPORT_BYTES)
        yield from watched(batches(rows), stream, self.progress)

    def fault(self, sheet: Sheet, row: int, faults: list[type_fault]) -> None:
        """Report one bad row in one line."""
        self.report.add(Problem.of(row, faults, file=sheet.name))

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
            key = name_key(cells[3])
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

    def repeated(self, column: str, seen: dict[str, int], value: str, row: int) -> list[type_fault]:
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
        """Read both files again and write what is new.

        Raises:
            ImportOvertaken: a file or its patients changed since they were checked.
        """
        again = Report()
        if self.patients:
            for held in batches(holder for _row, holder in self.held):
                self.writer.release_emails(held)
            for batch in self.read(self.patients, again):
                self.writer.patients([still_good(PATIENT.clean(cells)) for _row, cells in batch])
        if self.studies:
            for batch in self.read(self.studies, again):
                rows = [(cells[4], still_good(STUDY.clean(cells[:4]))) for _row, cells in batch]
                self.writer.studies(rows)
        if again.count:
            raise ImportOvertaken


def still_good(cleaned: tuple[list[Any], list[Any]]) -> list[Any]:
    """Return a row's values, or raise ImportOvertaken: bad only now, so the file has changed."""
    values, faults = cleaned
    if faults:
        raise ImportOvertaken
    return values


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
        # Two imports would wait for each other's rows, and for ANALYZE's lock.
        if not advisory_lock("clinic.import", wait=False):
            raise ImportRunning
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
