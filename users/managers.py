"""How users are made and found."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import models, transaction

from core.audit import journal
from core.roles import Role
from core.text import email_key

if TYPE_CHECKING:
    from users.models import User


class UserQuerySet(models.QuerySet["User"]):
    """Users by what may be done with them."""

    def present(self) -> "UserQuerySet":
        """Return the users that have not been removed."""
        return self.filter(anonymised_at__isnull=True)

    def active_admins(self) -> "UserQuerySet":
        """Return the administrators that can sign in."""
        return self.filter(role=Role.ADMIN, is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # a made class
    """The manager that Django's own commands and backends expect."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Fold the whole address: mailboxes that differ by case only are one person here."""
        return email_key(email or "")

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user who signs in with this e-mail, in any case."""
        return self.get(email=email_key(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user; without a password nobody can sign in as them."""
        user: User = self.model(email=email_key(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store an administrator: the role is the only source of staff rights.

        Django's command calls this, not our services, so the journal is told here.
        """
        fields.setdefault("name", "Admin")
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **{**fields, "role": Role.ADMIN})
            journal.record(journal.Action.CREATE, user, changes=journal.initial(user))
        return user
