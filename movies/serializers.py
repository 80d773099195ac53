"""Movies as JSON: TMDB's own shapes, described here for callers and for the OpenAPI file.

Documents of the catalogue were checked when they came in (movies.catalog.tmdb) and go out as they
are, with whatever else TMDB says; the serializers of movies describe what callers can rely on.
"""

from datetime import tzinfo
from typing import Any

import orjson
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.renderers import clock
from core.api.serializers import ModelSerializer, Serializer, StrictIntegerField
from core.validators import plain_text
from movies.constants import MAX_STARS, OWN_FIELDS, REASON_LENGTH
from movies.models import UNRATED_RANK, Favorite, GoneMovie, Rating


@extend_schema_field({"type": "string", "description": "YYYY-MM-DD, or empty when unknown."})
class ReleaseDateField(serializers.CharField):
    """A release date as TMDB writes it."""


class MovieSummarySerializer(Serializer):
    """A movie as lists show it."""

    id = serializers.IntegerField(help_text="TMDB's id of the movie.")
    title = serializers.CharField()
    original_title = serializers.CharField(required=False)
    original_language = serializers.CharField(required=False)
    overview = serializers.CharField(required=False, allow_null=True)
    release_date = ReleaseDateField(required=False, allow_null=True)
    adult = serializers.BooleanField(required=False)
    video = serializers.BooleanField(required=False)
    popularity = serializers.FloatField(required=False)
    vote_average = serializers.FloatField(required=False)
    vote_count = serializers.IntegerField(required=False)
    poster_path = serializers.CharField(required=False, allow_null=True)
    poster_url = serializers.URLField(
        required=False, allow_null=True, help_text="The whole address; null when there is none."
    )
    backdrop_path = serializers.CharField(required=False, allow_null=True)
    backdrop_url = serializers.URLField(
        required=False, allow_null=True, help_text="The whole address; null when there is none."
    )


class PopularMovieSerializer(MovieSummarySerializer):
    """A movie of the popular list."""

    genre_ids = serializers.ListField(child=serializers.IntegerField(), required=False)


class PopularSerializer(Serializer):
    """A page of movies, in TMDB's own shape."""

    page = serializers.IntegerField()
    results = PopularMovieSerializer(many=True)
    total_pages = serializers.IntegerField(help_text="At most 500: what can be asked for.")
    total_results = serializers.IntegerField(help_text="At most 20 a page.")


def objects(**kwargs: Any) -> serializers.ListField:
    """Return a field that holds a list of objects."""
    return serializers.ListField(child=serializers.DictField(), required=False, **kwargs)


class MovieSerializer(MovieSummarySerializer):
    """Everything about one movie."""

    belongs_to_collection = serializers.DictField(required=False, allow_null=True)
    budget = serializers.IntegerField(required=False)
    genres = objects()
    homepage = serializers.CharField(required=False, allow_null=True)
    imdb_id = serializers.CharField(required=False, allow_null=True)
    origin_country = serializers.ListField(child=serializers.CharField(), required=False)
    production_companies = objects()
    production_countries = objects()
    revenue = serializers.IntegerField(required=False)
    runtime = serializers.IntegerField(required=False, allow_null=True, help_text="Minutes.")
    spoken_languages = objects()
    status = serializers.CharField(required=False, allow_null=True)
    tagline = serializers.CharField(required=False, allow_null=True)


class FavoriteSerializer(MovieSerializer):
    """A favourite: everything about the movie, and what its user thinks of it."""

    my_rating = serializers.IntegerField(
        allow_null=True, min_value=0, max_value=MAX_STARS, help_text="Stars; null is unrated."
    )
    added_at = serializers.DateTimeField()

    @cached_property
    def zone(self) -> tzinfo:
        """Return the zone that times are shown in: asked for once, not for each row of a list."""
        return timezone.get_current_timezone()

    def to_representation(self, instance: Favorite | dict[str, Any]) -> Any:
        """Return the movie's document with the user's own fields; rows are `selectors.ROW`."""
        if isinstance(instance, Favorite):
            fields = own_fields(instance.rating_rank, clock(instance.created_at, self.zone))
            return {**instance.movie.details, **fields}
        fields = own_fields(instance["rating_rank"], clock(instance["created_at"], self.zone))
        own = orjson.dumps(fields).decode()
        return orjson.Fragment(f"{instance['document'][:-1]},{own[1:]}")


def own_fields(rank: int, added_at: str) -> dict[str, Any]:
    """Return what a favourite has beside its movie; no document has keys of these names."""
    stars = None if rank == UNRATED_RANK else MAX_STARS - rank
    return dict(zip(OWN_FIELDS, (stars, added_at), strict=True))


class NewFavoriteSerializer(Serializer):
    """Which movie to put on the list."""

    movie_id = StrictIntegerField(min_value=1)


class RatingSerializer(ModelSerializer):
    """The caller's stars for a movie."""

    movie_id = serializers.IntegerField(read_only=True)
    stars = StrictIntegerField(min_value=0, max_value=MAX_STARS)

    class Meta:
        model = Rating
        fields = ("movie_id", "stars", "created_at", "updated_at")


class WipeSerializer(Serializer):
    """How many favourites were removed."""

    removed = serializers.IntegerField()


class GoneMovieSerializer(ModelSerializer):
    """A movie that TMDB no longer has, and how many keep it."""

    # The two databases give its column different bounds, which are not the contract's.
    id = serializers.IntegerField(read_only=True, help_text="TMDB's id of the movie.")
    favorites = serializers.IntegerField(read_only=True, help_text="Lists that it is on.")
    ratings = serializers.IntegerField(read_only=True)

    class Meta:
        model = GoneMovie
        fields = ("id", "title", "release_date", "absent_since", "favorites", "ratings")


class NewIdSerializer(Serializer):
    """Under which id TMDB has a movie now, and how we know."""

    movie_id = StrictIntegerField(min_value=1)
    reason = serializers.CharField(max_length=REASON_LENGTH, validators=[plain_text])


class MoveSerializer(Serializer):
    """What moved to the new id; merged are those of users who had both."""

    movie_id = serializers.IntegerField(help_text="The new id.")
    favorites = serializers.IntegerField()
    favorites_merged = serializers.IntegerField()
    ratings = serializers.IntegerField()
    ratings_merged = serializers.IntegerField()
