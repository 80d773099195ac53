"""What favourites can be filtered by."""

from typing import Any

from django.db.models import QuerySet

from core.api.filters import filterset
from movies.constants import MAX_STARS
from movies.models import UNRATED_RANK, Favorite


class FavoriteFilter(filterset.FilterSet):
    """Rated or not, and with how many stars."""

    rated = filterset.BooleanFilter(method="by_rated")
    my_rating = filterset.IntegerFilter(method="by_stars", min_value=0, max_value=MAX_STARS)

    class Meta:
        model = Favorite
        fields = ("rated", "my_rating")

    def by_rated(self, rows: QuerySet, _name: str, value: Any) -> QuerySet:
        """Narrow to what the user has rated, or has not."""
        wanted = {"rating_rank": UNRATED_RANK}
        return rows.exclude(**wanted) if value else rows.filter(**wanted)

    def by_stars(self, rows: QuerySet, _name: str, value: Any) -> QuerySet:
        """Narrow to what the user gave so many stars."""
        return rows.filter(rating_rank=MAX_STARS - value)
