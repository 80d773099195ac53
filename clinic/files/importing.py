"""The brief's CSV files into the database: everything is checked before anything is written.

Who a row is, and what becomes of it beside what people corrected or archived here, is said in
:mod:`clinic.files.patients` and :mod:`clinic.files.studies`. Twice is as good as once.

Each file is read twice, in batches: memory holds the ids and e-mail addresses of the file and a
hash per study, not the rows.
"""

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.constants import MAX_IMPORT_BYTES
from clinic.errors import ImportOvertaken, ImportRefused, ImportRunning
from clinic.files.fingerprints import text_of
from clinic.files.patients import KEEP, ON_CONFLICT, Decision, PatientWriter, type_row
from clinic.files.rows import NAMED, PATIENT, PATIENTS_SHEET, STUDIES_SHEET, STUDY, Result
from clinic.files.studies import StudyWriter
from clinic.files.writing import REASON, Planner, type_tell
from clinic.models import Patient
from core.audit import journal
from core.db import advisory_lock
from core.files import (
    Layout,
    Problem,
    Report,
    Sheet,
    batches,
    open_csv,
    type_fault,
    type_progress,
    watched,
)
from core.text import email_key

__all__ = ["KEEP", "ON_CONFLICT", "Import", "import_files"]


class File(NamedTuple):
    """One file of the import, and how it is written."""

    name: str
    stream: IO[bytes]
    sheet: Sheet
    layout: Layout


class Import:
    """One import: two files at most, a check and a write."""

    def __init__(
        self,
        patients: File | None,
        studies: File | None,
        report: Report,
        *,
        progress: type_progress | None = None,
        on_conflict: str = KEEP,
        tell: type_tell | None = None,
    ) -> None:
        self.patients, self.studies = patients, studies
        self.report = report
        self.progress = progress or (lambda _count: None)
        self.result = Result()
        planner = Planner()
        self.writer = PatientWriter(self.result.patients, planner, tell, on_conflict=on_conflict)
        self.study_writer = StudyWriter(self.result.studies, planner, tell)
        self.ids: dict[str, int] = {}
        self.emails: dict[str, int] = {}
        # Rows that take an address that another patient has, and who keeps the one that they have.
        self.held: list[tuple[int, str]] = []
        self.keeping: set[str] = set()
        self.told: list[str] = []

    def read(self, file: File, report: Report) -> Iterator[list[tuple[int, list[str]]]]:
        """Yield a file's rows in batches and report how many bytes that was."""
        rows = open_csv(
            file.stream,
            file.sheet,
            report,
            file=file.name,
            max_bytes=MAX_IMPORT_BYTES,
            layout=file.layout,
        )
        yield from watched(batches(rows), file.stream, self.progress)

    def fault(self, file: File, row: int, faults: list[type_fault]) -> None:
        """Report one bad row in one line."""
        self.report.add(Problem.of(row, faults, file=file.name))

    # -- checking -------------------------------------------------------------------------------
    def check(self) -> None:
        """Read both files and report every bad row."""
        if self.patients:
            for batch in self.read(self.patients, self.report):
                self.check_patients(self.patients, batch)
            for row, holder in self.held:
                if holder not in self.ids or holder in self.keeping:
                    self.told.append(holder)
                    reason = _("Another patient has this e-mail address.")
                    self.fault(self.patients, row, [("email", "patient_email_taken", reason)])
            self.result.patients.read_as(self.patients.layout)
        if self.studies:
            for batch in self.read(self.studies, self.report):
                self.check_studies(self.studies, batch)
            self.result.studies.read_as(self.studies.layout)

    def check_patients(self, file: File, batch: list[tuple[int, list[str]]]) -> None:
        """Check a batch of patients against their fields, the file and the database."""
        good: list[type_row] = []
        for row, cells in batch:
            values, faults = PATIENT.clean(cells)
            faults += self.repeated("id", self.ids, cells[4], row)
            faults += self.repeated("email", self.emails, email_key(cells[3]), row)
            if faults:
                self.fault(file, row, faults)
            else:
                good.append((row, values))
        decisions = self.writer.decide(good)
        self.keeping.update(one.external_id for one in decisions if one.keeps_email)
        self.find_holders(decisions)

    def find_holders(self, decisions: list[Decision]) -> None:
        """Note who has the addresses that rows are to get."""
        taking = {email_key(text_of(one.values[3])): one for one in decisions if one.takes_email}
        taking.pop("", None)
        holders = Patient.objects.filter(email_key__in=taking)
        for key, holder in holders.values_list("email_key", "external_id"):
            row = taking[str(key)]
            if holder != row.external_id:
                self.held.append((row.row, holder))

    def repeated(self, column: str, seen: dict[str, int], value: str, row: int) -> list[type_fault]:
        """Return the fault of a value that an earlier row has, too."""
        first = seen.setdefault(value, row)
        if first == row or not value:
            return []
        return [(column, "repeated", _("Row %(row)d has the same.") % {"row": first})]

    def check_studies(self, file: File, batch: list[tuple[int, list[str]]]) -> None:
        """Check a batch of studies against their fields and the patients."""
        cleaned = [(STUDY.clean(cells[:4]), NAMED.clean(cells[4:])) for _row, cells in batch]
        named = {ids[0] for _study, (ids, faults) in cleaned if not faults}
        known = self.ids.keys() | self.stored_ids(named - self.ids.keys())
        # Of a patients file that could not be read to its end nobody knows whom it has.
        are_known = bool(self.patients and self.patients.name in self.report.unread)
        for (row, _cells), ((values, faults), (ids, unnamed)) in zip(batch, cleaned, strict=True):
            bad = [*faults, *unnamed]
            if not unnamed and ids[0] not in known and not are_known:
                bad.append(("patient_id", "unknown_patient", _("No patient has this id.")))
            if bad:
                self.fault(file, row, bad)
            else:
                self.study_writer.announce(ids[0], values)

    def stored_ids(self, ids: set[str]) -> set[str]:
        """Return those of the ids that a patient in the database has, archived or not."""
        stored = Patient.everything.filter(external_id__in=ids)
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
                self.writer.write([(row, still_good(PATIENT.clean(cells))) for row, cells in batch])
        if self.studies:
            for batch in self.read(self.studies, again):
                self.study_writer.write(
                    [(row, cells[4], still_good(STUDY.clean(cells[:4]))) for row, cells in batch]
                )
        if again.count:
            raise ImportOvertaken


def still_good(cleaned: tuple[list[Any], list[Any]]) -> list[Any]:
    """Return a row's values, or raise ImportOvertaken: bad only now, so the file has changed."""
    values, faults = cleaned
    if faults:
        raise ImportOvertaken
    return values


def file_of(name: str, stream: IO[bytes] | None, sheet: Sheet, layout: Layout) -> File | None:
    """Return a file of an import, each with a layout of its own, or None when there is none."""
    return None if stream is None else File(name, stream, sheet, layout.copy())


def import_files(
    *,
    patients: IO[bytes] | None = None,
    studies: IO[bytes] | None = None,
    dry_run: bool = False,
    on_conflict: str = KEEP,
    layout: Layout | None = None,
    report: Report | None = None,
    tell: type_tell | None = None,
    progress: type_progress | None = None,
) -> Result:
    """Import the brief's files; a dry run does the same and undoes it.

    ``layout`` says how the files are written; what it leaves open is found out, for each of them.
    ``on_conflict`` says whose value a patient gets when file and record both changed. ``report``
    gets every bad row, ``tell`` what every row became when all are good.

    Raises:
        ImportRefused: a row is bad; nothing was written.
        ImportOvertaken: the same patients were written meanwhile; nothing was written.
        ImportRunning: another import runs; nothing was written.
    """
    report, layout = report or Report(), layout or Layout()
    job = Import(
        file_of("patients", patients, PATIENTS_SHEET, layout),
        file_of("studies", studies, STUDIES_SHEET, layout),
        report,
        progress=progress,
        on_conflict=on_conflict,
        tell=tell,
    )
    job.result.dry_run = dry_run
    with transaction.atomic():
        # Two imports would wait for each other's rows, and for ANALYZE's lock.
        if not advisory_lock("clinic.import", wait=False):
            raise ImportRunning
        try:
            with transaction.atomic():
                job.check()
                if report.count:
                    raise ImportRefused(
                        count=report.count, findings=report.errors(), holders=job.told
                    )
                job.write()
                transaction.set_rollback(dry_run)
        except IntegrityError as error:
            raise ImportOvertaken from error
        action = journal.Action.READ if dry_run else journal.Action.CHANGE
        reason = f"{REASON} (dry run): {job.result}" if dry_run else f"{REASON}: {job.result}"
        journal.record(action, Patient, reason=reason, count=job.result.rows)
    return job.result
