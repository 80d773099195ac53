"""Patients and the studies made of them. Archived, never deleted."""

import uuid
from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.constants import (
    BODY_PART_LENGTH,
    DESCRIPTION_LENGTH,
    EMAIL_LENGTH,
    EXTERNAL_ID_LENGTH,
    NAME_LENGTH,
    OLDEST_BIRTH_DATE,
    SEARCH_LENGTH,
    SOURCE_LENGTH,
    StudyType,
    UrgencyLevel,
)
from clinic.fields import LinesField, UpperCaseField
from clinic.validators import foldable, possible_birth_date, readable_text
from core.fields import FoldedField
from core.text import search_key
from core.validators import plain_text

PRESENT = models.Q(archived_at__isnull=True)


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
    """One patient. ``external_id`` is what files call it (the column ``id`` of the brief)."""

    journal_secret = ("first_name", "last_name", "birth_date", "email", "email_key", "search_key")

    first_name = models.CharField(_("first name"), max_length=NAME_LENGTH, validators=[plain_text])
    last_name = models.CharField(_("last name"), max_length=NAME_LENGTH, validators=[plain_text])
    birth_date = models.DateField(_("birth date"), validators=[possible_birth_date])
    email = models.EmailField(_("e-mail"), max_length=EMAIL_LENGTH, validators=[foldable])
    email_key = FoldedField(source="email", max_length=EMAIL_LENGTH)
    search_key = FoldedField(source="search_text", max_length=SEARCH_LENGTH * 4)
    external_id = models.CharField(
        _("id in files"),
        max_length=EXTERNAL_ID_LENGTH,
        default=new_external_id,
        validators=[plain_text],
        editable=False,
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
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email_key"], name="clinic_patient_email_unique", condition=PRESENT
            ),
            models.UniqueConstraint(
                fields=["external_id"], name="clinic_patient_external_unique", condition=PRESENT
            ),
            models.CheckConstraint(
                condition=~models.Q(first_name="") & ~models.Q(last_name=""),
                name="clinic_patient_named",
            ),
            models.CheckConstraint(
                condition=~models.Q(email_key=""), name="clinic_patient_email_not_empty"
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
        return f"{self.first_name[:1]}.{self.last_name[:1]}."

    @property
    def search_text(self) -> str:
        """Return what ``?search=`` looks into."""
        return search_key(f"{self.first_name} {self.last_name} {self.email}")[:SEARCH_LENGTH]


class Study(Archivable):
    """One study of one patient."""

    journal_secret = ("urgency_level", "body_part", "description", "type")

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        related_name="studies",
        db_index=False,  # the index on (patient, id) serves
        verbose_name=_("patient"),
    )
    urgency_level = models.CharField(_("urgency"), max_length=4, choices=UrgencyLevel)
    body_part = UpperCaseField(_("body part"), max_length=BODY_PART_LENGTH, validators=[plain_text])
    description = LinesField(
        _("description"),
        max_length=DESCRIPTION_LENGTH,
        validators=[MaxLengthValidator(DESCRIPTION_LENGTH), readable_text],
    )
    type = models.CharField(_("type"), max_length=20, choices=StudyType)

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        base_manager_name = "everything"
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["patient", "id"], name="clinic_study_patient"),
            models.Index(
                fields=["urgency_level", "id"], name="clinic_study_urgency", condition=PRESENT
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
        ]


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
