"""What the admin's home page shows of dogs and files."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.cards import Attention, Figure, Point, address, daily
from dogs.constants import PictureStatus, RelayStatus
from dogs.models import Dog, RelayedFile

LATE = timedelta(minutes=15)

ATTENTION = [
    Attention(
        "dogs.pictures_failed",
        _("Pictures that failed"),
        lambda: Dog.objects.filter(picture_status=PictureStatus.FAILED),
        "picture_due_at",
    ),
    Attention(
        "dogs.pictures_overdue",
        _("Pictures overdue"),
        lambda: Dog.objects.filter(
            picture_status=PictureStatus.PENDING, picture_due_at__lt=timezone.now() - LATE
        ),
        "picture_due_at",
    ),
    Attention(
        "dogs.files_failed",
        _("Files that were not sent"),
        lambda: RelayedFile.objects.filter(status=RelayStatus.FAILED),
        "due_at",
    ),
    Attention(
        "dogs.files_overdue",
        _("Files overdue"),
        lambda: RelayedFile.objects.filter(
            status=RelayStatus.PENDING, due_at__lt=timezone.now() - LATE
        ),
        "due_at",
    ),
]


def funnel() -> list[Point]:
    """Return how many dogs are registered, have a picture, and have a home."""
    pictured = {"picture_status__exact": PictureStatus.READY.value}
    adopted = {"is_adopted__exact": "1"}
    dogs = Dog.objects.all()
    return [
        Point(str(_("registered")), dogs.count(), address(Dog, {})),
        Point(
            str(_("with a picture")),
            dogs.filter(picture_status=PictureStatus.READY).count(),
            address(Dog, pictured),
        ),
        Point(str(_("adopted")), dogs.filter(is_adopted=True).count(), address(Dog, adopted)),
    ]


FIGURES = [
    Figure("dogs.funnel", _("Dogs on their way home"), lambda: Dog, funnel),
    Figure(
        "dogs.registered",
        _("Dogs registered"),
        lambda: Dog,
        daily(Dog.objects.all, "create_date"),
        is_daily=True,
    ),
]
