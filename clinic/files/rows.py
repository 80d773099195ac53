"""What a row of the brief's files becomes, and how many of them did what."""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from clinic.constants import PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.models import Patient, Study
from clinic.validators import iso_date
from core.files import Counts, type_fault


@dataclass
class Result:
    """What an import did, or would do."""

    dry_run: bool = False
    patients: Counts = field(default_factory=Counts)
    studies: Counts = field(default_factory=Counts)

    @property
    def rows(self) -> int:
        """Return how many rows both files have."""
        return self.patients.rows + self.studies.rows

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"patients: {self.patients}; studies: {self.studies}"


class Columns:
    """The columns of a file as fields of a model: text in, checked values out."""

    def __init__(self, model: type[models.Model], columns: dict[str, str]) -> None:
        self.fields = [
            (column, cast("models.Field", model._meta.get_field(name)))
            for column, name in columns.items()
        ]

    def clean(self, cells: list[str]) -> tuple[list[Any], list[type_fault]]:
        """Return the values, and ``(column, code, message)`` of each that is wrong."""
        values: list[Any] = []
        faults: list[type_fault] = []
        for (column, target), cell in zip(self.fields, cells, strict=True):
            if not cell:
                faults.append((column, "blank", _("This field cannot be blank.")))
                continue
            try:
                value = iso_date(cell) if isinstance(target, models.DateField) else cell
                values.append(target.clean(value, None))
            except ValidationError as error:
                code = error.error_list[0].code or "invalid"
                faults.append((column, code, " ".join(error.messages)))
        return values, faults


PATIENT = Columns(Patient, {**{name: name for name in PATIENT_COLUMNS}, "id": "external_id"})
STUDY = Columns(Study, {name: name for name in STUDY_COLUMNS if name != "patient_id"})
NAMED = Columns(Patient, {"patient_id": "external_id"})
