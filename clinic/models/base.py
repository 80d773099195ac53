"""What patients and studies have in common: they are archived, never deleted."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PRESENT = models.Q(archived_at__isnull=True)
ARCHIVED = models.Q(archived_at__isnull=False)


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
