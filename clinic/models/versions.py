"""What records said before each change."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.constants import REASON_LENGTH
from clinic.models.patients import Patient
from clinic.models.studies import Study


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
