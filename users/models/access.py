"""The sessions that people open, the API tokens they hold, and the attempts to sign in."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import SearchKeyField
from users.constants import API_TOKEN_LAST_YEAR
from users.models.accounts import User


class SessionKind(models.TextChoices):
    """What a session signs in to."""

    API = "api", _("API")
    ADMIN = "admin", _("admin")


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions by whether they still let anybody in."""

    def alive(self, now: datetime) -> "SessionQuerySet":
        """Return those for which :meth:`Session.is_alive` is true."""
        idle = models.Q(kind=SessionKind.ADMIN, rotated_at__lte=now - idle_limit())
        return self.filter(revoked_at__isnull=True, expires_at__gt=now).exclude(idle)


def idle_limit() -> timedelta:
    """Return how long a browser may leave the admin alone and stay signed in."""
    return timedelta(seconds=settings.ADMIN_IDLE_SECONDS)


class Session(models.Model):
    """One sign-in. To the API: a refresh family, and all the tokens that come from it.

    ``generation`` counts refreshes; the tokens themselves follow from the row and are not stored.
    To the admin: what a browser's cookie stands for (:mod:`users.auth.browser`). ``rotated_at`` is
    the last refresh or, to a minute, the last page: when the session was last used.
    """

    Kind = SessionKind

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, models.CASCADE, related_name="+", verbose_name=_("user"), editable=False
    )
    # The defaults of the database are for nodes that still run the release before these columns.
    kind = models.CharField(
        _("kind"),
        max_length=8,
        choices=SessionKind,
        default=SessionKind.API,
        db_default=SessionKind.API,
        editable=False,
    )
    created_at = models.DateTimeField(_("signed in"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False, db_index=True)
    generation = models.PositiveIntegerField(_("refreshes"), default=0, editable=False)
    rotated_at = models.DateTimeField(_("last used"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    revoked_reason = models.CharField(
        _("reason"), max_length=200, blank=True, default="", editable=False
    )
    request_id = models.CharField(
        _("request id"), max_length=64, blank=True, default="", editable=False
    )
    user_agent = models.CharField(
        _("user agent"), max_length=200, blank=True, default="", editable=False
    )
    address = models.CharField(
        _("address"), max_length=45, blank=True, default="", db_default="", editable=False
    )

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]  # a made manager

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=SessionKind.values), name="users_session_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")),
                name="users_session_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_alive(self, now: datetime) -> bool:
        """Say whether its tokens are good, as far as the session goes."""
        if self.revoked_at is not None or self.expires_at <= now:
            return False
        return self.kind != SessionKind.ADMIN or now - self.rotated_at < idle_limit()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens by whether they are good."""

    def alive(self, now: datetime) -> "ApiTokenQuerySet":
        """Return those for which :meth:`ApiToken.is_alive` is true."""
        lasting = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(lasting, revoked_at__isnull=True)


class ApiToken(models.Model):
    """A long-lived token of a user. Only its digest is stored; it is shown once, when made."""

    journal_secret = ("digest",)

    id: models.BigAutoField
    name = models.CharField(_("name"), max_length=100)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("user"))
    read_only = models.BooleanField(
        _("read only"),
        default=False,
        db_default=False,  # as above
        help_text=_("Is refused whatever could change something."),
    )
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    hint = models.CharField(_("starts with"), max_length=16, blank=True, default="", editable=False)
    search_key = SearchKeyField(sources=("name", "hint"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]  # a made manager

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="users_apitoken_digest_unique"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True)
                | models.Q(expires_at__gt=models.F("created_at")),
                name="users_apitoken_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a token that would be over when it is made, or in a year that is none in UTC."""
        super().clean()
        if self.expires_at is None:
            return
        if self.expires_at.year > API_TOKEN_LAST_YEAR:
            raise ValidationError({"expires_at": _("No token lives that long.")})
        if self.expires_at <= self.created_at:
            raise ValidationError({"expires_at": _("This time is over.")})

    def is_alive(self, now: datetime) -> bool:
        """Say whether the token is good, as far as the token goes."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class LoginBucket(models.Model):
    """Attempts at one account: to sign in, by strangers or from one known device, or to change it.

    Both keys are keyed hashes: the table names nobody, and unknown addresses look like known ones.
    """

    id: models.BigAutoField
    key = models.CharField(_("key"), max_length=64, editable=False)
    account = models.CharField(_("account"), max_length=64, editable=False, db_index=True)
    known_device = models.BooleanField(_("known device"), default=False, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    max_attempts = models.PositiveIntegerField(
        _("attempts allowed"), null=True, editable=False, help_text=_("Empty: LOGIN_ATTEMPTS.")
    )
    window_ends_at = models.DateTimeField(_("window ends"), editable=False, db_index=True)

    class Meta:
        verbose_name = _("sign-in attempts")
        verbose_name_plural = _("sign-in attempts")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="users_loginbucket_key_unique"),
        ]

    def __str__(self) -> str:
        return self.account[:12]
