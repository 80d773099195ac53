"""Cases that a user reported, on their page in the admin."""

from django.utils.translation import gettext_lazy as _

from cases.models import Case
from core.admin.panels import Panel

PANELS = [
    Panel(
        "users.User",
        _("Cases"),
        lambda user: Case.objects.filter(reporter=user).order_by("-id"),
        lambda case: case.get_state_display(),
        everything=lambda user: {"q": user.email},
    ),
]
