"""Movies, favourites and ratings for tests."""

from datetime import date, timedelta

import factory
from django.utils import timezone

from movies.models import (
    UNRATED_RANK,
    CachedAnswer,
    Favorite,
    FavoritesWipe,
    GoneMovie,
    Movie,
    Rating,
    release_rank,
)
from users.tests.factories import UserFactory


class MovieFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Movie

    id = factory.Sequence(lambda number: 100_000 + number)
    title = factory.LazyAttribute(lambda made: f"Movie {made.id}")
    release_date = date(1999, 3, 31)
    details = factory.LazyAttribute(
        lambda made: {
            "id": made.id,
            "title": made.title,
            "release_date": made.release_date.isoformat() if made.release_date else "",
            "overview": "Ñandú",
        }
    )
    fetched_at = factory.LazyFunction(timezone.now)
    refresh_due_at = factory.LazyAttribute(lambda made: made.fetched_at + timedelta(days=7))


class GoneMovieFactory(MovieFactory):
    """A movie that TMDB did not have on three days."""

    class Meta:
        model = GoneMovie

    refresh_status = "gone"
    absent_days = 3
    absent_since = factory.LazyFunction(lambda: timezone.now() - timedelta(days=10))
    absent_on = factory.LazyAttribute(lambda made: made.absent_since.date() + timedelta(days=2))
    refresh_due_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=20))

    @classmethod
    def samples(cls):
        """Return rows with and without what may be missing of such a movie."""
        return [cls(), cls(release_date=None)]


class FavoriteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Favorite

    user = factory.SubFactory(UserFactory)
    movie = factory.SubFactory(MovieFactory)
    release_rank = factory.LazyAttribute(lambda made: release_rank(made.movie.release_date))
    rating_rank = UNRATED_RANK


class RatingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Rating

    user = factory.SubFactory(UserFactory)
    movie = factory.SubFactory(MovieFactory)
    stars = 3


class WipeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FavoritesWipe

    user = factory.SubFactory(UserFactory)


class CachedAnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CachedAnswer

    key = "popular:1::"
    body = '{"page":1,"results":[],"total_pages":1,"total_results":0}'
    fetched_at = factory.LazyFunction(timezone.now)
