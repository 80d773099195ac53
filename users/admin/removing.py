"""What removing a user is called, and what goes with the account."""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from core.admin.removals import Removal
from users.models import ApiToken, Session, User


def effects(users: QuerySet[User]) -> list[str]:
    """Return what removing users does, to them and to what lets them in."""
    chosen, now = users.order_by().values("pk"), timezone.now()
    count = chosen.count()
    sessions = Session.objects.alive(now).filter(user__in=chosen).count()
    tokens = ApiToken.objects.alive(now).filter(user__in=chosen).count()
    lines = [
        ngettext(
            "The account is deactivated; name and e-mail address are erased.",
            "The accounts are deactivated; names and e-mail addresses are erased.",
            count,
        )
    ]
    if sessions:
        lines.append(
            ngettext("%d open session ends.", "%d open sessions end.", sessions) % sessions
        )
    if tokens:
        lines.append(
            ngettext("%d API token is revoked.", "%d API tokens are revoked.", tokens) % tokens
        )
    lines.append(
        ngettext(
            "The address is free again; what else is kept for the person is released or erased.",
            "The addresses are free again; what else is kept for them is released or erased.",
            count,
        )
    )
    return [*lines, gettext("This is final: nobody can undo it.")]


REMOVAL = Removal(
    label=_("Remove for good"),
    done=_("removed for good"),
    label_of_selected=_("Remove the selected ones for good"),
    question=ngettext_lazy("Remove %d user for good", "Remove %d users for good"),
    done_of_selected=ngettext_lazy("%d user removed for good.", "%d users removed for good."),
    effects=effects,
)
