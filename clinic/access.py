"""Who looked at whose record: one journal entry per patient shown, whatever the route.

Everything that touches a patient's data leaves an entry about ``clinic.Patient`` under the
patient's id; a study has entries of its own beside it. So the access log of a patient is one range
of one index, at any depth, and a list costs one INSERT however many patients it shows.

An entry says where somebody looked and which parameters they used, never what they looked for.
"""

from collections.abc import Iterable

from clinic.errors import EmailTaken, ExternalIdTaken, ImportRefused
from clinic.models import Patient, Study
from core.audit import journal
from core.text import printable

MAX_REASON_CHARACTERS = 200


def reason_of(method: str, path: str, parameters: Iterable[str] = (), status: object = "") -> str:
    """Return where a request went, in text that every database stores."""
    names = ", ".join(sorted(parameters))
    text = f"{status} {method} {path}".strip() + (f" ({names})" if names else "")
    return printable(text, MAX_REASON_CHARACTERS)


def list_seen(patient_ids: Iterable[int], *, count: int, reason: str) -> None:
    """Record that a list was shown, and each patient that was on it."""
    ids = ["", *sorted(set(patient_ids))]
    journal.record_each(journal.Action.READ, Patient, ids, count=count, reason=reason)


def patient_seen(patient_id: object, *, reason: str) -> None:
    """Record that one patient was shown."""
    journal.record(journal.Action.READ, Patient, object_id=patient_id, reason=reason)


def study_seen(study_id: object, patient_id: object, *, reason: str) -> None:
    """Record that one study was shown."""
    journal.record_many(
        [
            journal.entry(journal.Action.READ, Study, object_id=study_id, reason=reason),
            journal.entry(journal.Action.READ, Patient, object_id=patient_id, reason=reason),
        ]
    )


def exported(patient_ids: Iterable[object], *, count: int, reason: str) -> None:
    """Record that these patients' data left as a file; ``count`` is the file's size in rows."""
    journal.record_each(
        journal.Action.EXPORT,
        Patient,
        patient_ids,
        count=count,
        reason=reason[:MAX_REASON_CHARACTERS],
    )


def told(error: Exception, *, reason: str) -> None:
    """Record the patients of whom a refusal tells that they are patients.

    To be called when the refused write is rolled back already.
    """
    if isinstance(error, EmailTaken):
        known = Patient.objects.filter(email_key=error.email_key)
    elif isinstance(error, ExternalIdTaken):
        known = Patient.objects.filter(external_id=error.external_id)
    elif isinstance(error, ImportRefused):
        known = Patient.objects.filter(external_id__in=error.holders)
    else:
        return
    journal.record_each(
        journal.Action.READ, Patient, known.values_list("pk", flat=True), reason=reason
    )


def refused(*, patient_id: str = "", study_id: str = "", reason: str) -> None:
    """Record that somebody was not let in; at a study, with an entry about its patient, too."""
    entries = []
    if study_id:
        entries.append(
            journal.entry(journal.Action.REFUSED, Study, object_id=study_id, reason=reason)
        )
        if not patient_id:
            owner = Study.everything.filter(pk=study_id).values_list("patient_id", flat=True)
            patient_id = str(owner.first() or "")
    if patient_id or not study_id:
        entries.append(
            journal.entry(journal.Action.REFUSED, Patient, object_id=patient_id, reason=reason)
        )
    journal.record_many(entries)
