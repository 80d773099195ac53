"""Everything that happens to a session: signing in, refreshing, signing out, revoking.

To revoke a session makes its tokens worthless at once, whoever wants it; to sign out is to revoke
the session of one's own token; a session that nobody revokes expires.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from django.views.decorators.debug import sensitive_variables

from core import context
from core.api.statements import Mark, statement
from core.audit import journal
from core.db import database_now
from core.proxies import client_address
from core.rows import store
from core.text import printable
from users.auth import second_factor
from users.auth.devices import known_device, new_device
from users.auth.passwords import check_credentials
from users.auth.tokens import AccessToken, Pair, RefreshToken, pair_of
from users.constants import MAX_ADDRESS_CHARACTERS, MAX_USER_AGENT_CHARACTERS
from users.errors import InvalidCredentials, InvalidToken, SessionRequired
from users.models import Session, SessionKind, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in brings: the user, their tokens, and the value that makes the device known."""

    user: User
    session: Session
    pair: Pair
    device: str


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the program that signs in, for its owner to recognise it."""

    user_agent: str = ""
    address: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Client":
        """Return what a request says of its sender: readable characters only."""
        agent = printable(request.META.get("HTTP_USER_AGENT", ""), MAX_USER_AGENT_CHARACTERS)
        return cls(agent.strip(), printable(client_address(request), MAX_ADDRESS_CHARACTERS))


UNKNOWN_CLIENT = Client()


def actor_of(user: User) -> context.Actor:
    """Return the user as the one who acts."""
    return context.Actor("user", user.pk, user.get_username(), user.role)


@sensitive_variables("password", "otp")
def sign_in(
    *,
    email: str,
    password: str,
    otp: str = "",
    device: str = "",
    client: Client = UNKNOWN_CLIENT,
) -> SignedIn:
    """Open a session for whoever knows the password, and has the second factor if there is one.

    Must not run inside a transaction.

    The row is read again under its lock: a change of password or e-mail address that ended all
    sessions a moment ago must not be outlived by one opened with the former one.

    Raises:
        InvalidCredentials: no active account has this e-mail and this password.
        SecondFactorRequired, InvalidSecondFactor, SecondFactorSetupRequired: see there.
        LoginLocked: there were too many attempts.
    """
    user = check_credentials(email=email, password=password, device=device)
    if user is None:
        raise InvalidCredentials
    second_factor.check(user=user, otp=otp)
    with transaction.atomic():
        current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        renewed = current.password != user.password
        renamed = current.email != user.email
        if renamed or not current.is_active or (renewed and not current.check_password(password)):
            raise InvalidCredentials
        session = open_session(user=current, client=client)
    kept = device if known_device(device, current) else new_device(current)
    return SignedIn(current, session, pair_of(session), kept)


def open_session(
    *,
    user: User,
    client: Client = UNKNOWN_CLIENT,
    kind: SessionKind = SessionKind.API,
    lifetime: timedelta | None = None,
) -> Session:
    """Store a new session of ``user``: a refresh family, unless ``kind`` says otherwise.

    Its times, and so its tokens', are the database's: another node's clock may be minutes off.
    """
    now = database_now()
    session = Session(
        user=user,
        kind=kind,
        created_at=now,
        rotated_at=now,
        expires_at=now + (lifetime or timedelta(days=settings.REFRESH_TOKEN_DAYS)),
        request_id=context.request_id.get()[:64],
        user_agent=client.user_agent,
        address=client.address,
    )
    store(session)
    User.objects.filter(pk=user.pk).update(last_login=now)
    with context.acting_as(actor_of(user), request=context.request_id.get()):
        journal.record(journal.Action.CREATE, session, changes={"user": [None, user.pk]})
    return session


def refresh(text: str) -> Pair:
    """Return the next pair for a refresh token, once; for a moment the same pair again.

    One conditional UPDATE decides who refreshes. Whoever repeats the token within the grace,
    because the answer got lost, finds the row moved by one step just now and gets the tokens that
    follow from it: the same ones. Any other use of a spent token means that it was stolen from
    somebody, and revokes the family. Whose clock is off must not decide between the two, so the
    time is the database's. Must not run inside a transaction that the refusal would roll back.

    Raises:
        InvalidToken: the token is malformed, spent or revoked, or the user inactive.
    """
    claims = RefreshToken.read(text)
    with transaction.atomic():
        now = database_now()
        family = Session.objects.filter(pk=claims.session_id, user_id=claims.user_id)
        family.filter(
            generation=claims.generation, revoked_at__isnull=True, expires_at__gt=now
        ).update(generation=claims.generation + 1, rotated_at=now)
        session = family.select_related("user").first()
        if session is not None and session.user.is_active and session.is_alive(now):
            grace = timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
            is_successor = session.generation == claims.generation + 1
            if is_successor and now - session.rotated_at <= grace:
                return pair_of(session)
            revoke_session(session=session, reason=noop("A spent refresh token was used again."))
    raise InvalidToken


def find_session(*, access: str) -> Session:
    """Return an access token's live session with its user, in one query, or raise InvalidToken."""
    claims = AccessToken.read(access)
    session = session_with_user(claims.session_id, claims.user_id)
    if session is None or not session.is_alive(timezone.now()) or not session.user.is_active:
        raise InvalidToken
    return session


def require_session(credential: object) -> Session:
    """Return the session that a request was authenticated with.

    Raises:
        SessionRequired: it was an API token.
    """
    if not isinstance(credential, Session):
        raise SessionRequired
    return credential


def session_with_user(session_id: UUID, user_id: int) -> Session | None:
    """Return a user's session and the user, by a statement that is compiled once."""
    row = statement("users.auth.sessions", sessions_with_users).rows([session_id, user_id])
    if not row:
        return None
    names, alias = columns_of(Session), Session.objects.db
    session = Session.from_db(alias, names, row[0][: len(names)])
    session.user = User.from_db(alias, columns_of(User), row[0][len(names) :])
    return session


def columns_of(model: type[Model]) -> list[str]:
    """Return the attributes that a row of ``model`` fills."""
    return [field.attname for field in model._meta.concrete_fields]


def sessions_with_users() -> QuerySet[Any]:
    """Return the columns of the session and the user that the marks stand for."""
    keys = {"pk": Mark(0, Session._meta.pk), "user_id": Mark(1, User._meta.pk)}
    of_user = [f"user__{name}" for name in columns_of(User)]
    return Session.objects.filter(**keys).values_list(*columns_of(Session), *of_user)


def sign_out(*, refresh_token: str) -> None:
    """Revoke the session of a refresh token, or raise InvalidToken; doing it twice is fine."""
    claims = RefreshToken.read(refresh_token)
    session = Session.objects.filter(pk=claims.session_id, user_id=claims.user_id).first()
    if session is None:
        raise InvalidToken
    revoke_session(session=session, reason=noop("Signed out."))


@transaction.atomic
def revoke_session(*, session: Session, reason: str) -> bool:
    """Revoke a session: refresh and access tokens alike. Return whether it was still open."""
    return revoke_sessions(sessions=[session], reason=reason) == 1


@transaction.atomic
def revoke_sessions_of(
    *,
    user: User,
    reason: str,
    besides: Session | None = None,
    kinds: Collection[SessionKind] = tuple(SessionKind),
) -> int:
    """Revoke the open sessions of ``user``, in the API and in the admin; return how many.

    The session ``besides`` goes on, and those of other ``kinds`` do.
    """
    found = Session.objects.filter(user=user, revoked_at__isnull=True, kind__in=kinds)
    if besides is not None:
        found = found.exclude(pk=besides.pk)
    return revoke_sessions(sessions=list(found), reason=reason)


def revoke_sessions(*, sessions: list[Session], reason: str) -> int:
    """Revoke those of ``sessions`` that are open, and journal each; return how many."""
    now = timezone.now()
    revoked = []
    for session in sessions:
        gate = Session.objects.filter(pk=session.pk, revoked_at__isnull=True)
        if gate.update(revoked_at=now, revoked_reason=reason[:200]):
            session.revoked_at, session.revoked_reason = now, reason[:200]
            revoked.append(session)
    journal.record_many(
        journal.entry(
            journal.Action.CHANGE,
            session,
            changes={"revoked_at": [None, now.isoformat()]},
            reason=reason,
        )
        for session in revoked
    )
    return len(revoked)


def forget_clients(*, user: User) -> None:
    """Erase what the sessions of a removed user say of their programs and addresses."""
    Session.objects.filter(user=user).update(user_agent="", address="")
