"""What the app has about users, on the users' own pages in the admin."""

from django.utils.translation import gettext_lazy as _

from core.admin.panels import Panel
from stores.models import Assignment, RejectedUpload, SyncSeen, Visit

PANELS = [
    Panel(
        "users.User",
        _("Establishments"),
        lambda user: Assignment.objects.filter(seller=user).select_related("establishment"),
        lambda assignment: assignment.get_state_display(),
        lambda assignment: assignment.establishment,
        everything=lambda user: {"q": user.email},
    ),
    Panel(
        "users.User",
        _("Visits"),
        lambda user: Visit.objects.filter(seller=user).order_by("-seq"),
        lambda visit: f"{visit.day} {visit.get_state_display()}",
        everything=lambda user: {"q": user.email},
    ),
    Panel(
        "users.User",
        _("Rejected uploads"),
        lambda user: RejectedUpload.objects.filter(seller=user).order_by("-received_at"),
        everything=lambda user: {"q": user.email},
    ),
    Panel("users.User", _("Phone"), lambda user: SyncSeen.objects.filter(seller=user)),
]
