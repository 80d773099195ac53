"""Duplicates of patients that were merged."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.models.patients import Patient


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
