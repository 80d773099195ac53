"""The admin's sessions: a browser's cookie stands for a row of the same table as the API's.

So whatever ends a user's access ends both, and one list shows both. Django's own session keeps the
row's id; it is good while the row is: a working day at most, and not after an idle hour.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from core.db import if_writable
from users.auth.sessions import Client, open_session, revoke_session
from users.constants import SESSION_SEEN_EVERY_SECONDS
from users.models import Session, SessionKind, User

KEY = "users.session"  # in Django's session


@transaction.atomic
def begin(request: HttpRequest, user: User) -> Session:
    """Open the session of a browser that just signed in, in place of the one that it had."""
    end(request, reason=noop("Signed in again."))
    session = open_session(
        user=user,
        client=Client.of(request),
        kind=SessionKind.ADMIN,
        lifetime=timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )
    request.session[KEY] = str(session.pk)
    request.session.set_expiry(session.expires_at)  # not a day from each page
    return session


def present(request: HttpRequest) -> Session | None:
    """Return the session of the browser, in whatever state, or None if it has none."""
    key = request.session.get(KEY)
    return None if key is None else Session.objects.filter(pk=UUID(key)).first()


def is_open(request: HttpRequest) -> bool:
    """Tell whether the browser is still signed in, and note that it was here."""
    session, now = present(request), timezone.now()
    if session is None or not session.is_alive(now):
        return False
    note_use(session, now)
    return True


@if_writable
def note_use(session: Session, now: datetime) -> None:
    """Store when the session was last used, at most once a minute: not a write per page."""
    before = now - timedelta(seconds=SESSION_SEEN_EVERY_SECONDS)
    if session.rotated_at <= before:
        Session.objects.filter(pk=session.pk, rotated_at__lte=before).update(rotated_at=now)


def end(request: HttpRequest, *, reason: str) -> None:
    """Revoke the session of the browser, if it has one that is open."""
    session = present(request)
    if session is not None:
        revoke_session(session=session, reason=reason)
