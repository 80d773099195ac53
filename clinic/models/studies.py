"""The studies made of patients."""

from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from clinic.constants import (
    BODY_PART_LENGTH,
    DESCRIPTION_LENGTH,
    OLDEST_STUDY_DATE,
    UNKNOWN_DATE,
    URGENCY_ORDER,
    StudyStatus,
    StudyType,
    UrgencyLevel,
)
from clinic.fields import LinesField, UpperCaseField
from clinic.models.base import ARCHIVED, PRESENT, Archivable
from clinic.models.patients import Patient
from clinic.validators import check_status, possible_study_date, readable_text
from core.fields import SearchKeyField
from core.validators import plain_text


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
