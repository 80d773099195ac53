"""People, the sessions they open, the API tokens they hold, and the attempts to sign in."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from core.audit import journal
from core.fields import SearchKeyField
from core.roles import Role
from core.text import email_key, email_spelling
from core.validators import plain_email, plain_text
from users import signals
from users.constants import API_TOKEN_LAST_YEAR
from users.permissions import may_in_admin
from users.values import former_forms, normal_password


class UserQuerySet(models.QuerySet["User"]):
    """Users by what may be done with them."""

    def present(self) -> "UserQuerySet":
        """Return the users that have not been removed."""
        return self.filter(anonymised_at__isnull=True)

    def active_admins(self) -> "UserQuerySet":
        """Return the administrators that can sign in."""
        return self.filter(role=Role.ADMIN, is_active=True)

    def by_email(self, email: str) -> "User | None":
        """Return who signs in with this address, in any case and either form of its domain.

        Two accounts that were one address before domains had one form keep both spellings; each is
        found by its own one.
        """
        written, key = email_spelling(email), email_key(email)
        found = {user.email: user for user in self.filter(email__in={written, key})}
        return found.get(written) or found.get(key)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # a made class
    """The manager that Django's own commands and backends expect."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Fold the whole address: mailboxes that differ by case only are one person here."""
        return email_key(email or "")

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user who signs in with this e-mail, in any case."""
        user = self.by_email(username or "")
        if user is None:
            raise User.DoesNotExist
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user; without a password nobody can sign in as them."""
        user: User = self.model(email=email_key(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store an administrator: the role is the only source of staff rights.

        Django's command calls this, not our services, so the entry is written here.
        """
        fields.setdefault("name", "Admin")
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **{**fields, "role": Role.ADMIN})
            journal.record(journal.Action.CREATE, user, changes=journal.initial(user))
        return user


class User(AbstractBaseUser):
    """A person or a system that signs in with an e-mail address.

    The role is the one source of rights: Django's groups and per-user permissions do not exist
    here, so no second system can contradict the permission tables.
    """

    journal_secret = ("password",)

    id: models.BigAutoField
    name = models.CharField(_("first name"), max_length=100, validators=[plain_text])
    last_name = models.CharField(
        _("last name"), max_length=100, blank=True, default="", validators=[plain_text]
    )
    email = models.EmailField(
        _("e-mail address"),
        max_length=254,
        help_text=_("Signs in with it; case does not matter."),
        validators=[plain_email],
    )
    search_key = SearchKeyField(sources=("name", "last_name", "email"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("An inactive user cannot sign in; tokens end at once."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    anonymised_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    _password: str | None  # what set_password() leaves until the row is stored

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(fields=["email"], name="users_user_email_unique"),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="users_user_email_folded"
            ),
            models.CheckConstraint(condition=~models.Q(email=""), name="users_user_email_present"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="users_user_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(anonymised_at__isnull=True) | models.Q(is_active=False),
                name="users_user_removed_is_inactive",
            ),
        ]
        indexes = [models.Index(fields=["role"], name="users_user_role")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Store every new address in its one spelling."""
        super().clean()
        if self._state.adding:
            self.email = email_key(self.email)

    @sensitive_variables("raw_password")
    def set_password(self, raw_password: str | None) -> None:
        """Set a password, in the form in which all devices agree on it."""
        super().set_password(raw_password and normal_password(raw_password))

    @sensitive_variables("raw_password")
    def check_password(self, raw_password: str | None) -> bool:
        """Tell whether it is the password; the hash of one in another Unicode form is renewed."""
        if raw_password is None:
            return False
        if super().check_password(normal_password(raw_password)):
            return True
        if not any(check_password(form, self.password) for form in former_forms(raw_password)):
            return False
        self.set_password(raw_password)
        self._password = None  # it is the same one, so no token ends
        self.save(update_fields=["password"])
        return True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row; a new password revokes every token, be it set by page or command."""
        changed = self._password is not None and not self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if changed:
                signals.password_changed.send(sender=type(self), user=self)

    def get_full_name(self) -> str:
        """Return both names."""
        return f"{self.name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.name

    @property
    def is_staff(self) -> bool:
        """Say whether the admin lets them in."""
        return self.role in (Role.ADMIN, Role.SUPPORT)

    @property
    def is_superuser(self) -> bool:
        """Say whether they may do everything."""
        return self.role == Role.ADMIN

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Answer the admin from the role: ``users.view_session`` and the like."""
        return self.is_active and may_in_admin(self.role, perm)

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        """Say whether they have every one of these permissions."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Say whether the admin shows them this app."""
        return self.is_active and self.is_staff


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
