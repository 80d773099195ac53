"""What the admin's home page shows of films and favourites."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.cards import Attention, Figure, Point, address
from movies.constants import MAX_STARS, UNDO_TIME, RefreshStatus
from movies.models import FavoritesWipe, Movie, Rating

ATTENTION = [
    Attention(
        "movies.wipes",
        _("Wiped film lists that can be brought back"),
        lambda: FavoritesWipe.objects.filter(
            undone_at__isnull=True, created_at__gt=timezone.now() - UNDO_TIME
        ),
        "created_at",
        urgent=UNDO_TIME,  # nobody has to do anything
    ),
    Attention(
        "movies.refresh_failed",
        _("Films that could not be read from TMDB"),
        lambda: Movie.objects.filter(refresh_status=RefreshStatus.FAILED),
        "refresh_due_at",
    ),
    Attention(
        "movies.stale",
        _("Films that TMDB has not confirmed for long"),
        lambda: Movie.objects.filter(
            absent_since__isnull=True,
            fetched_at__lt=timezone.now() - timedelta(days=settings.MOVIES_STALE_DAYS),
        ),
        "fetched_at",
        urgent=timedelta(days=2 * settings.MOVIES_STALE_DAYS),
    ),
]


def stars() -> list[Point]:
    """Return how often each number of stars was given."""
    given = dict(Rating.objects.values_list("stars").annotate(Count("pk")).order_by())
    return [
        Point("★" * number or "0", given.get(number, 0), address(Rating, {"stars": str(number)}))
        for number in range(MAX_STARS + 1)
    ]


FIGURES = [Figure("movies.stars", _("Ratings"), lambda: Rating, stars)]
