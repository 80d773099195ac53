"""What TMDB's documents must be like, and what is made of those that are not.

TMDB is not trusted: what leaves this module has the types that callers were promised, and all of it
can be stored and sent on. It is judged field by field and film by film, so that one odd value costs
that value and one film without id or title costs that film; each leaves a line in the log. Only
what is no page, or another movie, is refused as a whole (ValueError, LookupError).
"""

import datetime as dt
import logging
import re
from collections.abc import Callable
from typing import Any

import orjson

from core.text import UNSTORABLE, is_storable, printable
from movies.catalog.images import add_urls
from movies.catalog.port import type_document
from movies.constants import MAX_MOVIE_ID, MAX_PAGE, OWN_FIELDS, PAGE_MOVIES

logger = logging.getLogger("plaza.catalog")

# A page of TMDB has 15 kB and a movie 4 kB; favourites send 200 movies at once.
MAX_PAGE_BYTES = 256 * 1024
MAX_MOVIE_BYTES = 64 * 1024
MAX_FIELD_BYTES = 16 * 1024
MAX_SUMMARY_BYTES = 12 * 1024  # twenty are a page
MAX_ROWS = 100  # five times TMDB's page
MAX_DEPTH = 8
MAX_ITEMS = 1000
MAX_TITLE_CHARACTERS = 1000
MAX_LOGGED_FIELDS = 20
MAX_WHOLE = 2**53  # JavaScript's numbers are exact up to here
DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?", re.DOTALL)
DIGITS = re.compile(r"[0-9]{1,16}")

type_reader = Callable[[Any], Any]


# -- values -------------------------------------------------------------------------------------
def cleaned(value: Any, depth: int = 0) -> Any:
    """Return ``value`` without what a database or a JSON encoder could not take.

    NUL and halves of surrogate pairs leave a text.

    Raises:
        ValueError: a number has no end, or it is too deep or too long.
    """
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, int | float):  # a truth value, too
        if not abs(value) <= MAX_WHOLE:
            raise ValueError("no number of ours")
        return value
    if isinstance(value, dict | list):
        if depth == MAX_DEPTH or len(value) > MAX_ITEMS:
            raise ValueError("too deep or too long")
        if isinstance(value, list):
            return [cleaned(each, depth + 1) for each in value]
        return {cleaned(key): cleaned(each, depth + 1) for key, each in value.items()}
    return value


def as_is(value: Any) -> Any:
    """Read what we have no use for."""
    return value


def text(value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def title(value: Any) -> str:
    """Read a title; one that never ends is cut."""
    return text(value)[:MAX_TITLE_CHARACTERS]


def flag(value: Any) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise TypeError("flag")
    return value


def number(value: Any) -> int | float:
    """Read a number; true is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("number")
    return cleaned(value)


def whole(value: Any) -> int:
    """Read a whole number from zero on, also one written 7.0 or "7"."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)
    count = number(value)
    if count < 0 or count != int(count):
        raise ValueError("whole")
    return int(count)


def movie_id(value: Any) -> int:
    """Read an id that TMDB could have given."""
    found = whole(value)
    if not 1 <= found <= MAX_MOVIE_ID:
        raise ValueError("id")
    return found


def day(value: Any) -> str:
    """Read a date, also one that has a time behind it; TMDB leaves unknown ones empty."""
    if value == "":
        return ""
    match = DATE.fullmatch(text(value).strip())
    if match is None:
        raise ValueError("date")
    dt.date.fromisoformat(match[1])
    return match[1]


def entry(value: Any) -> dict[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        raise TypeError("object")
    return add_urls(value)


def maybe(reader: type_reader) -> type_reader:
    """Return a reader that takes null, too."""
    return lambda value: None if value is None else reader(value)


def each(reader: type_reader) -> type_reader:
    """Return a reader of lists, which leaves out what ``reader`` refuses."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeError("list")
        found = []
        for element in value:
            try:
                found.append(reader(cleaned(element, 1)))
            except (TypeError, ValueError):
                continue
        return found

    return read


# Fields that may be left out, and how each is read.
SUMMARY: dict[str, type_reader] = {
    "adult": flag,
    "backdrop_path": maybe(text),
    "genre_ids": each(whole),
    "id": movie_id,
    "original_language": text,
    "original_title": title,
    "overview": maybe(text),
    "popularity": number,
    "poster_path": maybe(text),
    "release_date": maybe(day),
    "title": title,
    "video": flag,
    "vote_average": number,
    "vote_count": whole,
}
DETAILS: dict[str, type_reader] = {
    **SUMMARY,
    "belongs_to_collection": maybe(entry),
    "budget": whole,
    "genres": each(entry),
    "homepage": maybe(text),
    "imdb_id": maybe(text),
    "origin_country": each(text),
    "production_companies": each(entry),
    "production_countries": each(entry),
    "revenue": whole,
    "runtime": maybe(whole),
    "spoken_languages": each(entry),
    "status": maybe(text),
    "tagline": maybe(text),
}


def released(document: type_document) -> dt.date | None:
    """Return a mended movie's release date, None when it is unknown."""
    found = document.get("release_date")
    return dt.date.fromisoformat(found) if found else None


# -- films --------------------------------------------------------------------------------------
def mend_movie(
    movie: Any, fields: dict[str, type_reader], limit: int
) -> tuple[type_document, list[str]]:
    """Return what can be used of a movie, and the names of the fields that were not as they should.

    A field of another type is left out, unless it says the same in another way (an id as text, a
    date with a time). A movie without a title has its original one.
    """
    if not isinstance(movie, dict):
        return {}, ["movie"]
    kept, sizes, odd = {}, {}, []
    for name, value in movie.items():
        try:
            known = name in fields or (len(movie) <= MAX_ITEMS and name not in OWN_FIELDS)
            good, size = read_field(name if known else "", fields.get(name, as_is), value)
        except (ValueError, TypeError):
            odd.append(name)
            continue
        if differs(good, value):
            odd.append(name)
        kept[name], sizes[name] = good, size
    if not kept.get("title") and kept.get("original_title"):
        odd += [] if "title" in [*odd, *kept] else ["title"]
        kept["title"] = kept["original_title"]
    for name in sorted(sizes, key=lambda each: (each in fields, -sizes[each])):
        if sum(sizes.values()) > limit and name not in {"id", "title"}:
            odd.append(name)
            del kept[name], sizes[name]
    return add_urls(kept, always=True), odd


def read_field(name: str, reader: type_reader, value: Any) -> tuple[Any, int]:
    """Return a field's value, read and clean, and the bytes that it takes.

    Raises:
        ValueError, TypeError: it cannot be read, or takes too many; or the name is none.
    """
    good = cleaned(reader(value))
    size = len(name) + len(orjson.dumps(good))
    if size > MAX_FIELD_BYTES or not name or not is_storable(name):
        raise ValueError(name)
    return good, size


def differs(good: Any, value: Any) -> bool:
    """Tell whether something of a value was mended or left out."""
    if isinstance(good, list):
        return len(good) != len(value)
    return good != value and not isinstance(good, dict)


def report(event: str, shown: Any, odd: list[str], **where: Any) -> None:
    """Write which fields of which movie were not as they should be."""
    names = sorted({printable(name, 50) for name in odd})[:MAX_LOGGED_FIELDS]
    movie = printable(repr(shown)[:50], 50)
    logger.warning(event, extra={"movie": movie, "fields": names, **where})


def count_of(document: type_document, name: str, otherwise: int) -> int:
    """Return a page's total, or another number where that is none."""
    try:
        return whole(document.get(name))
    except (TypeError, ValueError):
        report("page_mended", None, [name])
        return otherwise


def mend_page(document: type_document, page: int) -> type_document:
    """Return page number ``page`` of a list of movies: good films, totals that can be reached.

    TMDB counts pages beyond the last that it answers.

    Raises:
        ValueError, LookupError: it has no list of movies, or several and none that is usable.
    """
    rows = document["results"]
    if not isinstance(rows, list):
        raise ValueError("results")  # noqa: TRY004 - a document of another shape, not a wrong call
    if document.get("page") != page or type(document.get("page")) is not int:
        report("page_mended", None, ["page"], page=page)
    results: dict[int, type_document] = {}
    size = 0
    for row in rows[:MAX_ROWS]:
        movie, odd = mend_movie(row, SUMMARY, MAX_SUMMARY_BYTES)
        found = movie.get("id")
        more = len(orjson.dumps(movie))
        usable = found is not None and "title" in movie and found not in results
        if not usable or size + more > MAX_PAGE_BYTES:
            shown = row.get("id") if isinstance(row, dict) else None
            report(
                "movie_dropped", shown, odd or ["id" if found in results else "title"], page=page
            )
            continue
        if odd:
            report("movie_mended", found, odd, page=page)
        size += more
        results[movie["id"]] = movie
    if len(rows) > 1 and not results:
        raise ValueError("no usable movie")
    if len(rows) > MAX_ROWS:
        report("page_mended", None, ["results"], page=page)
    last = min(MAX_PAGE, count_of(document, "total_pages", page + bool(rows)))
    last = max(last, page) if rows else last
    total = count_of(document, "total_results", last * PAGE_MOVIES)
    total = max(min(total, last * PAGE_MOVIES), len(results))
    return {
        "page": page,
        "results": list(results.values()),
        "total_pages": last,
        "total_results": total,
    }


def mend_details(document: type_document, wanted: int) -> type_document:
    """Return what can be used of movie ``wanted``'s details.

    Raises:
        ValueError: it is another movie, or none: it has no title.
    """
    movie, odd = mend_movie(document, DETAILS, MAX_MOVIE_BYTES)
    if "title" not in movie or movie.setdefault("id", wanted) != wanted:
        report("movie_dropped", wanted, odd)
        raise ValueError("another movie")
    if odd or "id" not in document:
        report("movie_mended", wanted, odd or ["id"])
    return movie
