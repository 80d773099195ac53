"""What belongs to a user, on their page in the admin."""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.panels import Panel
from users.auth.limits import account_key, lock_of
from users.models import ApiToken, LoginBucket, Session, User


def open_sessions(user: User) -> QuerySet[Session]:
    """Return the sessions that let the user in, the one used last first."""
    return Session.objects.filter(user=user).alive(timezone.now()).order_by("-rotated_at")


PANELS = [
    Panel(
        "users.User",
        _("Sign-in attempts"),
        lambda user: LoginBucket.objects.filter(account=account_key(user.email)).order_by("-id"),
        lock_of,
        lambda bucket: gettext("a known device") if bucket.known_device else gettext("strangers"),
        everything=lambda user: {"q": user.email},
    ),
    Panel(
        "users.User",
        _("Open sessions"),
        open_sessions,
        lambda session: session.get_kind_display(),
        lambda session: session.user_agent or str(session.pk),
        everything=lambda user: {"q": user.email},
    ),
    Panel(
        "users.User",
        _("API tokens"),
        lambda user: ApiToken.objects.filter(user=user).order_by("-id"),
        lambda token: gettext("revoked") if token.revoked_at else "",
        everything=lambda user: {"q": user.email},
    ),
]
