"""Cases that are about an object, and those that a user reported, on their pages in the admin."""

from django.utils.translation import gettext_lazy as _

from cases.models import Case
from core.admin.panels import ANYTHING, CASES, Panel

PANELS = [
    Panel(
        ANYTHING,
        _("Cases about it"),
        lambda obj: Case.objects.filter(
            object_label=obj._meta.label, object_id=str(obj.pk)
        ).order_by("-id"),
        lambda case: case.get_state_display(),
        tab=CASES,
    ),
    Panel(
        "users.User",
        _("Cases reported by them"),
        lambda user: Case.objects.filter(reporter=user).order_by("-id"),
        lambda case: case.get_state_display(),
        everything=lambda user: {"q": user.email},
        tab=CASES,
    ),
]
