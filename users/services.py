"""Writes to accounts that have consequences, each with its journal entry in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from django.views.decorators.debug import sensitive_variables

from core import signals
from core.audit import journal
from core.db import refusing
from core.roles import Role
from core.text import email_key
from users.auth import limits, links, second_factor
from users.auth.api_tokens import digests_of, revoke_api_tokens_of
from users.auth.sessions import forget_clients, revoke_sessions_of
from users.constants import (
    ACCOUNT_CHANGES_WINDOW_SECONDS,
    DEMO_DOMAIN,
    DEMO_PASSWORD,
    DEMO_TOKENS,
    MAX_ACCOUNT_CHANGES,
    MAX_PASSWORD_CHARACTERS,
)
from users.errors import (
    EmailTaken,
    LastAdmin,
    LoginLocked,
    TooManyAccountChanges,
    WrongCurrentPassword,
)
from users.models import ApiToken, LinkMail, LoginBucket, Session, SessionKind, User

CONSTRAINT_ERRORS = {"users_user_email_unique": EmailTaken}


@sensitive_variables("password")
@transaction.atomic
def create_user(*, email: str, password: str | None = None, **fields: Any) -> User:
    """Store a user. Without a password nobody can sign in as them until an ADMIN sets one.

    Raises:
        EmailTaken: another user has the address, whatever its case.
    """
    user = User(email=email_key(email), **fields)
    user.set_password(password or None)
    with refusing(User, CONSTRAINT_ERRORS):
        user.save()
    journal.record(journal.Action.CREATE, user, changes=journal.initial(user))
    return user


@sensitive_variables("password")
@transaction.atomic
def update_user(
    *, user: User, password: str | None = None, session: Session | None = None, **fields: Any
) -> User:
    """Change a user; a new password or a deactivation revokes all of their tokens.

    Another e-mail address ends their sessions but ``session``, in which the change is made; whoever
    is no longer staff is signed out of the admin.

    Raises:
        EmailTaken: another user has the new address, whatever its case.
        LastAdmin: nobody else is an active administrator.
    """
    before = journal.snapshot(user)
    for name, value in fields.items():
        is_new_email = name == "email" and value != user.email
        setattr(user, name, email_key(value) if is_new_email else value)
    was_admin = before["role"] == Role.ADMIN and before["is_active"]
    if was_admin and not (user.role == Role.ADMIN and user.is_active):
        keep_an_admin(besides=user)
    if password:
        user.set_password(password)
    with refusing(User, CONSTRAINT_ERRORS):
        changes = journal.save_changes(user, before)
    changes.pop("password", None)  # save() wrote the entry of the password
    if changes:
        journal.record(journal.Action.CHANGE, user, changes=changes)
    end_access(user=user, changes=changes, besides=session)
    return user


def end_access(*, user: User, changes: dict[str, Any], besides: Session | None) -> None:
    """End what a changed account must not let in any more."""
    if "is_active" in changes and not user.is_active:
        revoke_access(user=user, reason=noop("The user was deactivated."))
    if {"email", "role"} & {*changes}:  # a link was for this mailbox, or made for a lesser role
        links.end_links_of(user=user, reason=noop("The account was changed."))
    if "email" in changes:
        revoke_sessions_of(
            user=user, reason=noop("The e-mail address was changed."), besides=besides
        )
    if "role" in changes and not user.is_staff:
        revoke_sessions_of(
            user=user, reason=noop("The role was changed."), kinds=[SessionKind.ADMIN]
        )


def password_changed(*, user: User) -> None:
    """Do what follows from a new password, whoever set it: receivers.py calls this."""
    journal.record(journal.Action.CHANGE, user, changes={"password": None})
    revoke_access(user=user, reason=noop("The password was changed."))


@transaction.atomic
def remove_user(*, user: User, reason: str = "") -> None:
    """Deactivate and anonymise a user: the row stays for what points to it, the person goes.

    Raises:
        LastAdmin: nobody else is an active administrator.
    """
    if user.role == Role.ADMIN and user.is_active:
        keep_an_admin(besides=user)
    journal.record(journal.Action.DELETE, user, reason=reason)
    revoke_access(user=user, reason=noop("The user was removed."))
    forget_clients(user=user)
    second_factor.remove(user=user, reason=noop("The user was removed."))
    LinkMail.objects.filter(email=user.email).delete()
    user.name, user.last_name = "-", ""
    user.email = f"removed-{uuid4().hex}@removed.invalid"
    user.role = Role.USER
    user.time_zone = ""
    user.is_active = False
    user.anonymised_at = timezone.now()
    user.set_unusable_password()
    user.save()
    signals.user_removed.send(sender=User, user_id=user.pk)


@transaction.atomic
def choose_time_zone(*, user: User, time_zone: str) -> None:
    """Show a user times in a zone from now on; an empty name is the platform's."""
    stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if changes := journal.change(stored, {"time_zone": time_zone}):
        journal.record(journal.Action.CHANGE, stored, changes=changes)


def revoke_access(*, user: User, reason: str) -> None:
    """End every session of ``user``, with its tokens or its browser, API token and link."""
    revoke_sessions_of(user=user, reason=reason)
    revoke_api_tokens_of(user=user, reason=reason)
    links.end_links_of(user=user, reason=reason)


@transaction.atomic
def remove_second_factor(*, user: User, reason: str) -> bool:
    """Take a second factor away for its owner, who lost it, and sign them out of the admin.

    Return whether they had one. It may be in other hands, so their sessions in the API end, too.
    """
    if not second_factor.remove(user=user, reason=reason):
        return False
    revoke_sessions_of(user=user, reason=noop("The second factor was removed."))
    return True


def keep_an_admin(*, besides: User) -> None:
    """Raise LastAdmin unless there is an active administrator besides this user."""
    if lock_admins() <= {besides.pk}:
        raise LastAdmin


def lock_admins() -> set[int]:
    """Lock the active administrators and return their ids.

    All of them and in one order: two who demote each other at once must not both win, nor wait for
    each other for ever.
    """
    admins = User.objects.active_admins().select_for_update().order_by("pk")
    return set(admins.values_list("pk", flat=True))


@sensitive_variables("password")
def confirm_password(*, user: User, password: str) -> None:
    """Make sure that a user knows their password, within the limit of attempts.

    A stolen access token must not become a way to guess the password. Must not run inside a
    transaction, as the attempt has to count.

    Raises:
        WrongCurrentPassword: it is another one.
        LoginLocked: there were too many attempts.
    """
    bucket = limits.Bucket(user.email, own="confirm")
    limits.reserve(bucket)
    check_current(user, password)
    limits.reset(bucket)


@sensitive_variables("password")
def confirm_account_change(*, user: User, password: str) -> None:
    """Make sure that who changes their e-mail address, or leaves, knows their password.

    Each try counts, also one with the right password: who is signed in must not learn, address by
    address, who else has an account. Must not run inside a transaction.

    Raises:
        WrongCurrentPassword: it is another one.
        TooManyAccountChanges: there were too many tries.
    """
    rate = limits.Rate(MAX_ACCOUNT_CHANGES, ACCOUNT_CHANGES_WINDOW_SECONDS)
    try:
        limits.reserve(limits.Bucket(user.email, own="change", user_id=user.pk, rate=rate))
    except LoginLocked as error:
        raise TooManyAccountChanges(retry_after=int(error.headers["Retry-After"])) from error
    check_current(user, password)


def changes_email(user: User, email: object) -> bool:
    """Tell whether ``email`` is another address than the user's; what is no text is none."""
    return isinstance(email, str) and email_key(email) != user.email


@sensitive_variables("password")
def check_current(user: User, password: str) -> None:
    """Raise WrongCurrentPassword unless this is the user's password."""
    if len(password) > MAX_PASSWORD_CHARACTERS or not user.check_password(password):
        raise WrongCurrentPassword


@transaction.atomic
def unlock(*, bucket: LoginBucket, reason: str) -> None:
    """Let an account try again before its window ends."""
    journal.record(journal.Action.DELETE, bucket, reason=reason)
    bucket.delete()


def ensure_admin() -> User | None:
    """Make the first administrator from the settings; do nothing where one exists.

    Safe when two replicas start at once: the second one finds the first one's e-mail taken.

    Raises:
        ValidationError: the address is none, or the password too weak; by the variable's name.
        EmailTaken: a user without the role has the address.
    """
    email, password = settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD
    if not email or not password or User.objects.active_admins().exists():
        return None
    with naming("ADMIN_EMAIL"):
        User._meta.get_field("email").clean(email, None)
    with naming("ADMIN_PASSWORD"):
        validate_password(password, user=User(email=email, name="Admin"))
    try:
        return create_user(email=email, password=password, name="Admin", role=Role.ADMIN)
    except EmailTaken:
        if User.objects.active_admins().exists():
            return None
        raise


@contextmanager
def naming(variable: str) -> Iterator[None]:
    """Raise the ValidationError of what is inside as one of a variable."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError({variable: error.messages}) from error


@transaction.atomic
def forget_demo() -> int:
    """Take tokens and public password from whoever holds them; return how many users that were."""
    digests = [digest for token in DEMO_TOKENS for digest in digests_of(token)]
    holders = User.objects.filter(
        pk__in=ApiToken.objects.filter(digest__in=digests, revoked_at__isnull=True).values("user")
    )
    count = 0
    for user in User.objects.filter(is_active=True, email__endswith=DEMO_DOMAIN) | holders:
        public = check_password(DEMO_PASSWORD, user.password)
        if public:
            before = journal.snapshot(user)
            user.set_unusable_password()
            changes = journal.save_changes(user, before)
            journal.record(journal.Action.CHANGE, user, changes=changes)
        revoke_access(user=user, reason=noop("Demo credentials are public."))
        count += 1
    return count
