"""Two records of one person made one, and that undone.

The duplicate is archived and points at the record that stays; all its studies move there, the
archived ones, too. The two patients are locked in the order of their keys, so that two merges of
the same records wait for each other instead of for ever.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import versions
from clinic.errors import MergeIntoItself, MergeOvertaken, UnknownPatient
from clinic.models import ARCHIVED, PRESENT, Merge, Patient, Study
from clinic.services import unique
from core.audit import journal
from core.errors import NotFound


def locked(*keys: int) -> list[Patient | None]:
    """Return these patients, archived ones, too, locked in the order of their keys."""
    rows = Patient.everything.select_for_update().filter(pk__in=keys).order_by("pk")
    found = {patient.pk: patient for patient in rows}
    return [found.get(key) for key in keys]


def keep(
    source: Patient, studies: list[Study], here: int, there: int, values: versions.type_values
) -> None:
    """Write the entries about a duplicate, the studies that left it or came back, and the other."""
    moved = {"patient": [here, there]}
    action = journal.Action.DELETE if source.is_archived else journal.Action.CHANGE
    other = source.merged_into_id or here
    word = "merged into" if source.is_archived else "parted from"
    about = f"patient {source.pk} {word} patient {other}"
    journal.record_many(
        [
            journal.entry(action, source, changes=values, reason=about),
            journal.entry(journal.Action.CHANGE, Patient, object_id=other, reason=about),
        ]
    )
    keys = [study.pk for study in studies]
    journal.record_each(journal.Action.CHANGE, Study, keys, changes=moved, reason=about)


@transaction.atomic(savepoint=False)
def merge_patients(*, source_id: int, into_id: int, reason: str = "") -> Merge:
    """Move a duplicate's studies to the record that stays, and archive the duplicate.

    Raises:
        MergeIntoItself: it is one record.
        NotFound: there is no such duplicate, or it is archived.
        UnknownPatient: there is no such record to stay, or it is archived.
    """
    if source_id == into_id:
        raise MergeIntoItself
    source, into = locked(source_id, into_id)
    if source is None or source.is_archived:
        raise NotFound
    if into is None or into.is_archived:
        raise UnknownPatient("into")
    studies: list[Study] = []
    for part in (PRESENT, ARCHIVED):  # each has its index
        rows = Study.everything.filter(part, patient=source)
        studies += rows.select_for_update().only("archived_at").order_by("pk")
        rows.update(patient=into)
    before = journal.snapshot(source)
    source.archived_at, source.merged_into = timezone.now(), into
    source.save(update_fields=["archived_at", "merged_into"])
    merge = Merge.objects.create(
        source=source,
        into=into,
        studies={study.pk: versions.written(study.archived_at) for study in studies},
    )
    values = versions.between(before, source)
    keep(source, studies, source.pk, into.pk, values)
    moved = {"patient": [source.pk, into.pk]}
    versions.record([(source, values), *((study, moved) for study in studies)], reason=reason)
    return merge


def to_part(merge: Merge) -> list[Study]:
    """Return the studies that a merge moved, locked.

    Raises:
        MergeOvertaken: one of them was moved on, archived or restored since.
    """
    rows = Study.everything.select_for_update().only("patient_id", "archived_at")
    studies = list(rows.filter(pk__in=merge.studies).order_by("pk"))
    as_left = {
        str(study.pk)
        for study in studies
        if study.patient_id == merge.into_id
        and versions.written(study.archived_at) == merge.studies[str(study.pk)]
    }
    if changed := sorted(int(key) for key in merge.studies.keys() - as_left):
        raise MergeOvertaken(studies=changed)
    return studies


@transaction.atomic(savepoint=False)
def undo_merge(*, source_id: int, reason: str = "") -> Merge:
    """Bring a merged duplicate back with exactly the studies that it had, as they are now.

    Raises:
        NotFound: it is not merged.
        MergeOvertaken: the other record is archived or merged itself by now, or a study changed
            its place.
        EmailTaken: another patient has its address by now.
        ExternalIdTaken: another patient was imported under its id by now.
    """
    # Its columns but the flag never change, so they may be read before anything is locked.
    merge = Merge.objects.filter(source_id=source_id, undone_at=None).first()
    if merge is None:
        raise NotFound
    source, into = locked(merge.source_id, merge.into_id)
    if source is None or into is None or Merge.objects.get(pk=merge.pk).undone_at:
        raise NotFound  # undone meanwhile
    if into.is_archived:
        raise MergeOvertaken(
            _("The patient it was merged into is archived or merged itself; undo that first.")
        )
    studies = to_part(merge)
    before = journal.snapshot(source)
    source.archived_at = source.merged_into = None
    with unique(source):
        source.save()
    Study.everything.filter(pk__in=[study.pk for study in studies]).update(patient=source)
    Merge.objects.filter(pk=merge.pk).update(undone_at=timezone.now())
    values = versions.between(before, source)
    keep(source, studies, into.pk, source.pk, values)
    moved = {"patient": [into.pk, source.pk]}
    versions.record([(source, values), *((study, moved) for study in studies)], reason=reason)
    return merge
