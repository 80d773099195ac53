"""The vocabulary of the clinic, as data, with what other systems call the same things."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 100
EMAIL_LENGTH = 254
BODY_PART_LENGTH = 100
DESCRIPTION_LENGTH = 4000
EXTERNAL_ID_LENGTH = 64
SEARCH_LENGTH = 500
REASON_LENGTH = 500
SOURCE_LENGTH = 64  # four hashes of 16 hexadecimal digits
OLDEST_BIRTH_DATE = date(1850, 1, 1)
OLDEST_STUDY_DATE = date(1900, 1, 1)
# Stands for a day that nobody knows: before all others.
UNKNOWN_DATE = date(1850, 1, 1)
FARTHEST_DAYS = 366  # ahead: an examination may be ordered for next year
SHOWN_STUDIES = 50
MAX_DUPLICATES = 10


class UrgencyLevel(models.TextChoices):
    """How soon a study is needed."""

    LOW = "LOW", _("low")
    MID = "MID", _("medium")
    HIGH = "HIGH", _("high")


# Place in a worklist, the most urgent first. Ascending like the dates, so that a page of
# "most urgent, then oldest" begins by one comparison of rows, at the same cost at any depth.
URGENCY_ORDER = {UrgencyLevel.HIGH: 1, UrgencyLevel.MID: 2, UrgencyLevel.LOW: 3}


class StudyStatus(models.TextChoices):
    """How far a study has come."""

    ORDERED = "ordered", _("ordered")
    PERFORMED = "performed", _("performed")
    REPORTED = "reported", _("reported")
    CANCELLED = "cancelled", _("cancelled")


# FHIR R5 value set "request-priority" (ServiceRequest.priority).
FHIR_PRIORITY = {
    UrgencyLevel.LOW: "routine",
    UrgencyLevel.MID: "urgent",
    UrgencyLevel.HIGH: "stat",
}


class StudyType(models.TextChoices):
    """What kind of study was made."""

    XRAY = "XRAY", _("X-ray")
    MAMMOGRAM = "MAMMOGRAM", _("mammogram")
    CT = "CT", _("computed tomography")
    MRI = "MRI", _("magnetic resonance")
    ULTRASOUND = "ULTRASOUND", _("ultrasound")
    PET = "PET", _("positron emission tomography")
    NUCLEAR_MEDICINE = "NUCLEAR_MEDICINE", _("nuclear medicine")
    FLUOROSCOPY = "FLUOROSCOPY", _("fluoroscopy")
    ANGIOGRAPHY = "ANGIOGRAPHY", _("X-ray angiography")
    BONE_DENSITOMETRY = "BONE_DENSITOMETRY", _("bone densitometry")
    PANORAMIC_XRAY = "PANORAMIC_XRAY", _("panoramic X-ray")
    ENDOSCOPY = "ENDOSCOPY", _("endoscopy")
    ECG = "ECG", _("electrocardiogram")


# DICOM PS3.3 C.7.3.1.1.1, defined terms of Modality (0008,0060).
DICOM_MODALITY = {
    StudyType.XRAY: "DX",
    StudyType.MAMMOGRAM: "MG",
    StudyType.CT: "CT",
    StudyType.MRI: "MR",
    StudyType.ULTRASOUND: "US",
    StudyType.PET: "PT",
    StudyType.NUCLEAR_MEDICINE: "NM",
    StudyType.FLUOROSCOPY: "RF",
    StudyType.ANGIOGRAPHY: "XA",
    StudyType.BONE_DENSITOMETRY: "BMD",
    StudyType.PANORAMIC_XRAY: "PX",
    StudyType.ENDOSCOPY: "ES",
    StudyType.ECG: "ECG",
}

# Suggestions only: a body part is free text, stored in upper case.
BODY_PARTS = (
    "ABDOMEN",
    "ANKLE",
    "BRAIN",
    "BREASTS",
    "CHEST",
    "ELBOW",
    "FOOT",
    "HAND",
    "HEAD",
    "HEART",
    "HIP",
    "KIDNEYS",
    "KNEE",
    "LIVER",
    "LUNGS",
    "NECK",
    "PELVIS",
    "SHOULDER",
    "SPINE",
    "STOMACH",
    "TEETH",
    "WRIST",
)

# The files of the brief, column by column.
PATIENT_COLUMNS = ("first_name", "last_name", "birth_date", "email", "id")
STUDY_COLUMNS = ("urgency_level", "body_part", "description", "type", "patient_id")
# What the columns may be called beside that, without accents (core.files.dialects.plain_name).
COLUMN_NAMES = {
    "nombre": "first_name",
    "nombres": "first_name",
    "apellido": "last_name",
    "apellidos": "last_name",
    "fecha_nacimiento": "birth_date",
    "fecha_de_nacimiento": "birth_date",
    "date_of_birth": "birth_date",
    "correo": "email",
    "correo_electronico": "email",
    "e_mail": "email",
    "identificador": "id",
    "urgencia": "urgency_level",
    "nivel_de_urgencia": "urgency_level",
    "urgency": "urgency_level",
    "parte_del_cuerpo": "body_part",
    "descripcion": "description",
    "tipo": "type",
    "paciente": "patient_id",
    "id_paciente": "patient_id",
    "id_del_paciente": "patient_id",
    "patient": "patient_id",
}
MAX_IMPORT_BYTES = 128 * 1024 * 1024
# What an import's answer lists row by row: where record and file differ, and stay so, or did.
LISTED = ("changed_here", "archived_here", "conflict", "overwritten")
