"""Patients and the studies made of them. Archived, never deleted."""

import uuid
from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.constants import (
    BODY_PART_LENGTH,
    DESCRIPTION_LENGTH,
    EMAIL_LENGTH,
    EXTERNAL_ID_LENGTH,
    NAME_LENGTH,
    OLDEST_BIRTH_DATE,
    OLDEST_STUDY_DATE,
    REASON_LENGTH,
    SEARCH_LENGTH,
    SOURCE_LENGTH,
    UNKNOWN_DATE,
    URGENCY_ORDER,
    StudyStatus,
    StudyType,
    UrgencyLevel,
)
from clinic.fields import LinesField, UpperCaseField
from clinic.validators import (
    check_status,
    possible_birth_date,
    possible_study_date,
    readable_text,
)
from core.fields import EmailKeyField, SearchKeyField
from core.validators import plain_email, plain_text

PRESENT = models.Q(archived_at__isnull=True)
ARCHIVED = models.Q(archived_at__isnull=False)
NO_EMAIL = models.Q(email__isnull=True, email_key__isnull=True)
WITH_EMAIL = models.Q(email__isnull=False, email_key__isnull=False)


def new_external_id() -> str:
    """Return an id for files that no file has used yet."""
    return f"plaza-{uuid.uuid4().hex}"


class PresentManager(models.Manager):
    """The rows that are not archived: all that anybody but the admin works with."""

    def get_queryset(self) -> models.QuerySet:
        """Leave archived rows out."""
        return super().get_queryset().filter(PRESENT)


class Archivable(models.Model):
    """Base: a row that can be put away and brought back.

    What is archived together has the same ``archived_at``, to the microsecond: that is how a
    restored patient gets back the studies that went with it and no others.
    """

    id: models.BigAutoField
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    objects = PresentManager()
    everything: ClassVar[models.Manager] = models.Manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        # Nobody's name: this text stands in journal lines and page titles that SUPPORT reads.
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_archived(self) -> bool:
        """Tell whether the row was put away."""
        return self.archived_at is not None


class Patient(Archivable):
    """One patient. ``external_id`` is what files call it (the column ``id`` of the brief).

    Not everybody has an e-mail address of their own, or two names. ``merged_into`` is the record
    that this one turned out to be a duplicate of; this one is archived then.
    """

    journal_secret = ("first_name", "last_name", "birth_date", "email", "email_key", "search_key")

    first_name = models.CharField(_("first name"), max_length=NAME_LENGTH, validators=[plain_text])
    last_name = models.CharField(
        _("last name"), max_length=NAME_LENGTH, blank=True, default="", validators=[plain_text]
    )
    birth_date = models.DateField(_("birth date"), validators=[possible_birth_date])
    email = models.EmailField(
        _("e-mail"),
        max_length=EMAIL_LENGTH,
        null=True,
        blank=True,
        validators=[plain_email],
    )
    email_key = EmailKeyField(source="email", max_length=EMAIL_LENGTH, null=True)
    search_key = SearchKeyField(
        sources=("first_name", "last_name", "email"), max_length=SEARCH_LENGTH * 4
    )
    external_id = models.CharField(
        _("id in files"),
        max_length=EXTERNAL_ID_LENGTH,
        default=new_external_id,
        validators=[plain_text],
        editable=False,
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="merged",
        null=True,
        editable=False,
        db_index=False,  # a partial one serves: few are merged
        verbose_name=_("merged into"),
    )

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        base_manager_name = "everything"
        indexes: ClassVar = [
            # Files name archived patients, too, whom the unique one leaves out.
            models.Index(fields=["external_id"], name="clinic_patient_external"),
            models.Index(fields=["last_name", "id"], name="clinic_patient_name", condition=PRESENT),
            models.Index(
                fields=["birth_date", "id"], name="clinic_patient_born", condition=PRESENT
            ),
            models.Index(
                fields=["created_at", "id"], name="clinic_patient_made", condition=PRESENT
            ),
            models.Index(
                fields=["email_key"], name="clinic_patient_email_archived", condition=ARCHIVED
            ),
            models.Index(
                fields=["merged_into"],
                name="clinic_patient_merged",
                condition=models.Q(merged_into__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email_key"], name="clinic_patient_email_unique", condition=PRESENT
            ),
            models.UniqueConstraint(
                fields=["external_id"], name="clinic_patient_external_unique", condition=PRESENT
            ),
            models.CheckConstraint(condition=~models.Q(first_name=""), name="clinic_patient_named"),
            models.CheckConstraint(
                condition=NO_EMAIL | WITH_EMAIL & ~models.Q(email="") & ~models.Q(email_key=""),
                name="clinic_patient_email_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | ARCHIVED & ~models.Q(merged_into=models.F("id")),
                name="clinic_patient_merged_away",
            ),
            models.CheckConstraint(
                condition=~models.Q(external_id=""), name="clinic_patient_external_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_date__gte=OLDEST_BIRTH_DATE),
                name="clinic_patient_birth_date_possible",
            ),
        ]

    @property
    def initials(self) -> str:
        """Return as much of the name as SUPPORT may see."""
        return "".join(f"{name[:1]}." for name in (self.first_name, self.last_name) if name)


class Study(Archivable):
    """One study of one patient.

    ``performed_on`` is the day it was made, or is to be made while it is ``ordered``. A row without
    a status says what was found, as the brief's do: it is ``reported``. The two generated columns
    are what worklists are ordered by; the database keeps them, so that they cannot be wrong.
    """

    journal_secret = (
        "urgency_level",
        "body_part",
        "description",
        "type",
        "performed_on",
        "status",
    )

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        related_name="studies",
        db_index=False,  # the index on (patient, id) serves
        verbose_name=_("patient"),
    )
    urgency_level = models.CharField(_("urgency"), max_length=4, choices=UrgencyLevel)
    body_part = UpperCaseField(_("body part"), max_length=BODY_PART_LENGTH, validators=[plain_text])
    search_key = SearchKeyField(sources=("body_part",), max_length=BODY_PART_LENGTH * 4)
    description = LinesField(
        _("description"),
        max_length=DESCRIPTION_LENGTH,
        validators=[MaxLengthValidator(DESCRIPTION_LENGTH), readable_text],
    )
    type = models.CharField(_("type"), max_length=20, choices=StudyType)
    performed_on = models.DateField(
        _("performed on"), null=True, blank=True, validators=[possible_study_date]
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=StudyStatus,
        default=StudyStatus.REPORTED,
        db_default=StudyStatus.REPORTED.value,  # a node of the release before does not know it
    )
    urgency_order = models.GeneratedField(
        expression=models.Case(
            *(
                models.When(urgency_level=level.value, then=order)
                for level, order in URGENCY_ORDER.items()
            ),
            default=0,
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    performed_order = models.GeneratedField(
        expression=Coalesce("performed_on", models.Value(UNKNOWN_DATE)),
        output_field=models.DateField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        base_manager_name = "everything"
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["patient", "id"], name="clinic_study_present", condition=PRESENT),
            models.Index(
                fields=["patient", "archived_at"], name="clinic_study_archived", condition=ARCHIVED
            ),
            models.Index(
                fields=["urgency_order", "id"], name="clinic_study_urgent", condition=PRESENT
            ),
            models.Index(
                fields=["status", "urgency_order", "performed_order", "id"],
                name="clinic_study_worklist",
                condition=PRESENT,
            ),
            models.Index(
                fields=["performed_order", "id"], name="clinic_study_performed", condition=PRESENT
            ),
            models.Index(fields=["type", "id"], name="clinic_study_type", condition=PRESENT),
            models.Index(fields=["body_part", "id"], name="clinic_study_part", condition=PRESENT),
            models.Index(fields=["created_at", "id"], name="clinic_study_made", condition=PRESENT),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(urgency_level__in=UrgencyLevel.values),
                name="clinic_study_urgency_known",
            ),
            models.CheckConstraint(
                condition=models.Q(type__in=StudyType.values), name="clinic_study_type_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(body_part="") & ~models.Q(description=""),
                name="clinic_study_described",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=StudyStatus.values), name="clinic_study_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(performed_on__gte=OLDEST_STUDY_DATE),
                name="clinic_study_performed_possible",
            ),
        ]

    def clean(self) -> None:
        """Refuse a day that does not go with the status (forms)."""
        check_status(self.status, self.performed_on)


class Version(models.Model):
    """What a record said before one change, and after it: of a patient or of a study, by whom, why.

    ``changes`` maps a field to ``[before, after]``, in full: this is the clinical history that the
    journal must not hold. The database lets nobody change a version, nor delete one without its
    record (migration 0003).
    """

    at = models.DateTimeField(_("when"), auto_now_add=True, editable=False)
    patient = models.ForeignKey(
        Patient,
        models.CASCADE,
        related_name="versions",
        null=True,
        db_index=False,  # the index on (patient, id) serves
        verbose_name=_("patient"),
    )
    study = models.ForeignKey(
        Study,
        models.CASCADE,
        related_name="versions",
        null=True,
        db_index=False,  # the index on (study, id) serves
        verbose_name=_("study"),
    )
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    actor_label = models.CharField(_("actor"), max_length=255, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    changes = models.JSONField(_("changes"), default=dict)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        indexes: ClassVar = [
            models.Index(
                fields=["patient", "id"],
                name="clinic_version_patient",
                condition=models.Q(patient__isnull=False),
            ),
            models.Index(
                fields=["study", "id"],
                name="clinic_version_study",
                condition=models.Q(study__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(patient__isnull=False, study__isnull=True)
                | models.Q(patient__isnull=True, study__isnull=False),
                name="clinic_version_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"  # no value: page titles are read by SUPPORT


class Merge(models.Model):
    """One duplicate that was merged: what is needed to undo it, and whether that was done."""

    at = models.DateTimeField(_("when"), auto_now_add=True, editable=False)
    source = models.ForeignKey(
        Patient, models.CASCADE, related_name="+", db_index=False, verbose_name=_("duplicate")
    )
    into = models.ForeignKey(
        Patient, models.CASCADE, related_name="+", db_index=False, verbose_name=_("merged into")
    )
    # Each study that moved and, if it was archived, since when: {"7": null, "9": "2026-…"}.
    studies = models.JSONField(_("studies"), default=dict)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source"],
                name="clinic_merge_open_once",
                condition=models.Q(undone_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("into")), name="clinic_merge_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PatientSource(models.Model):
    """What a file last said of a patient: a hash of each field, never the text.

    So an import knows whether the file or somebody here changed a field (clinic.files.patients).
    """

    patient = models.OneToOneField(
        Patient, models.CASCADE, primary_key=True, related_name="source", verbose_name=_("patient")
    )
    said = models.CharField(_("what the file said"), max_length=SOURCE_LENGTH)

    class Meta:
        verbose_name = _("source of a patient")
        verbose_name_plural = _("sources of patients")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class StudySource(models.Model):
    """A row of a file, known by a hash of all that it says, and the study that it stands for.

    The study may say something else by now, or be archived: an import leaves it so.
    """

    key = models.UUIDField(_("row"), primary_key=True, editable=False)
    study = models.ForeignKey(
        Study, models.CASCADE, related_name="sources", verbose_name=_("study")
    )

    class Meta:
        verbose_name = _("source of a study")
        verbose_name_plural = _("sources of studies")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
