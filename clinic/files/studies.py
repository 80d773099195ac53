"""Studies of a file: which row stands for which study, whatever that says by now.

A study has no id in the file, so a row is what it says: patient, type, body part, urgency and
description, and the how many-th time the file says it. A hash of that is kept with the study
that it stands for (:class:`clinic.models.StudySource`). A row whose study says something else was
corrected here, and stays so; one whose study, or whose patient, is archived here stays archived.
An import adds studies and never changes or takes away one.

A row that is new to us stands for the study that says the same, if no other row of the file stands
for that one; so what was exported, or imported before there were hashes, is known. Else it is new.
"""

import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F

from clinic.errors import ImportOvertaken
from clinic.files.fingerprints import key_of, text_of
from clinic.files.writing import REASON, Writer, is_by_hand, record_created
from clinic.models import Patient, Study, StudySource
from clinic.selectors import survivors
from core.audit import journal
from core.files import batches
from core.models import JournalEntry

FIELDS = ("urgency_level", "body_part", "description", "type")
# Of the four fields of a row and of a study corrected here so many must agree.
ALIKE = 2

type_row = tuple[int, str, list[Any]]  # its number, its patient's id, its values


class Record(NamedTuple):
    """A study as it is stored."""

    pk: int
    patient: int
    is_archived: bool
    said: tuple[str, ...]


class Row(NamedTuple):
    """A row of a batch."""

    number: int
    key: UUID
    patient: int
    is_archived: bool  # the patient is
    said: tuple[str, ...]
    values: list[Any]


class StudyWriter(Writer):
    """Writes batches of studies."""

    file = "studies"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # How often the file says what, by the key of the first time; and the keys of further ones.
        self.times: dict[UUID, int] = {}
        self.further: set[UUID] = set()
        self.seen: dict[UUID, int] = {}

    def announce(self, external_id: str, values: list[Any]) -> None:
        """Note that the file has a row, before any is written."""
        parts = (external_id, *map(text_of, values))
        first = key_of(parts)
        self.times[first] = self.times.get(first, 0) + 1
        if self.times[first] > 1:
            self.further.add(key_of(parts, self.times[first]))

    def next_key(self, parts: tuple[str, ...]) -> UUID:
        """Return the key of a row, counted among those that say the same.

        Raises:
            ImportOvertaken: the file has changed.
        """
        first = key_of(parts)
        if first not in self.times:
            raise ImportOvertaken
        if self.times[first] == 1:
            return first
        self.seen[first] = self.seen.get(first, 0) + 1
        return key_of(parts, self.seen[first])

    def is_in_file(self, key: UUID) -> bool:
        """Tell whether the file has a row of this key."""
        return key in self.times or key in self.further

    # -- a batch --------------------------------------------------------------------------------
    def write(self, rows: list[type_row]) -> None:
        """Insert a batch's studies that stand for none yet.

        Raises:
            ImportOvertaken: a patient went meanwhile.
        """
        placed = self.placed(rows)
        known = records_of(row.key for row in placed)
        open_rows = []
        for row in placed:
            record = known.get(row.key)
            if record is not None and stands_as_said(row, record):
                self.unchanged(row)
            else:
                open_rows.append(row)
        if open_rows:
            self.settle(open_rows, known)
        self.planner.analyze_if_grown(Study, self.result.created)

    def placed(self, rows: list[type_row]) -> list[Row]:
        """Return the rows with their keys and their patients.

        Raises:
            ImportOvertaken: a patient went meanwhile.
        """
        patients = patients_of(external_id for _number, external_id, _values in rows)
        placed = []
        for number, external_id, values in rows:
            if external_id not in patients:
                raise ImportOvertaken
            said = tuple(map(text_of, values))
            key = self.next_key((external_id, *said))
            placed.append(Row(number, key, *patients[external_id], said, values))
        return placed

    def settle(self, rows: list[Row], known: dict[UUID, Record]) -> None:
        """Find or make the study of each row that no study stands for as it is said."""
        free, claims = self.free_records({row.patient for row in rows})
        adopted: dict[UUID, int] = {}
        # Rows of corrected studies first: each that finds another one sets the corrected one free.
        rows = sorted(rows, key=lambda row: row.key not in known)
        unknown = []
        for row in rows:
            record = known.get(row.key)
            if (same := free.take(row, is_archived=False)) is not None:
                adopted[row.key] = same.pk
                self.unchanged(row)
                if record is not None:
                    release(record, free, claims)
            elif record is not None:
                self.stays(row, record.pk, is_archived=record.is_archived or row.is_archived)
            else:
                unknown.append(row)
        for row, record in [*archived_before(unknown, free), *corrected_before(unknown, free)]:
            adopted[row.key] = record.pk
            self.stays(row, record.pk, is_archived=record.is_archived)
        remember(adopted)
        new = [row for row in unknown if row.key not in adopted]
        for row in new:
            if row.is_archived:
                self.stays(row, 0, is_archived=True)
        self.add([row for row in new if not row.is_archived])

    def unchanged(self, row: Row) -> None:
        """Count a row whose study says the same."""
        self.result.unchanged += 1
        self.note(row.number, "unchanged")

    def stays(self, row: Row, key: int, *, is_archived: bool) -> None:
        """Count and list a row whose study is left as it is; without a study ``key`` is 0."""
        if is_archived:
            self.result.archived_here += 1
        else:
            self.result.changed_here += 1
        self.note(row.number, "archived_here" if is_archived else "changed_here", key=key)

    def free_records(self, patients: set[int]) -> tuple["Free", Counter[int]]:
        """Return the studies of patients that no row of the file stands for, and who has how many.

        The second is by study how many rows of the file stand for it.
        """
        sources = StudySource.objects.filter(study__patient__in=patients)
        claims = Counter(
            study for study, key in sources.values_list("study", "key") if self.is_in_file(key)
        )
        studies = Study.everything.filter(patient__in=patients).order_by("pk")
        return Free(one for one in as_records(studies) if one.pk not in claims), claims

    def add(self, rows: list[Row]) -> None:
        """Insert studies of patients who are there, and stay there until that is done.

        Raises:
            ImportOvertaken: a patient went meanwhile.
        """
        keys = sorted({row.patient for row in rows})
        patients = Patient.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        if len(patients.values_list("pk")) != len(keys):
            raise ImportOvertaken
        created = Study.objects.bulk_create(
            Study(**dict(zip(FIELDS, row.values, strict=True)), patient_id=row.patient)
            for row in rows
        )
        remember(
            {row.key: study.pk for row, study in zip(rows, created, strict=True)}, are_new=True
        )
        for row in rows:
            self.note(row.number, "created")
        self.result.created += len(created)
        record_created(Study, created)
        journal.record_each(journal.Action.CHANGE, Patient, keys, reason=f"{REASON}: studies added")


class Free:
    """Studies that no row of the file stands for, by patient and by what they say."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Put one more in."""
        self.records[record.patient, record.is_archived, *record.said].append(record)

    def take(self, row: Row, *, is_archived: bool) -> Record | None:
        """Return, and take out, the oldest one that says what a row says."""
        same = self.records.get((row.patient, is_archived, *row.said))
        return same.pop(0) if same else None

    def of(self, patients: set[int]) -> list[Record]:
        """Return the present ones of some patients."""
        return [
            record
            for records in self.records.values()
            for record in records
            if record.patient in patients and not record.is_archived
        ]


def release(record: Record, free: Free, claims: Counter[int]) -> None:
    """Give a study free for other rows, when no further row of the file stands for it."""
    claims[record.pk] -= 1
    if not claims[record.pk]:
        free.add(record)


def archived_before(rows: list[Row], free: Free) -> list[tuple[Row, Record]]:
    """Return rows with the archived studies that say the same."""
    pairs = ((row, free.take(row, is_archived=True)) for row in rows)
    return [(row, record) for row, record in pairs if record is not None]


def stands_as_said(row: Row, record: Record) -> bool:
    """Tell whether a study is what its row says, and there."""
    return not record.is_archived and record.patient == row.patient and record.said == row.said


def patients_of(ids: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """Return key and "is archived" of the patients that a file names: the present one, if any.

    Who was merged into another patient is that one.
    """
    rows = Patient.everything.filter(external_id__in={*ids}).order_by(
        F("archived_at").asc(nulls_last=True), "pk"
    )
    found = {
        external_id: (pk, archived_at is not None)
        for external_id, pk, archived_at in rows.values_list("external_id", "pk", "archived_at")
    }
    ends = survivors(pk for pk, archived in found.values() if archived)
    present = set(Patient.objects.filter(pk__in=ends.values()).values_list("pk", flat=True))
    return {
        external_id: (ends[pk], ends[pk] not in present) if pk in ends else (pk, archived)
        for external_id, (pk, archived) in found.items()
    }


def records_of(keys: Iterable[UUID]) -> dict[UUID, Record]:
    """Return the studies that rows of these keys stand for."""
    columns = ("study", "study__patient", "study__archived_at", *(f"study__{n}" for n in FIELDS))
    rows = StudySource.objects.filter(key__in=[*keys]).values_list("key", *columns)
    return {key: record_of(*values) for key, *values in rows}


def as_records(studies: Any) -> Iterable[Record]:
    """Yield studies as they are stored."""
    for values in studies.values_list("pk", "patient", "archived_at", *FIELDS):
        yield record_of(*values)


def record_of(pk: int, patient: int, archived_at: Any, *values: Any) -> Record:
    """Return a study as it is stored."""
    return Record(pk, patient, archived_at is not None, tuple(map(text_of, values)))


def remember(studies: dict[UUID, int], *, are_new: bool = False) -> None:
    """Keep which study each row stands for."""
    sources = [StudySource(key=key, study_id=pk) for key, pk in studies.items()]
    if are_new:
        StudySource.objects.bulk_create(sources)
    else:
        StudySource.objects.bulk_create(
            sources, update_conflicts=True, unique_fields=["key"], update_fields=["study"]
        )


def corrected_before(rows: list[Row], free: Free) -> list[tuple[Row, Record]]:
    """Return rows with the studies that they made before there were keys, and that were corrected.

    The journal knows which studies an import made and somebody changed, not what they said. So a
    row is one of them when its patient has as many such studies as unknown rows and they are alike.
    """
    rows_of: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.is_archived:
            rows_of[row.patient].append(row)
    candidates = free.of({*rows_of})
    corrected = corrected_imports(record.pk for record in candidates)
    pairs: list[tuple[Row, Record]] = []
    for patient, unknown in rows_of.items():
        records = [one for one in candidates if one.patient == patient and one.pk in corrected]
        if len(records) == len(unknown):
            pairs += alike(unknown, records)
    return pairs


def alike(rows: list[Row], records: list[Record]) -> Iterator[tuple[Row, Record]]:
    """Yield each row with the study that is most like it, and enough."""
    for row in rows:
        likeness = {record: sum(map(operator.eq, row.said, record.said)) for record in records}
        record = max(records, key=likeness.__getitem__)
        if likeness[record] >= ALIKE:
            records.remove(record)
            yield row, record


def corrected_imports(keys: Iterable[int]) -> set[int]:
    """Return those studies that an import made, and somebody changed afterwards."""
    imported, corrected = set(), set()
    for ids in batches(str(key) for key in keys):
        entries = JournalEntry.objects.filter(model=Study._meta.label, object_id__in=ids)
        for object_id, action, reason in entries.values_list("object_id", "action", "reason"):
            if action == journal.Action.CREATE and reason.startswith(REASON):
                imported.add(int(object_id))
            elif is_by_hand((action, reason)):
                corrected.add(int(object_id))
    return imported & corrected
