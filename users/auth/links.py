"""One-time links: random tokens that set a password once. Only a keyed digest is stored."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from users.constants import LINK_SECONDS, MAX_LINK_TOKEN_CHARACTERS
from users.errors import InvalidLink, NoPublicUrl
from users.models import OneTimeLink, Purpose, User

PAGE = "/admin/password-reset/confirm/#{token}"


def digest_of(token: str, secret: str | bytes | None = None) -> str:
    """Return what is stored of a token."""
    return salted_hmac("users.links", token, secret=secret, algorithm="sha256").hexdigest()


def digests_of(token: str) -> list[str]:
    """Return the digests under the present key and under the ones that it replaced."""
    return [digest_of(token), *(digest_of(token, key) for key in settings.SECRET_KEY_FALLBACKS)]


def purpose_for(user: User) -> Purpose:
    """Return what a link is to this user: an invitation to whoever has no password yet."""
    return Purpose.RESET if user.has_usable_password() else Purpose.INVITATION


def address_of(token: str) -> str:
    """Return where the link leads: our page, or the one that PASSWORD_RESET_URL names.

    On our page the token is in the fragment, which browsers send to no server: it is in no log and
    in no Referer. The address never comes from a request, whose Host anybody writes.

    Raises:
        NoPublicUrl: the operator has said neither address.
    """
    if not settings.PASSWORD_RESET_URL and not settings.PUBLIC_URL:
        raise NoPublicUrl
    page = settings.PASSWORD_RESET_URL or settings.PUBLIC_URL.rstrip("/") + PAGE
    return str(page.replace("{token}", token))


@transaction.atomic
def make_link(*, user: User, reason: str = "") -> tuple[OneTimeLink, str]:
    """Make a link in place of the user's former one; the token is nowhere but in the answer.

    Raises:
        InvalidLink: the user is not active any more.
    """
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not current.is_active:
        raise InvalidLink
    end_links_of(user=current, reason=noop("Replaced by another link."))
    token, now, purpose = secrets.token_urlsafe(32), timezone.now(), purpose_for(current)
    link = OneTimeLink.objects.create(
        user=current,
        purpose=purpose,
        digest=digest_of(token),
        created_at=now,
        expires_at=now + timedelta(seconds=LINK_SECONDS),
    )
    changes = journal.initial(link)
    journal.record(journal.Action.CREATE, link, changes=changes, reason=reason)
    return link, token


def find_link(token: str, *, lock: bool = False) -> OneTimeLink:
    """Return the good link of a token, with its user, or raise InvalidLink.

    With ``lock`` nobody else uses it until the transaction ends.
    """
    if len(token) > MAX_LINK_TOKEN_CHARACTERS:
        raise InvalidLink
    rows = OneTimeLink.objects.select_related("user").filter(digest__in=digests_of(token))
    link = (rows.select_for_update(no_key=True) if lock else rows).first()
    if link is None or link.ended_at is not None or link.expires_at <= timezone.now():
        raise InvalidLink
    if not link.user.is_active:
        raise InvalidLink
    return link


def use_link(*, link: OneTimeLink) -> None:
    """Use the link up, or raise InvalidLink: of two at once, one wins."""
    now = timezone.now()
    open_row = OneTimeLink.objects.filter(pk=link.pk, ended_at__isnull=True)
    if not open_row.update(used_at=now, ended_at=now):
        raise InvalidLink
    changes = {"used_at": [None, now.isoformat()]}
    journal.record(journal.Action.CHANGE, link, changes=changes)


def end_links_of(*, user: User, reason: str) -> None:
    """Make whatever link the user has worth nothing."""
    now = timezone.now()
    for link in OneTimeLink.objects.filter(user=user, ended_at__isnull=True):
        if OneTimeLink.objects.filter(pk=link.pk, ended_at__isnull=True).update(ended_at=now):
            changes = {"ended_at": [None, now.isoformat()]}
            journal.record(journal.Action.CHANGE, link, changes=changes, reason=reason)
