"""What keeps phones and database in step."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """Gives out row versions: one clock for the catalogue, one for each seller's visits.

    Its row is locked from the stamp to the commit, so versions become visible in their order
    (docs/adr/0013). ``epoch``, which only the catalogue's clock has, names this history of the
    database: after a restore there is a new one, and phones begin anew.
    """

    key = models.CharField(_("key"), primary_key=True, max_length=32)
    seq = models.BigIntegerField(_("latest row version"), default=0)
    epoch = models.UUIDField(_("epoch"), null=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(key="catalogue", epoch__isnull=False)
                | Q(key__startswith="seller:", epoch__isnull=True),
                name="stores_clock_epoch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.seq}"


class SyncSeen(models.Model):
    """When a seller's phone was last heard of, and what it said of itself."""

    seller = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("seller"),
    )
    app_version = models.CharField(_("app version"), max_length=40, blank=True, default="")
    backlog = models.PositiveIntegerField(_("visits not sent yet"), null=True)
    last_pull_at = models.DateTimeField(_("last pull"), null=True)
    last_push_at = models.DateTimeField(_("last push"), null=True)

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")

    def __str__(self) -> str:
        return str(self.seller_id)
