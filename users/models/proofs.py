"""What proves who somebody is when no password does, or beside it: links and second factors."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import CauseField
from users.models.accounts import User


class Purpose(models.TextChoices):
    """What a one-time link is for; both set a password."""

    RESET = "reset", _("password reset")
    INVITATION = "invitation", _("invitation")


class OneTimeLinkQuerySet(models.QuerySet["OneTimeLink"]):
    """Links by whether they are good."""

    def alive(self, now: datetime) -> "OneTimeLinkQuerySet":
        """Return those that set a password; at most one of each user."""
        return self.filter(ended_at__isnull=True, expires_at__gt=now)


class OneTimeLink(models.Model):
    """A link that sets a password, once. Only the token's digest is stored."""

    journal_secret = ("digest",)

    Purpose = Purpose

    id: models.BigAutoField
    user = models.ForeignKey(
        User, models.CASCADE, related_name="+", verbose_name=_("user"), editable=False
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose, editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False, db_index=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)
    used_at = models.DateTimeField(_("used"), null=True, editable=False)
    ended_at = models.DateTimeField(
        _("ended"), null=True, editable=False, help_text=_("Used, replaced or revoked.")
    )

    objects: ClassVar[OneTimeLinkQuerySet] = OneTimeLinkQuerySet.as_manager()  # type: ignore[assignment]  # a made manager

    class Meta:
        verbose_name = _("one-time link")
        verbose_name_plural = _("one-time links")
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="users_onetimelink_digest_unique"),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(ended_at__isnull=True),
                name="users_onetimelink_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="users_onetimelink_purpose"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")),
                name="users_onetimelink_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(ended_at__isnull=False),
                name="users_onetimelink_used_is_ended",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class MailStatus(models.TextChoices):
    """How far the mail with a link is; a mail that went has no row."""

    PENDING = "pending", _("pending")
    FAILED = "failed", _("failed")


class LinkMail(models.Model):
    """A mail with a link that somebody asked for: the row is the job.

    Asking stores the address as it was given, whoever has it, so known and unknown ones take the
    same work and time. The task finds out, sends a link or nothing, and deletes the row.
    """

    Status = MailStatus

    id: models.BigAutoField
    email = models.EmailField(_("e-mail address"), max_length=254, editable=False)
    language = models.CharField(_("language"), max_length=8, editable=False)
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=MailStatus,
        default=MailStatus.PENDING,
        editable=False,
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    due_at = models.DateTimeField(_("due"), default=timezone.now, editable=False)
    last_error = CauseField(_("why it did not go yet"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("mail with a link")
        verbose_name_plural = _("mails with links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=MailStatus.values), name="users_linkmail_status_known"
            ),
        ]
        indexes = [models.Index(fields=["status", "due_at"], name="users_linkmail_due")]

    def __str__(self) -> str:
        return str(self.pk)


class SecondFactor(models.Model):
    """An authenticator app of a user (TOTP, RFC 6238), and the recovery codes for its loss.

    ``secret`` is sealed (:mod:`users.auth.second_factor`). ``last_step`` is the time step of the
    last code that was taken: that code and older ones are worth nothing any more (RFC 6238, 5.2).
    """

    journal_secret = ("secret", "recovery_digests", "last_step")

    id: models.BigAutoField
    user = models.OneToOneField(
        User, models.CASCADE, related_name="+", verbose_name=_("user"), editable=False
    )
    secret = models.BinaryField(_("secret"), editable=False)
    recovery_digests = models.JSONField(_("recovery codes"), default=list, editable=False)
    last_step = models.BigIntegerField(_("last code"), default=-1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(
        _("confirmed"), null=True, editable=False, help_text=_("Asked for from then on.")
    )

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.pk)
