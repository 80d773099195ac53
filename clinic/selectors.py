"""Reads that several callers share."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from clinic.constants import (
    BODY_PARTS,
    DICOM_MODALITY,
    FHIR_PRIORITY,
    MAX_DUPLICATES,
    StudyStatus,
    StudyType,
    UrgencyLevel,
)
from clinic.models import ARCHIVED, PRESENT, Patient
from core.text import search_key

MAX_WORDS = 6  # of a name, looked for in the database; all are compared afterwards


def vocabulary() -> dict[str, Any]:
    """Return the words that studies are described in."""
    return {
        "urgency_levels": [
            {"code": level.value, "name": str(level.label), "fhir_priority": FHIR_PRIORITY[level]}
            for level in UrgencyLevel
        ],
        "types": [
            {"code": kind.value, "name": str(kind.label), "dicom_modality": DICOM_MODALITY[kind]}
            for kind in StudyType
        ],
        "statuses": [{"code": status.value, "name": str(status.label)} for status in StudyStatus],
        "body_parts": list(BODY_PARTS),
    }


def words_of(first_name: str, last_name: str) -> list[str]:
    """Return the words of a name in whatever order they stand, as they are searched for."""
    return sorted(search_key(f"{first_name} {last_name}").split())


def possible_duplicates(patient: Patient) -> list[int]:
    """Return the keys of at most ``MAX_DUPLICATES`` records that may be of the same person.

    They have the same names, in any order and without accents, and the same birth date; or they
    are archived and had the same e-mail address. Merged records are none.
    """
    words = words_of(patient.first_name, patient.last_name)
    alike = PRESENT & Q(birth_date=patient.birth_date)
    for word in words[:MAX_WORDS]:
        alike &= Q(search_key__contains=word)
    if patient.email_key:
        alike |= ARCHIVED & Q(merged_into__isnull=True, email_key=patient.email_key)
    rows = Patient.everything.filter(alike).exclude(pk=patient.pk)
    return sorted(
        pk
        for pk, first_name, last_name, archived_at in rows.values_list(
            "pk", "first_name", "last_name", "archived_at"
        )
        if archived_at or words_of(first_name, last_name) == words
    )[:MAX_DUPLICATES]


def survivors(patient_ids: Iterable[int]) -> dict[int, int]:
    """Return, for each record that was merged away, the one where the merges end."""
    found: dict[int, int] = {}
    ends = {pk: pk for pk in patient_ids}
    while ends:  # as many queries as the longest chain has merges; no chain is a circle
        rows = Patient.everything.filter(pk__in=set(ends.values()), merged_into__isnull=False)
        steps = dict(rows.values_list("pk", "merged_into"))
        ends = {pk: steps[end] for pk, end in ends.items() if end in steps}
        found |= ends
    return found
