"""What a row of the brief's files becomes, and how many of them did what."""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from clinic.constants import PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.models import Patient, Study
from clinic.validators import iso_date


@dataclass
class Counts:
    """How many rows of a file did what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class Result:
    """What an import did, or would do."""

    dry_run: bool = False
    patients: Counts = field(default_factory=Counts)
    studies: Counts = field(default_factory=Counts)

    @property
    def rows(self) -> int:
        """Return how many rows both files have."""
        return sum([*asdict(self.patients).values(), *asdict(self.studies).values()])

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it."""
        return asdict(self)

    def __str__(self) -> str:
        return "; ".join(
            f"{name}: {counts.created} created, {counts.updated} updated,"
            f" {counts.unchanged} unchanged"
            for name, counts in (("patients", self.patients), ("studies", self.studies))
        )


class Columns:
    """The columns of a file as fields of a model: text in, checked values out."""

    def __init__(self, model: type[models.Model], columns: dict[str, str]) -> None:
        self.fields = [
            (column, cast("models.Field", model._meta.get_field(name)))
            for column, name in columns.items()
        ]

    def clean(self, cells: list[str]) -> tuple[list[Any], list[tuple[str, str, str]]]:
        """Return the values, and ``(column, code, reason)`` of each that is wrong."""
        values: list[Any] = []
        faults: list[tuple[str, str, str]] = []
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
