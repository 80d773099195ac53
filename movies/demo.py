"""Demo favourites and ratings of the brief's consumer.

TMDB may not be there yet: the rows are made from what is written here, and their details, due at
once, come in the background.
"""

from datetime import date, timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from core.roles import Role
from movies import services
from movies.constants import REFRESH_AFTER
from movies.models import Movie, Rating

# TMDB's id, title, release date, and the consumer's stars.
MOVIES = (
    (603, "The Matrix", "1999-03-31", 5),
    (129, "Spirited Away", "2001-07-20", 5),
    (598, "City of God", "2002-08-30", 4),
    (1417, "Pan's Labyrinth", "2006-10-11", None),
    (550, "Fight Club", "1999-10-15", 0),
)


def load() -> str:
    """Make the demo favourites, unless there are movies already."""
    users = get_user_model()._default_manager.filter(is_active=True, role=Role.USER)
    user = users.order_by("pk").first()
    if user is None or Movie.objects.exists():
        return "movies are here already"
    now = timezone.now()
    for movie_id, title, released, stars in MOVIES:
        Movie.objects.create(
            pk=movie_id,
            title=title,
            release_date=date.fromisoformat(released),
            details={"id": movie_id, "title": title, "release_date": released},
            fetched_at=now - REFRESH_AFTER,
            refresh_due_at=now - timedelta(minutes=1),
        )
        services.add_favorite(user_id=user.pk, movie_id=movie_id)
        if stars is not None:
            services.rate(user_id=user.pk, movie_id=movie_id, stars=stars)
    ratings = Rating.objects.filter(user_id=user.pk).count()
    return f"{len(MOVIES)} favourites and {ratings} ratings of {user}"
