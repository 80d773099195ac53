"""What the app has about users, on the users' own pages in the admin."""

from django.utils.translation import gettext_lazy as _

from core.admin.panels import Panel
from dogs.models import Dog, RelayedFile

PANELS = [
    Panel(
        "users.User",
        _("Dogs"),
        lambda user: Dog.objects.filter(owner=user).order_by("-id"),
        lambda dog: dog.get_picture_status_display(),
        everything=lambda user: {"q": user.email},
    ),
    Panel(
        "users.User",
        _("Files"),
        lambda user: RelayedFile.objects.filter(owner=user).order_by("-created_at"),
        lambda relayed: relayed.get_status_display(),
        everything=lambda user: {"q": user.email},
    ),
]
