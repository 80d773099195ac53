"""What is deleted: removed users' rows, and what is too old to be kept."""

from django.db import transaction
from django.utils import timezone

from core.audit import journal
from movies import gone
from movies.catalog import stored_answers
from movies.constants import DETAILS_KEPT, UNDO_TIME
from movies.models import Favorite, FavoritesWipe, Movie, Rating


@transaction.atomic(savepoint=False)
def forget_user(*, user_id: int) -> None:
    """Delete what a removed user liked and thought."""
    for model in (Favorite, FavoritesWipe, Rating):
        count, _ = model._base_manager.filter(user_id=user_id).delete()
        if count:
            reason = f"the account of user {user_id} was removed"
            journal.record(journal.Action.DELETE, model, count=count, reason=reason)


def forget_details() -> int:
    """Drop the details that TMDB has not confirmed for six months; return of how many movies.

    Its terms allow no longer copy. What names and orders a list stays: id, title, release date.
    """
    limit = timezone.now() - DETAILS_KEPT
    count = 0
    with transaction.atomic():
        movies = Movie.objects.filter(fetched_at__lt=limit).order_by("pk")  # as undo_wipe locks
        for movie in movies.iterator(chunk_size=1000):
            released_on = movie.release_date.isoformat() if movie.release_date else ""
            left = {"id": movie.pk, "title": movie.title, "release_date": released_on}
            if movie.details != left:
                unconfirmed = Movie.objects.filter(pk=movie.pk, fetched_at__lt=limit)
                count += unconfirmed.update(details=left)
        if count:
            reason = f"not confirmed by TMDB for {DETAILS_KEPT.days} days: details dropped"
            journal.record(journal.Action.CHANGE, Movie, count=count, reason=reason)
    return count


def purge() -> dict[str, int]:
    """Delete what is too old to be kept: answers and details of TMDB, and wiped favourites.

    Movies that were gone a month ago are asked for again ("asked").
    """
    limit = timezone.now() - UNDO_TIME
    with transaction.atomic():
        wiped, _ = Favorite.objects.filter(wipe__created_at__lt=limit).delete()
        if wiped:
            reason = "wiped longer ago than can be undone"
            journal.record(journal.Action.DELETE, Favorite, count=wiped, reason=reason)
    return {
        "answers": stored_answers.purge(),
        "favorites": wiped,
        "details": forget_details(),
        "asked": gone.ask_again(),
    }
