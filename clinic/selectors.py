"""Reads that several callers share."""

from typing import Any

from clinic.constants import BODY_PARTS, DICOM_MODALITY, FHIR_PRIORITY, StudyType, UrgencyLevel


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
        "body_parts": list(BODY_PARTS),
    }
