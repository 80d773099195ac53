"""Favourites: added, removed, wiped and brought back."""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core import context
from core.audit import journal
from movies.constants import UNDO_TIME
from movies.errors import UserNotFound, WipeNotUndoable
from movies.models import Favorite, FavoritesWipe, Movie, Rating, rating_rank, release_rank
from movies.services.movies import lock_movie


@transaction.atomic(savepoint=False)
def add_favorite(*, user_id: int, movie_id: int) -> tuple[Favorite, bool]:
    """Put a known movie on a user's list; return the favourite and whether it is new there."""
    movie = lock_movie(movie_id)
    known = Favorite.objects.filter(user_id=user_id, movie=movie, wipe=None).first()
    if known is not None:
        known.movie = movie
        return known, False
    stars = Rating.objects.filter(user_id=user_id, movie=movie).values_list("stars", flat=True)
    favorite = Favorite.objects.create(
        user_id=user_id,
        movie=movie,
        release_rank=release_rank(movie.release_date),
        rating_rank=rating_rank(stars.first()),
    )
    changes = {"user": [None, user_id], "movie": [None, movie.pk]}
    journal.record(journal.Action.CREATE, favorite, changes=changes)
    return favorite, True


@transaction.atomic(savepoint=False)
def remove_favorite(*, favorite: Favorite) -> None:
    """Take a movie off a user's list; the user's rating of it stays."""
    changes = {"user": [favorite.user_id, None], "movie": [favorite.movie_id, None]}
    journal.record(journal.Action.DELETE, favorite, changes=changes)
    favorite.delete()


def lock_user(user_id: int) -> None:
    """Let one write at a time change all of a user's list, or raise UserNotFound."""
    users = get_user_model()._default_manager.filter(pk=user_id, anonymised_at__isnull=True)
    if users.select_for_update(no_key=True).values_list("pk").first() is None:
        raise UserNotFound


@transaction.atomic(savepoint=False)
def wipe_favorites(*, user_id: int, reason: str = "") -> int:
    """Empty a user's list so that support can bring it back for a while; return how many left.

    Raises:
        UserNotFound: there is no such user.
    """
    lock_user(user_id)
    listed = Favorite.objects.filter(user_id=user_id, wipe=None)
    if not listed.exists():
        return 0
    wipe = FavoritesWipe.objects.create(user_id=user_id, wiped_by_id=context.actor.get().id)
    wipe.count = listed.update(wipe=wipe)
    wipe.save(update_fields=["count"])
    journal.record(journal.Action.CREATE, wipe, changes=journal.initial(wipe), reason=reason)
    which = f"wipe {wipe.pk} of user {user_id}"
    journal.record(journal.Action.DELETE, Favorite, count=wipe.count, reason=which)
    return wipe.count


@transaction.atomic
def undo_wipe(*, wipe: FavoritesWipe) -> int:
    """Bring wiped favourites back, but those that are on the list again; return how many came.

    Raises:
        WipeNotUndoable: it was undone before, or is too long ago.
    """
    lock_user(wipe.user_id)
    wipe = FavoritesWipe.objects.select_for_update().get(pk=wipe.pk)
    now = timezone.now()
    if wipe.undone_at is not None or wipe.created_at < now - UNDO_TIME:
        raise WipeNotUndoable
    waiting = Favorite.objects.filter(wipe=wipe)
    movies = Movie.objects.filter(pk__in=waiting.values("movie_id")).order_by("pk")
    list(movies.select_for_update(no_key=True).values_list("pk"))
    listed = Favorite.objects.filter(
        user_id=wipe.user_id, movie_id=OuterRef("movie_id"), wipe__isnull=True
    )
    waiting.filter(Exists(listed)).delete()
    count = waiting.update(wipe=None)
    wipe.undone_at = now
    wipe.save(update_fields=["undone_at"])
    changes = {"undone_at": [None, now.isoformat()]}
    reason = f"wipe {wipe.pk} of user {wipe.user_id} undone"
    journal.record(journal.Action.CHANGE, wipe, changes=changes, count=count)
    journal.record(journal.Action.CREATE, Favorite, count=count, reason=reason)
    return count
