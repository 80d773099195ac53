"""Writes with consequences: favourites, ratings, wipes, and movies' details kept fresh.

Whoever writes a favourite's ranks, or what they repeat (a movie's release date, a user's stars),
holds the lock on the movie's row, so that the copies cannot drift apart.
"""

from movies.services.favorites import add_favorite, remove_favorite, undo_wipe, wipe_favorites
from movies.services.movies import (
    columns_of,
    get_or_fetch_movie,
    refresh_again,
    refresh_movie,
    store_details,
)
from movies.services.ratings import correct_rating, rate, remove_rating
from movies.services.upkeep import forget_user, purge

__all__ = [
    "add_favorite",
    "columns_of",
    "correct_rating",
    "forget_user",
    "get_or_fetch_movie",
    "purge",
    "rate",
    "refresh_again",
    "refresh_movie",
    "remove_favorite",
    "remove_rating",
    "store_details",
    "undo_wipe",
    "wipe_favorites",
]
