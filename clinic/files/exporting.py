"""Patients and studies as the brief's CSV files: what importing takes, in its own words."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import StreamingHttpResponse

from clinic import access
from clinic.constants import PATIENT_COLUMNS, STUDY_COLUMNS
from clinic.models import Patient, Study
from core.files import CHUNK_ROWS, download, in_chunks
from core.text import inert

# Also what some spreadsheets take for a separator whatever the others are.
QUOTED = re.compile(r"[,;|\t\"\r\n]|^\s|\s$")


def line_of(values: Iterable[Any]) -> str:
    """Return one line of a file as the brief writes it, with a space after each comma.

    A quoted cell follows its comma at once: after a space, spreadsheets take a quote for text, so
    that a comma or a line end within the cell would begin another one, which may be a formula.
    """
    cells = []
    for value in values:
        text = "" if value is None else inert(str(value))
        cells.append('"' + text.replace('"', '""') + '"' if QUOTED.search(text) else f" {text}")
    return ",".join(cells).removeprefix(" ") + "\n"


def patient_lines(patients: QuerySet[Patient]) -> Iterator[str]:
    """Yield the lines of a patients file."""
    names = ("first_name", "last_name", "birth_date", "email", "external_id")
    yield ", ".join(PATIENT_COLUMNS) + "\n"
    for values in in_chunks(patients, names):
        yield line_of(values)


def study_lines(patients: QuerySet[Patient]) -> Iterator[str]:
    """Yield the lines of a file of these patients' studies."""
    names = ("urgency_level", "body_part", "description", "type", "patient__external_id")
    studies = Study.objects.filter(patient__in=patients.order_by().values("pk")).order_by("pk")
    yield ", ".join(STUDY_COLUMNS) + "\n"
    for values in in_chunks(studies, names):
        yield line_of(values)


@transaction.atomic
def record(patients: QuerySet[Patient], *, reason: str) -> int:
    """Write who is exported into the journal, before a line leaves; return how many those are."""
    count = patients.count()
    access.exported([""], count=count, reason=reason)
    keys = patients.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK_ROWS)
    while chunk := list(islice(keys, CHUNK_ROWS)):
        access.exported(chunk, count=count, reason=reason)
    return count


LINES = {"patients": patient_lines, "studies": study_lines}


def response(
    patients: QuerySet[Patient], name: str, *, reason: str, has_mark: bool = False
) -> StreamingHttpResponse:
    """Record the export of one of ``LINES``, then return it as a download."""
    # Who comes in between would be in the file and not on record.
    last = patients.order_by().aggregate(last=Max("pk"))["last"] or 0
    patients = patients.filter(pk__lte=last)
    record(patients, reason=reason)
    return download(LINES[name](patients), f"{name}.csv", has_mark=has_mark)
