"""What the admin's search finds of accounts: e-mail addresses, hints of tokens, sessions."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.admin.search import Found, hits
from core.text import email_key
from core.values import parse_uuid
from users.models import ApiToken, Session, User


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find users by the beginning of their address, tokens by their hint, sessions by their id."""
    users = User.objects.present().filter(email__startswith=email_key(text)).order_by("email")
    yield from hits(request, users, state_of, lambda user: user.email)
    tokens = ApiToken.objects.filter(hint=text).order_by("-id")
    yield from hits(request, tokens, lambda token: _("revoked") if token.revoked_at else "")
    try:
        key = parse_uuid(text)
    except ValueError:
        return
    sessions = Session.objects.filter(pk=key)
    yield from hits(request, sessions, lambda session: _("ended") if session.revoked_at else "")


def state_of(user: User) -> str:
    """Return a user's role, and whether they may sign in."""
    role = str(user.get_role_display())
    return role if user.is_active else role + " · " + _("deactivated")
