"""What files said of patients and studies."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.constants import SOURCE_LENGTH
from clinic.models.patients import Patient
from clinic.models.studies import Study


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
