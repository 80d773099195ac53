"""Photos of shelves: uploads on their way, and what became of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from stores.constants import PHOTO_KIND_LENGTH, PhotoFault, PhotoState, PhotoType


class Photo(models.Model):
    """One photo, under the id that the phone gave it.

    ``visit_id`` is no foreign key: a photo may come before its visit, which it then waits for until
    ``expires_at``. A stored one without ``expires_at`` belongs to a visit that is here. ``sha256``
    and ``bytes`` are what the phone declared, and of a stored photo what it has; ``offset`` is how
    many bytes have arrived to stay. Photos with the same bytes share one ``file``.
    """

    id = models.UUIDField(_("id"), primary_key=True)
    visit_id = models.UUIDField(_("visit"), null=True)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    bytes = models.PositiveIntegerField(_("bytes"))
    offset = models.PositiveIntegerField(_("bytes that arrived"), default=0)
    type = models.CharField(_("type"), max_length=20, choices=PhotoType)
    kind = models.CharField(_("kind"), max_length=PHOTO_KIND_LENGTH, blank=True, default="")
    state = models.CharField(
        _("state"), max_length=9, choices=PhotoState, default=PhotoState.RECEIVING
    )
    fault = models.CharField(_("reason"), max_length=20, choices=PhotoFault, blank=True, default="")
    file = models.CharField(_("file"), max_length=100, blank=True, default="")
    created_at = models.DateTimeField(_("announced"))
    received_at = models.DateTimeField(_("received"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        indexes: ClassVar = [
            models.Index(fields=["seller", "created_at"], name="stores_photo_seller"),
            models.Index(fields=["created_at", "id"], name="stores_photo_created"),
            models.Index(
                fields=["visit_id"],
                name="stores_photo_visit",
                condition=Q(visit_id__isnull=False),
            ),
            models.Index(fields=["file"], name="stores_photo_file", condition=~Q(file="")),
            models.Index(
                fields=["expires_at"],
                name="stores_photo_expires",
                condition=Q(expires_at__isnull=False),
            ),
            models.Index(
                fields=["id"],
                name="stores_photo_leftover",
                condition=Q(state=PhotoState.EXPIRED) & ~Q(file=""),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(bytes__gt=0, bytes__gte=F("offset")), name="stores_photo_offset"
            ),
            models.CheckConstraint(
                condition=Q(type__in=PhotoType.values), name="stores_photo_type_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=PhotoState.RECEIVING,
                    file="",
                    fault="",
                    received_at__isnull=True,
                    expires_at__isnull=False,
                    bytes__gt=F("offset"),
                )
                | (
                    Q(
                        state=PhotoState.STORED,
                        fault="",
                        received_at__isnull=False,
                        bytes=F("offset"),
                    )
                    & ~Q(file="")
                )
                | Q(
                    state=PhotoState.FAILED,
                    file="",
                    fault__in=PhotoFault.values,
                    received_at__isnull=False,
                    expires_at__isnull=True,
                )
                # Its file may still be there to be deleted.
                | Q(state=PhotoState.EXPIRED, fault="", expires_at__isnull=True),
                name="stores_photo_state_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
