"""What the contract says of patients and their studies that no rule knows."""

from clinic.errors import (
    EmailTaken,
    ExternalIdTaken,
    ImportOvertaken,
    ImportRefused,
    ImportRunning,
    MergeIntoItself,
    MergeOvertaken,
    PatientArchived,
    PatientMerged,
    UnknownPatient,
)
from core.api.schema.tables import Operation, Resource

PATIENT_ID = {"patient_pk": ("The patient's id.", 1)}
STUDY_ID = {"id": ("The study's id.", 1)}
PERSON = {
    "first_name": "Ana",
    "last_name": "Treviño",
    "birth_date": "1984-02-29",
    "email": "ana.trevino@example.com",
}
STUDY = {
    "urgency_level": "MID",
    "body_part": "CHEST",
    "description": "Cough for three weeks.",
    "type": "XRAY",
}
ARCHIVED = "Archive {}: answered 404 from then on, kept for those who must look it up."

PATIENTS = Resource(
    "patient",
    {
        "list": Operation(
            description="Return patients with their studies. SUPPORT sees of each only that there "
            "is one. Whoever was shown is in the access log."
        ),
        "retrieve": Operation(
            description="Return the patient with their studies. SUPPORT sees only that there is "
            "one. Each look is in the access log.",
            errors=(PatientMerged,),
        ),
        "create": Operation(errors=(EmailTaken,), example=PERSON),
        "update": Operation(errors=(EmailTaken, PatientMerged), example=PERSON),
        "partial_update": Operation(
            errors=(EmailTaken, PatientMerged), example={"last_name": "Treviño Díaz"}
        ),
        "destroy": Operation(
            description=ARCHIVED.format("the patient and their studies"), errors=(PatientMerged,)
        ),
        "import_files": Operation(
            "importPatients",
            errors=(
                EmailTaken,
                ExternalIdTaken,
                ImportRefused,
                ImportOvertaken,
                ImportRunning,
            ),
        ),
        "export_file": Operation("exportPatients"),
        "merge": Operation(
            summary="Merge a duplicate into another patient",
            errors=(
                MergeIntoItself,
                MergeOvertaken,
                PatientArchived,
                PatientMerged,
                UnknownPatient,
            ),
            example={"into": 2, "reason": "Registered twice at the front desk."},
        ),
        "undo_merge": Operation(
            "undoMerge", "Undo a merge", errors=(EmailTaken, MergeOvertaken, PatientArchived)
        ),
    },
    {"id": ("The patient's id.", 1)},
)
STUDIES = Resource(
    "study",
    {
        "list": Operation(description="Return studies of all patients, in pages."),
        "create": Operation(errors=(UnknownPatient,), example={"patient": 1, **STUDY}),
        "update": Operation(errors=(UnknownPatient,), example={"patient": 1, **STUDY}),
        "partial_update": Operation(errors=(UnknownPatient,), example={"urgency_level": "HIGH"}),
        "destroy": Operation(description=ARCHIVED.format("the study")),
        "vocabulary": Operation("getStudyVocabulary"),
    },
    STUDY_ID,
)
PATIENT_STUDIES = Resource(
    "patient study",
    {
        "list": Operation(
            description="Return the studies of a patient who is there, in pages.",
            errors=(PatientMerged,),
        ),
        "retrieve": Operation(errors=(PatientMerged,)),
        "create": Operation(
            description="Add a study to the patient of the address.",
            errors=(PatientMerged,),
            example=STUDY,
        ),
        "update": Operation(errors=(PatientMerged, UnknownPatient), example=STUDY),
        "partial_update": Operation(
            errors=(PatientMerged, UnknownPatient), example={"urgency_level": "HIGH"}
        ),
        "destroy": Operation(description=ARCHIVED.format("the study"), errors=(PatientMerged,)),
    },
    {**PATIENT_ID, **STUDY_ID},
    one="a study of the patient",
    plural="patient studies",
)
PATIENT_VERSIONS = Resource(
    "patient version",
    {
        "list": Operation(
            description="Return what the record said before each change, by whom and why, the "
            "newest first; also of archived patients. This look is in the access log."
        )
    },
    PATIENT_ID,
)
STUDY_VERSIONS = Resource(
    "study version",
    {
        "list": Operation(
            description="Return what the study said before each change, by whom and why, the "
            "newest first; also of archived studies. This look is in the access log."
        )
    },
    {"study_pk": ("The study's id.", 1)},
)
ACCESS_LOG = Resource(
    "patient access log",
    {
        "list": Operation(
            "listPatientAccesses",
            description="Return who looked at a patient or changed something, the newest first; "
            "also of archived patients. This look is in it, too.",
        )
    },
    PATIENT_ID,
)
FIELDS = {
    "performed_on": "The day it was made, or is to be made; YYYY-MM-DD.",
    "studies_count": "How many studies there are; the newest 50 are shown.",
    "ListedRow.row": "The row of the file, from 1 for its header.",
    "ListedRow.code": "What became of the row.",
    "into": "The id of the patient that stays.",
    "StatusTerm.code": "As in `status`.",
    "StatusTerm.name": "For people, in their language.",
    "statuses": "How far a study has come.",
    "first_name": "The first name.",
    "last_name": "The last name.",
    "birth_date": "YYYY-MM-DD.",
    "Patient.email": "Optional; unique where it is given.",
    "email": "A whole e-mail address, in any case.",
    "studies": "The patient's studies.",
    "initials": "The first letters of the names.",
    "Study.patient": "The patient's id.",
    "NestedStudy.patient": "The patient's id, as in the address.",
    "patient": "The patient's id.",
    "urgency_level": "How soon the study is needed.",
    "body_part": "In upper case; the vocabulary has suggestions.",
    "description": "What the study is about.",
    "type": "What kind of study it is.",
    "ImportFiles.patients": "The file of patients, CSV in UTF-8.",
    "ImportFiles.studies": "The file of studies, CSV in UTF-8.",
    "Import.patients": "What became of the patients' rows.",
    "Import.studies": "What became of the studies' rows.",
    "UrgencyTerm.code": "As in `urgency_level`.",
    "UrgencyTerm.name": "For people, in their language.",
    "fhir_priority": "FHIR R5's word (request-priority).",
    "TypeTerm.code": "As in `type`.",
    "TypeTerm.name": "For people, in their language.",
    "dicom_modality": "DICOM's code (Modality).",
    "urgency_levels": "How soon a study may be needed.",
    "types": "What kinds of study there are.",
    "body_parts": "Suggestions; other body parts are taken, too.",
}
