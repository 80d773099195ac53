"""What rows have in common: a version that a clock gives out, or work that waits in them."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import ComputedField
from stores.constants import JobStatus


class SeqField(ComputedField, models.BigIntegerField):
    """A row's version: the number that its clock showed when the row was last written.

    Only :func:`stores.clock.stamp` writes it, so the journal leaves it out.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("verbose_name", _("row version"))
        super().__init__(**{**kwargs, "default": 0, "editable": False})


class StampedQuerySet(models.QuerySet):
    """Rows whose every write is stamped afterwards."""

    def update(self, **kwargs: Any) -> int:
        """Refuse: rows changed this way would never reach a phone.

        Raises:
            TypeError: always.
        """
        del kwargs
        message = "Save the rows, or bulk_update() them, then call stores.clock.stamp()."
        raise TypeError(message)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Write fields of rows that the caller stamps in the same transaction."""
        plain: models.QuerySet = models.QuerySet(self.model, using=self.db)
        return plain.bulk_update(objs, fields, batch_size=batch_size)


class Stamped(models.Model):
    """Base: a row with a version, so that a phone can ask for what came after the one it has."""

    seq = SeqField()

    objects: ClassVar[Any] = StampedQuerySet.as_manager()

    class Meta:
        abstract = True


class Job(models.Model):
    """Base: a row that is its own job (``core.jobs.work``), again and again.

    ``marks`` counts how often something new was to be done: who works reads it first, and is
    through only if it is the same at the end. So nothing is missed that came meanwhile.
    """

    status = models.CharField(
        _("status"), max_length=7, choices=JobStatus, default=JobStatus.PENDING, editable=False
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    due_at = models.DateTimeField(_("due"), default=timezone.now, editable=False)
    marks = models.PositiveIntegerField(_("times marked"), default=0, editable=False)

    class Meta:
        abstract = True
