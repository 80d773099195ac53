"""People, and how they are found."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from core.audit import journal
from core.fields import SearchKeyField
from core.rights import may_in_admin
from core.roles import STAFF, Role
from core.text import email_key, email_spelling
from core.validators import plain_email, plain_text
from users import signals
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
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        db_default="",  # for nodes that still run the release before the column
        help_text=_("In which the console shows them times; empty: that of the platform."),
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
        return self.role in STAFF

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
