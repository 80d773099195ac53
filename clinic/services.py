"""Writes: each leaves its entries in the same transaction, the study's about the patient, too.

What a record said before is kept as a version (:mod:`clinic.versions`). ``reason`` of a change or a
merge is in the caller's words and stands there only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import versions
from clinic.errors import (
    EmailTaken,
    ExternalIdTaken,
    PatientArchived,
    PatientMergedAway,
    UnknownPatient,
)
from clinic.models import Archivable, Patient, Study
from core.audit import journal
from core.db import refusing
from core.errors import Conflict

CONSTRAINT_ERRORS = {
    "clinic_patient_email_unique": EmailTaken,
    "clinic_patient_external_unique": ExternalIdTaken,
}


@contextmanager
def unique(patient: Patient) -> Iterator[None]:
    """Refuse, inside, what another patient has already (EmailTaken, ExternalIdTaken)."""
    try:
        with refusing(Patient, CONSTRAINT_ERRORS):
            yield
    except EmailTaken as error:
        error.email_key = patient.email_key
        raise
    except ExternalIdTaken as error:
        error.external_id = patient.external_id
        raise


@transaction.atomic(savepoint=False)
def create_patient(**fields: Any) -> Patient:
    """Take a patient in.

    Raises:
        EmailTaken: another patient has the address, whatever its case.
    """
    patient = Patient(**fields)
    with unique(patient):
        patient.save()
    journal.record(journal.Action.CREATE, patient, changes=journal.initial(patient))
    return patient


@transaction.atomic(savepoint=False)
def change_patient(*, patient: Patient, reason: str = "", **fields: Any) -> Patient:
    """Change the named fields of a patient.

    Raises:
        EmailTaken: another patient has the new address, whatever its case.
    """
    with unique(patient):
        changes = versions.change(patient, fields, reason=reason)
    if changes:
        journal.record(journal.Action.CHANGE, patient, changes=changes)
    return patient


@transaction.atomic(savepoint=False)
def archive_patient(*, patient: Patient, reason: str = "") -> None:
    """Put a patient away, with the studies that are there."""
    patient = Patient.everything.select_for_update().get(pk=patient.pk)
    if patient.is_archived:
        return
    moment = timezone.now()
    studies = list(Study.objects.select_for_update().filter(patient=patient))
    patient.archived_at = moment
    Patient.objects.filter(pk=patient.pk).update(archived_at=moment)
    Study.objects.filter(pk__in=[study.pk for study in studies]).update(archived_at=moment)
    changes = {"archived_at": [None, moment.isoformat()]}
    journal.record_many(
        journal.entry(journal.Action.DELETE, obj, changes=changes, reason=reason)
        for obj in (patient, *studies)
    )
    records: list[Patient | Study] = [patient, *studies]
    versions.record(((one, changes) for one in records), reason=reason)


@transaction.atomic(savepoint=False)
def restore_patient(*, patient: Patient, reason: str = "") -> int:
    """Bring a patient back with the studies that went with it; return how many those were.

    Raises:
        EmailTaken: another patient has the address by now.
        ExternalIdTaken: another patient was imported under the same id by now.
        PatientMergedAway: it was a duplicate; what comes back is told by its merge.
    """
    patient = Patient.everything.select_for_update().get(pk=patient.pk)
    if not patient.is_archived:
        return 0
    if patient.merged_into_id:
        raise PatientMergedAway
    moment = patient.archived_at
    archived = Study.everything.select_for_update().filter(patient=patient, archived_at=moment)
    studies = list(archived)
    patient.archived_at = None
    with unique(patient):
        patient.save()
    archived.update(archived_at=None)
    entries = [restored_entry(obj, moment, reason) for obj in (patient, *studies)]
    journal.record_many(entries)
    values = {"archived_at": [versions.written(moment), None]}
    records: list[Patient | Study] = [patient, *studies]
    versions.record(((one, values) for one in records), reason=reason)
    return len(studies)


def restored_entry(obj: Archivable, moment: Any, reason: str) -> Any:
    """Return the journal entry of a restored row."""
    changes = {"archived_at": [moment.isoformat(), None]}
    return journal.entry(journal.Action.CHANGE, obj, changes=changes, reason=reason)


def lock_active_patient(patient_id: int) -> Patient:
    """Return a patient, locked: it cannot be archived while a study is added to it.

    Raises:
        UnknownPatient: there is none, or it is archived.
    """
    patients: QuerySet[Patient] = Patient.objects.select_for_update().only("id")
    patient = patients.filter(pk=patient_id).first()
    if patient is None:
        raise UnknownPatient
    return patient


def record_study(
    action: journal.Action, study: Study, changes: dict[str, Any], *, reason: str = ""
) -> None:
    """Write the entries of a study: its own, and one about each patient concerned."""
    patients = {study.patient_id, *(changes.get("patient") or ())} - {None}
    done: str = action
    if action == journal.Action.CHANGE and "patient" in changes:
        done = "moved from patient {} to patient {}".format(*changes["patient"])
    about = f"study {study.pk}: {done}" + (f" ({reason})" if reason else "")
    journal.record_many(
        [
            journal.entry(action, study, changes=changes, reason=reason),
            *(
                journal.entry(journal.Action.CHANGE, Patient, object_id=pk, reason=about)
                for pk in sorted(patients)
            ),
        ]
    )


@transaction.atomic(savepoint=False)
def create_study(*, patient_id: int, **fields: Any) -> Study:
    """Add a study to a patient.

    Raises:
        UnknownPatient: there is none, or it is archived.
    """
    study = Study(patient=lock_active_patient(patient_id), **fields)
    study.save(force_insert=True)
    record_study(journal.Action.CREATE, study, journal.initial(study))
    return study


@transaction.atomic(savepoint=False)
def change_study(*, study: Study, reason: str = "", **fields: Any) -> Study:
    """Change the named fields of a study; ``patient_id`` moves it to another patient.

    Raises:
        UnknownPatient: the new patient is not there.
    """
    if fields.get("patient_id", study.patient_id) != study.patient_id:
        fields["patient"] = lock_active_patient(fields.pop("patient_id"))
    if changes := versions.change(study, fields, reason=reason):
        record_study(journal.Action.CHANGE, study, changes)
    return study


@transaction.atomic(savepoint=False)
def move_study(*, study_id: int, source_id: int, into_id: int, reason: str = "") -> Study:
    """Give a study to the patient that it is of, if it is at the wrong one still.

    Both patients are locked before it, in the order of their keys, as by a merge.

    Raises:
        Conflict: it is not there any more, or archived.
        UnknownPatient: the other patient is not there, or the same.
    """
    rows = Patient.everything.select_for_update().only("archived_at")
    found = rows.filter(pk__in=[source_id, into_id]).order_by("pk")
    present = {patient.pk for patient in found if not patient.is_archived}
    study = Study.objects.select_for_update().filter(pk=study_id, patient_id=source_id).first()
    if study is None:
        raise Conflict(_("The study is not at this patient any more. Nothing was moved."))
    if into_id not in present - {source_id}:
        raise UnknownPatient("into")
    return change_study(study=study, patient_id=into_id, reason=reason)


@transaction.atomic(savepoint=False)
def archive_study(*, study: Study, reason: str = "") -> None:
    """Put one study away."""
    moment = timezone.now()
    if Study.objects.filter(pk=study.pk).update(archived_at=moment):
        changes = {"archived_at": [None, moment.isoformat()]}
        record_study(journal.Action.DELETE, study, changes, reason=reason)
        versions.record([(study, changes)], reason=reason)


@transaction.atomic(savepoint=False)
def restore_study(*, study: Study, reason: str = "") -> bool:
    """Bring one study back; tell whether it was away.

    Raises:
        PatientArchived: its patient is still away.
    """
    patient = Patient.everything.select_for_update().get(pk=study.patient_id)
    study = Study.everything.select_for_update().get(pk=study.pk)
    if not study.is_archived:
        return False
    if patient.is_archived:
        raise PatientArchived
    Study.everything.filter(pk=study.pk).update(archived_at=None)
    moment = study.archived_at
    entry = restored_entry(study, moment, reason)
    about = journal.entry(
        journal.Action.CHANGE,
        Patient,
        object_id=study.patient_id,
        reason=f"study {study.pk}: restored" + (f" ({reason})" if reason else ""),
    )
    journal.record_many([entry, about])
    values = {"archived_at": [versions.written(moment), None]}
    versions.record([(study, values)], reason=reason)
    return True
