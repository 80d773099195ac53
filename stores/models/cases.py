"""Support cases as sellers follow them on their phones."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stores.constants import (
    APP_VERSION_LENGTH,
    CASE_KIND_LENGTH,
    CASE_NUMBER_LENGTH,
    CASE_STATE_LENGTH,
    DETAILS_LENGTH,
    NEW_CASE,
    REQUEST_ID_LENGTH,
    SUBJECT_LENGTH,
    JobStatus,
)
from stores.models.base import Job, Stamped
from stores.models.unrecognised import UnrecognisedGroup
from stores.models.visits import RejectedUpload


class SellerCase(Stamped, Job):
    """A case as one seller sees it. Its ``seq`` is of the seller's own clock.

    Filed on the phone (``id`` is the phone's), or made here: for an upload that was rejected, and
    for each seller who came upon what a ``group`` is about. ``state`` is ``new`` and ``number``
    empty until somebody keeps the case; ``answer`` is the latest that support told the seller.
    """

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    kind = models.CharField(_("kind"), max_length=CASE_KIND_LENGTH)
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    details = models.CharField(_("details"), max_length=DETAILS_LENGTH, blank=True, default="")
    visit_id = models.UUIDField(_("visit"), null=True, blank=True)
    request_id = models.CharField(
        _("request"), max_length=REQUEST_ID_LENGTH, blank=True, default=""
    )
    app_version = models.CharField(
        _("app version"), max_length=APP_VERSION_LENGTH, blank=True, default=""
    )
    digest = models.CharField(_("digest"), max_length=64, blank=True, default="")
    group = models.ForeignKey(
        UnrecognisedGroup,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("unrecognised product"),
    )
    upload = models.ForeignKey(
        RejectedUpload,
        models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("rejected upload"),
    )
    case_id = models.BigIntegerField(_("case"), null=True, blank=True, editable=False)
    number = models.CharField(_("number"), max_length=CASE_NUMBER_LENGTH, blank=True, default="")
    state = models.CharField(_("state"), max_length=CASE_STATE_LENGTH, default=NEW_CASE)
    answer = models.TextField(_("answer"), blank=True, default="")
    updated_at = models.DateTimeField(_("updated"), default=timezone.now)

    # What is said between a seller and support is erased with the account, before the journal is.
    journal_secret: ClassVar = ("subject", "details", "answer")

    class Meta:
        verbose_name = _("case of a seller")
        verbose_name_plural = _("cases of sellers")
        indexes: ClassVar = [
            models.Index(fields=["seller", "seq"], name="stores_case_seller_seq"),
            models.Index(
                fields=["case_id"], name="stores_case_case", condition=Q(case_id__isnull=False)
            ),
            models.Index(
                fields=["due_at"],
                name="stores_case_pending",
                condition=Q(status=JobStatus.PENDING),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seller", "case_id"],
                name="stores_case_seller_unique",
                condition=Q(case_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["seller", "group"],
                name="stores_case_group_unique",
                condition=Q(group__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(status__in=JobStatus.values), name="stores_case_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.pk)
