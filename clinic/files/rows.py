"""What a row of the brief's files becomes, and how many of them did what."""

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from clinic.constants import COLUMN_NAMES, PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.fields import UpperCaseField
from clinic.models import Patient, Study
from clinic.validators import iso_date
from core.files import MAX_KEPT_PROBLEMS, Counts, Layout, Problem, Sheet, type_fault
from core.files.dates import day_fault

MAX_KNOWN_VALUES = 4096


@dataclass
class SheetResult(Counts):
    """How many rows of a file did what, which differ from their records, and how it was read.

    ``changed_here``: the record was corrected here, the file says what it said: nothing is written.
    ``archived_here``: the record, or its patient, is archived here, and stays so. ``conflicts``:
    both changed, and the record is kept. ``listed`` are the first of these rows, and of those whose
    correction the file overwrote.
    """

    changed_here: int = 0
    archived_here: int = 0
    conflicts: int = 0
    listed: list[dict[str, Any]] = field(default_factory=list)
    delimiter: str = ""
    encoding: str = ""
    date_format: str = ""

    @property
    def rows(self) -> int:
        """Return how many rows that is."""
        return super().rows + self.changed_here + self.archived_here + self.conflicts

    def read_as(self, layout: Layout) -> None:
        """Say how the file was read."""
        self.delimiter, self.encoding = layout.delimiter, layout.encoding
        self.date_format = layout.date_format

    def note(self, row: int, code: str, columns: list[str], key: int) -> None:
        """Take a row in that is to be listed; ``key`` is the record's."""
        if len(self.listed) < MAX_KEPT_PROBLEMS:
            column = "; ".join(columns)
            self.listed.append({"row": row, "code": code, "column": column, "id": key or None})

    def __str__(self) -> str:
        extra = {
            "changed here": self.changed_here,
            "archived here": self.archived_here,
            "in conflict": self.conflicts,
        }
        return super().__str__() + "".join(
            f", {many} {what}" for what, many in extra.items() if many
        )


@dataclass
class Result:
    """What an import did, or would do."""

    dry_run: bool = False
    patients: SheetResult = field(default_factory=SheetResult)
    studies: SheetResult = field(default_factory=SheetResult)

    @property
    def rows(self) -> int:
        """Return how many rows both files have."""
        return self.patients.rows + self.studies.rows

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"patients: {self.patients}; studies: {self.studies}"


MESSAGES = {
    "created": "",
    "updated": "",
    "unchanged": "",
    "changed_here": "corrected here, left as it is",
    "archived_here": "archived here, stays so",
    "conflict": "changed here and in the file, kept as it is here",
    "overwritten": "changed here and in the file, taken from the file",
}


def outcome(file: str, row: int, code: str, columns: list[str]) -> Problem:
    """Return what became of a good row, as a report file has it."""
    return Problem(row, "; ".join(columns), code, MESSAGES[code], file)


class Columns:
    """The columns of a file as fields of a model: text in, checked values out."""

    def __init__(self, model: type[models.Model], columns: dict[str, str]) -> None:
        self.columns = [
            Column(name, cast("models.Field", model._meta.get_field(field)))
            for name, field in columns.items()
        ]

    @property
    def optional(self) -> frozenset[str]:
        """Return the columns that may be empty."""
        return frozenset(column.name for column in self.columns if column.field.blank)

    def clean(self, cells: list[str]) -> tuple[list[Any], list[type_fault]]:
        """Return the values, and ``(column, code, message)`` of each that is wrong."""
        values: list[Any] = []
        faults: list[type_fault] = []
        for column, cell in zip(self.columns, cells, strict=True):
            try:
                values.append(column.clean(cell))
            except ValidationError as error:
                faults.append((column.name, *column.fault(cell, error)))
        return values, faults


class Column:
    """A column of a file as a field of a model."""

    def __init__(self, name: str, field: models.Field) -> None:
        self.name = name
        self.field = field
        self.is_date = isinstance(field, models.DateField)
        self.empty = None if field.null else ""
        # Of what is said again and again, and names nobody, each value is checked once.
        if field.choices or isinstance(field, models.DateField | UpperCaseField):
            self.clean = lru_cache(MAX_KNOWN_VALUES)(self.clean)  # type: ignore[method-assign]  # the same, remembered

    def clean(self, cell: str) -> Any:
        """Return the value of a cell (ValidationError)."""
        if cell:
            return self.field.clean(iso_date(cell) if self.is_date else cell, None)
        if not self.field.blank:
            raise ValidationError(_("This field cannot be blank."), code="blank")
        return self.empty

    def fault(self, cell: str, error: ValidationError) -> tuple[str, str]:
        """Return code and message of what is wrong with a cell."""
        code = error.error_list[0].code or "invalid"
        nearly = day_fault(cell) if self.is_date and code == "invalid" else None
        return nearly or (code, " ".join(error.messages))


PATIENT = Columns(Patient, {**{name: name for name in PATIENT_COLUMNS}, "id": "external_id"})
STUDY = Columns(Study, {name: name for name in STUDY_COLUMNS if name != "patient_id"})
NAMED = Columns(Patient, {"patient_id": "external_id"})

PATIENTS_SHEET = Sheet(
    PATIENT_COLUMNS, aliases=COLUMN_NAMES, optional=PATIENT.optional, dates=("birth_date",)
)
STUDIES_SHEET = Sheet(STUDY_COLUMNS, aliases=COLUMN_NAMES, optional=STUDY.optional)
