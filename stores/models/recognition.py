"""What was found on photos: suggestions, beside what people decide."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import CauseField
from stores.constants import Adapter, JobStatus
from stores.models.photos import Photo


class Recognition(models.Model):
    """One adapter's look at one photo: the row is its own job (``core.jobs.work``).

    ``found`` is a list of what :meth:`stores.recognition.port.Found.as_json` returns. ``problem``
    says why the latest attempt found nothing: the reason of an ``UpstreamError``, or of an
    ``UnreadablePictureError``.
    """

    photo = models.ForeignKey(
        Photo, models.CASCADE, related_name="recognitions", verbose_name=_("photo")
    )
    adapter = models.CharField(_("adapter"), max_length=10, choices=Adapter)
    status = models.CharField(
        _("status"),
        max_length=7,
        choices=JobStatus,
        default=JobStatus.PENDING,
        editable=False,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    due_at = models.DateTimeField(_("due"), default=timezone.now, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("looked at"), null=True, editable=False)
    found = models.JSONField(_("found"), default=list, editable=False)
    problem = CauseField(_("why nothing was found yet"))

    class Meta:
        verbose_name = _("recognition")
        verbose_name_plural = _("recognitions")
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="stores_recognition_pending",
                condition=Q(status=JobStatus.PENDING),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["photo", "adapter"], name="stores_recognition_unique"),
            models.CheckConstraint(
                condition=Q(adapter__in=Adapter.values), name="stores_recognition_adapter_known"
            ),
            models.CheckConstraint(
                condition=Q(status=JobStatus.DONE, done_at__isnull=False)
                | Q(
                    status__in=[JobStatus.PENDING, JobStatus.FAILED],
                    done_at__isnull=True,
                ),
                name="stores_recognition_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.adapter}"
