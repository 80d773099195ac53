"""What sellers saw: visits as they said them, what we make of them, and what was no visit."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from stores.constants import VisitState
from stores.models.base import Stamped
from stores.models.establishments import Establishment
from stores.models.portfolios import PortfolioVersion

HAS_COUNTS = Q(must_have__isnull=False, present__isnull=False)


class Visit(Stamped):
    """One visit, under the id that the phone gave it. Its ``seq`` is of the seller's own clock.

    ``doc`` is what the phone sent, as JSON text and to the byte; the other columns are what was
    made of it when it came, and stay: must-have list, compliance and places are those of its day.
    ``compliance`` is ``present`` / ``must_have``; without a list in force all three are null.
    """

    id = models.UUIDField(_("id"), primary_key=True)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    establishment = models.ForeignKey(
        Establishment,
        models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
        verbose_name=_("establishment"),
    )
    captured_at = models.DateTimeField(_("begun, by the phone's clock"), null=True)
    occurred_at = models.DateTimeField(_("begun"))
    received_at = models.DateTimeField(_("received"))
    day = models.DateField(_("day"))
    seconds = models.PositiveIntegerField(_("seconds in the establishment"), null=True)
    outcome = models.CharField(_("outcome"), max_length=7, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=VisitState)
    flags = models.JSONField(_("flags"), default=list)
    portfolio_version = models.ForeignKey(
        PortfolioVersion,
        models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
        verbose_name=_("portfolio version"),
    )
    must_have = models.PositiveSmallIntegerField(_("must-haves"), null=True)
    present = models.PositiveSmallIntegerField(_("must-haves seen"), null=True)
    compliance = models.DecimalField(_("compliance"), max_digits=5, decimal_places=4, null=True)
    seen = models.JSONField(_("products seen"), default=list)
    missing = models.JSONField(_("must-haves not seen"), default=list)
    photos_missing = models.PositiveSmallIntegerField(_("photos to come"), default=0)
    # The place as it was: figures group by it without looking at what changed since.
    city = models.CharField(_("city"), max_length=5, blank=True, default="")
    region = models.CharField(_("region"), max_length=20, blank=True, default="")
    typology = models.CharField(_("typology"), max_length=20, blank=True, default="")
    distance_m = models.PositiveIntegerField(_("metres from the establishment"), null=True)
    doc = models.TextField(_("what the phone sent"))
    digest = models.CharField(_("digest"), max_length=64)

    # It has the seller's notes and positions, which are not kept as long as the journal.
    journal_secret: ClassVar = ("doc",)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes: ClassVar = [
            models.Index(fields=["seller", "seq", "received_at"], name="stores_visit_seller_seq"),
            models.Index(fields=["establishment", "day"], name="stores_visit_store_day"),
            models.Index(fields=["day", "id"], name="stores_visit_day"),
            # Which of a seller's visits a photo that has arrived may be of.
            models.Index(
                fields=["seller", "id"],
                name="stores_visit_awaits_photos",
                condition=Q(photos_missing__gt=0),
            ),
            models.Index(fields=["seller", "day"], name="stores_visit_seller_day"),
            models.Index(fields=["day", "region", "typology"], name="stores_visit_place"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=VisitState.values), name="stores_visit_state_known"
            ),
            models.CheckConstraint(
                condition=Q(must_have__isnull=True, present__isnull=True, compliance__isnull=True)
                # A comparison with NULL would pass, so each case says what it has.
                | (
                    HAS_COUNTS
                    & Q(must_have__gt=0, must_have__gte=F("present"), compliance__isnull=False)
                )
                | (HAS_COUNTS & Q(must_have=0, present=0, compliance__isnull=True)),
                name="stores_visit_compliance",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class VisitRevision(models.Model):
    """Other content that came under a visit's id: kept, and applied only by support."""

    visit_id = models.UUIDField(_("visit"))
    number = models.PositiveIntegerField(_("number"))
    digest = models.CharField(_("digest"), max_length=64)
    doc = models.TextField(_("what the phone sent"))
    received_at = models.DateTimeField(_("received"))
    applied_at = models.DateTimeField(_("applied"), null=True)

    class Meta:
        verbose_name = _("visit revision")
        verbose_name_plural = _("visit revisions")
        indexes: ClassVar = [models.Index(fields=["received_at"], name="stores_revision_received")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["visit_id", "digest"], name="stores_revision_digest_unique"
            ),
            models.UniqueConstraint(
                fields=["visit_id", "number"], name="stores_revision_number_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.number}"


class RejectedUpload(models.Model):
    """A row of which no visit could be made, whole, so that it can be when the reason is gone."""

    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    visit_id = models.UUIDField(_("visit"), null=True)
    digest = models.CharField(_("digest"), max_length=64)
    raw = models.TextField(_("what the phone sent"))
    problems = models.JSONField(_("problems"), default=list)
    app_version = models.CharField(_("app version"), max_length=40, blank=True, default="")
    received_at = models.DateTimeField(_("received"))
    processed_at = models.DateTimeField(_("processed"), null=True)

    class Meta:
        verbose_name = _("rejected upload")
        verbose_name_plural = _("rejected uploads")
        indexes: ClassVar = [models.Index(fields=["received_at"], name="stores_rejected_received")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seller", "digest"], name="stores_rejected_digest_unique"
            ),
        ]

    def __str__(self) -> str:
        return str(self.visit_id or self.pk)


class DirtyDay(models.Model):
    """A day of a seller whose figures must be counted again."""

    day = models.DateField(_("day"))
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    marked_at = models.DateTimeField(_("marked"))

    class Meta:
        verbose_name = _("day to count")
        verbose_name_plural = _("days to count")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["seller", "day"], name="stores_dirty_day_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.seller_id}"
