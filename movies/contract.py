"""What the contract says of movies, favourites and ratings that no rule knows."""

from core.api.schema.tables import Operation, Resource
from movies.errors import (
    AlreadyRated,
    CatalogBusy,
    CatalogNotConfigured,
    CatalogRefused,
    CatalogUnavailable,
    MovieGone,
    MovieNotFound,
    MovieNotGone,
    SameMovie,
    UserNotFound,
)

AWAY = (CatalogUnavailable, CatalogBusy, CatalogNotConfigured, CatalogRefused)
LOOKED_UP = (MovieNotFound, UserNotFound, *AWAY)
COPY = ("Age", "Cache-Status")
FRESH = (
    "Fresh for some seconds; when TMDB fails, the latest good answer comes instead, and `Age` and "
    "`Cache-Status` say so."
)
MOVIE = {"movie_id": ("TMDB's id of the movie.", 550)}

CATALOG = Resource(
    "movie",
    {
        "popular": Operation("listPopularMovies", errors=AWAY, headers=COPY),
        "search": Operation("searchMovies", errors=AWAY, headers=COPY),
        "retrieve": Operation(
            description=f"Return everything about one movie. {FRESH}",
            errors=(MovieNotFound, *AWAY),
            headers=COPY,
        ),
    },
    MOVIE,
)
FAVORITES = Resource(
    "favorite",
    {
        "list": Operation(
            description="Return the caller's favourites with all about each movie: the newest "
            "release first, then the caller's rating, unrated last.",
        ),
        "create": Operation("addFavorite", errors=LOOKED_UP, example={"movie_id": 550}),
        "retrieve": Operation(errors=(MovieNotFound,)),
        "destroy": Operation(
            "removeFavorite",
            description="Take the movie off the caller's list.",
            errors=(MovieNotFound, UserNotFound),
        ),
    },
    MOVIE,
)
RATINGS = Resource(
    "rating",
    {
        "retrieve": Operation(
            description="Return the caller's rating of the movie; 404 where there is none.",
            errors=(MovieNotFound,),
        ),
        "create": Operation("rateMovie", errors=(AlreadyRated, *LOOKED_UP), example={"stars": 4}),
        "update": Operation(errors=(MovieNotFound, UserNotFound), example={"stars": 5}),
        "partial_update": Operation(errors=(MovieNotFound, UserNotFound), example={"stars": 3}),
        "destroy": Operation(
            description="Take the caller's rating back; unrated is not 0 stars.",
            errors=(MovieNotFound, UserNotFound),
        ),
    },
    MOVIE,
    one="the caller's rating of a movie",
)
USER_FAVORITES = Resource(
    "user favorite",
    {
        "list": Operation(
            description="Return the favourites of any user, in pages.", errors=(UserNotFound,)
        ),
        "wipe": Operation("clearUserFavorites", errors=(UserNotFound,)),
    },
    {"user_id": ("The user's id.", 2)},
)
GONE = Resource(
    "gone movie",
    {
        "list": Operation(
            description="Return the movies that TMDB no longer has, and how many lists and ratings "
            "keep each: for support."
        ),
        "create": Operation(
            "moveToNewId",
            "Say under which id a gone movie went on",
            errors=(MovieNotFound, MovieNotGone, MovieGone, SameMovie, *AWAY),
            example={"movie_id": 603, "reason": "TMDB merged the two entries."},
        ),
    },
    {"movie_id": ("The id that TMDB no longer has.", 604)},
)
FIELDS = {
    "GoneMovie.release_date": "When it came out, as far as it is known.",
    "absent_since": "Since when TMDB says that there is no such movie.",
    "GoneMovie.ratings": "How many users have rated it.",
    "Move.favorites": "How many lists got the new id.",
    "Move.favorites_merged": "How many lists had both already.",
    "Move.ratings": "How many ratings went to the new id.",
    "Move.ratings_merged": "How many users had rated both; the rating given last stands.",
    "title": "In the language that was asked for.",
    "original_title": "In the movie's own language.",
    "original_language": "ISO 639-1.",
    "overview": "What the movie is about.",
    "adult": "Whether it is for adults only.",
    "video": "Whether it is no feature film.",
    "popularity": "TMDB's own measure.",
    "vote_average": "Of TMDB's users, 0 to 10.",
    "vote_count": "How many of TMDB's users voted.",
    "poster_path": "Below TMDB's address of images.",
    "backdrop_path": "Below TMDB's address of images.",
    "genre_ids": "TMDB's ids of the genres.",
    "genres": "Each with `id` and `name`.",
    "page": "The number of the page, from 1.",
    "total_pages": "How many pages TMDB has.",
    "total_results": "How many movies TMDB has.",
    "belongs_to_collection": "The series that it is part of.",
    "budget": "In dollars.",
    "homepage": "The movie's own page.",
    "imdb_id": "IMDb's id.",
    "origin_country": "ISO 3166-1.",
    "production_companies": "Each with `id` and `name`.",
    "production_countries": "ISO 3166-1, each with its name.",
    "revenue": "In dollars.",
    "spoken_languages": "ISO 639-1, each with its name.",
    "Movie.status": "TMDB's word, such as `Released`.",
    "Favorite.status": "TMDB's word, such as `Released`.",
    "tagline": "The line on the poster.",
    "added_at": "When it was put on the list.",
    "my_rating": "Stars, 0 to 5.",
    "rated": "Whether the caller has rated the movie.",
    "movie_id": "TMDB's id of the movie.",
    "stars": "Whole stars; 0 is not unrated.",
    "removed": "How many favourites were taken off.",
}
