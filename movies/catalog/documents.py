"""What TMDB's documents must be like.

TMDB is not trusted. An answer counts when the fields that we use have exactly their types and all
of it can be stored and sent on; anything else is a failure like a refused connection.
"""

import datetime as dt
import re
from typing import Any

import orjson

from movies.catalog.port import type_document
from movies.constants import MAX_MOVIE_ID

# A page of TMDB has 15 kB and a movie 4 kB; favourites send 200 movies at once.
MAX_PAGE_BYTES = 256 * 1024
MAX_MOVIE_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_ITEMS = 1000
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

TEXT = (str,)
MAYBE_TEXT = (str, type(None))
FLAG = (bool,)
WHOLE = (int,)
NUMBER = (int, float)
LIST = (list,)
# Fields that may be left out; what is there has one of these types, true being no number.
SUMMARY: dict[str, tuple[type, ...]] = {
    "adult": FLAG,
    "backdrop_path": MAYBE_TEXT,
    "genre_ids": LIST,
    "original_language": TEXT,
    "original_title": TEXT,
    "overview": MAYBE_TEXT,
    "popularity": NUMBER,
    "poster_path": MAYBE_TEXT,
    "release_date": MAYBE_TEXT,
    "video": FLAG,
    "vote_average": NUMBER,
    "vote_count": WHOLE,
}
DETAILS: dict[str, tuple[type, ...]] = {
    **SUMMARY,
    "belongs_to_collection": (dict, type(None)),
    "budget": WHOLE,
    "genres": LIST,
    "homepage": MAYBE_TEXT,
    "imdb_id": MAYBE_TEXT,
    "origin_country": LIST,
    "production_companies": LIST,
    "production_countries": LIST,
    "revenue": WHOLE,
    "runtime": (int, type(None)),
    "spoken_languages": LIST,
    "status": MAYBE_TEXT,
    "tagline": MAYBE_TEXT,
}


def released(document: type_document) -> dt.date | None:
    """Return a movie's release date; TMDB leaves unknown ones empty. Others raise ValueError."""
    text = document.get("release_date")
    if not text:
        return None
    if not DATE.fullmatch(text):
        raise ValueError("release_date")
    return dt.date.fromisoformat(text)


def check_sound(value: Any, depth: int = 0) -> None:
    """Refuse what a database or a JSON encoder could not take: NUL, depth, endless lists.

    Raises:
        ValueError: it holds such a thing.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("NUL")
    elif isinstance(value, dict | list):
        if depth == MAX_DEPTH or len(value) > MAX_ITEMS:
            raise ValueError("too deep or too long")
        inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        for each in inner:
            check_sound(each, depth + 1)


def check_size(document: type_document, limit: int) -> None:
    """Raise ValueError for a document that is much longer than such documents are."""
    if len(orjson.dumps(document)) > limit:
        raise ValueError("too long")


def is_whole(value: Any, minimum: int = 0, maximum: int = MAX_MOVIE_ID) -> bool:
    """Tell whether ``value`` is a whole number, and no truth value, within bounds."""
    return type(value) is int and minimum <= value <= maximum


def check_movie(movie: Any, fields: dict[str, tuple[type, ...]]) -> None:
    """Refuse a movie whose fields have other types than TMDB documents.

    Raises:
        ValueError, TypeError: a field is not as it should be.
    """
    if not isinstance(movie, dict) or not is_whole(movie.get("id"), 1):
        raise ValueError("id")
    if not isinstance(movie.get("title"), str):
        raise TypeError("title")
    for name, kinds in fields.items():
        if name in movie and type(movie[name]) not in kinds:
            raise TypeError(name)
    released(movie)


def check_popular(document: type_document, page: int) -> type_document:
    """Return a page of popular movies after all checks.

    Raises:
        ValueError, TypeError, LookupError: it fails one.
    """
    results = document["results"]
    if not isinstance(results, list) or not is_whole(document["page"], page, page):
        raise ValueError("another page")
    if not is_whole(document["total_pages"]) or not is_whole(document["total_results"]):
        raise ValueError("totals")
    check_sound(document)
    check_size(document, MAX_PAGE_BYTES)
    for movie in results:
        check_movie(movie, SUMMARY)
    return document


def check_details(document: type_document, movie_id: int) -> type_document:
    """Return a movie's details after all checks.

    Raises:
        ValueError, TypeError: they fail one.
    """
    check_sound(document)
    check_size(document, MAX_MOVIE_BYTES)
    check_movie(document, DETAILS)
    if document["id"] != movie_id:
        raise ValueError("another movie")
    return document
