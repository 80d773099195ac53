"""TMDB v3: the popular list, the search and the details of 10,000 invented movies."""

import datetime as dt
import functools
import math
import unicodedata
from typing import Any

from sandbox.messages import Call, Reply

API_KEY = "sandbox-tmdb-key"  # v3, the query parameter api_key
ACCESS_TOKEN = "sandbox-tmdb-token"  # noqa: S105 - opens only this sandbox

MOVIE_COUNT = 10_000
PAGE_MOVIES = 20
MAX_PAGE = 500
_STRIDE = 7919  # prime to MOVIE_COUNT: walks over every id once

_GENRES = {
    28: ("Action", "Acción"),
    12: ("Adventure", "Aventura"),
    16: ("Animation", "Animación"),
    35: ("Comedy", "Comedia"),
    80: ("Crime", "Crimen"),
    18: ("Drama", "Drama"),
    14: ("Fantasy", "Fantasía"),
    36: ("History", "Historia"),
    9648: ("Mystery", "Misterio"),
    10749: ("Romance", "Romance"),
    878: ("Science Fiction", "Ciencia ficción"),
    53: ("Thriller", "Suspense"),
}
_THINGS = (
    ("The Lantern", "El farol"), ("The Cartographer", "El cartógrafo"),
    ("The Orchard", "El huerto"),
    ("The Ferryman", "El barquero"), ("The Clockmaker", "El relojero"), ("Midnight", "Medianoche"),
    ("The Sparrow", "El gorrión"), ("The Last Letter", "La última carta"), ("Thunder", "Trueno"),
    ("The Glass House", "La casa de cristal"), ("The Violin", "El violín"), ("Ashes", "Cenizas"),
    ("The Long Summer", "El largo verano"), ("The Harbor", "El puerto"), ("Silence", "Silencio"),
    ("The Beekeeper's Son", "El hijo del apicultor"), ("The Border", "La frontera"),
    ("The Astronomer", "El astrónomo"), ("Salt and Iron", "Sal y hierro"),
    ("The Kite", "La cometa"),
    ("The Red Umbrella", "El paraguas rojo"), ("The Quiet Game", "El juego callado"),
    ("The Wolf", "El lobo"), ("A Winter Wedding", "Una boda de invierno"), ("The Echo", "El eco"),
)  # fmt: skip
_PLACES = (
    ("Cartagena", "Cartagena"), ("the North Wind", "viento norte"), ("Valparaíso", "Valparaíso"),
    ("Bell Street", "la calle Bell"), ("the Drowned City", "la ciudad hundida"),
    ("Yesterday", "ayer"), ("Mercury", "Mercurio"), ("the Two Rivers", "los dos ríos"),
    ("No Return", "no volver"), ("Oslo", "Oslo"), ("the Desert", "el desierto"),
    ("Ninth Avenue", "la Novena Avenida"), ("the Old Mill", "el viejo molino"), ("Kyoto", "Kioto"),
    ("the Paper Moon", "la luna de papel"), ("Room Seven", "la habitación siete"),
    ("the Amazon", "el Amazonas"), ("Saint Elmo", "San Telmo"), ("the Far Shore", "la otra orilla"),
    ("Tomorrow", "mañana"),
)  # fmt: skip
_SEQUELS = 20  # titles: 25 things x 20 places x 20 parts = 10,000
_LANGUAGES = {"en": "English", "es": "Español", "ja": "日本語", "fr": "Français"}
_ENGLISH_NAMES = {"en": "English", "es": "Spanish", "ja": "Japanese", "fr": "French"}
_COUNTRIES = {
    "en": ("US", "United States of America"),
    "es": ("CO", "Colombia"),
    "ja": ("JP", "Japan"),
    "fr": ("FR", "France"),
}
_COMPANIES = ("Northlight Pictures", "Casa Azul Films", "Paper Boat Studio", "Meridian Nine")

_INVALID_KEY = "Invalid API key: You must be granted a valid key."
_INVALID_PAGE = "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."
_NOT_FOUND = "The resource you requested could not be found."
_ERRORS = {
    400: (22, _INVALID_PAGE),
    401: (7, _INVALID_KEY),
    404: (34, _NOT_FOUND),
    405: (14, "Authentication failed."),
    429: (25, "Your request count (#) is over the allowed limit of (40)."),
    502: (43, "Couldn't connect to the backend server."),
    503: (9, "Service offline: This service is temporarily offline, try again later."),
    504: (24, "Your request to the backend server timed out. Try again."),
}


class Tmdb:
    """The part of https://api.themoviedb.org that the platform uses."""

    wrong_type: Any = ["not", "a", "page"]

    def __init__(self, *, api_key: str = API_KEY, access_token: str = ACCESS_TOKEN) -> None:
        self._api_key = api_key
        self._authorization = f"bearer {access_token}"

    def answer(self, call: Call) -> Reply:
        """Answer as TMDB does."""
        if not self._may(call):
            return self._refuse(401)
        language = call.query.get("language", "en-US")
        if call.method == "GET" and call.path == "/3/search/movie":
            return self._search(call.query.get("query", ""), call.query.get("page", "1"), language)
        prefix = "/3/movie/"
        if call.method != "GET" or not call.path.startswith(prefix):
            return self._refuse(404)
        name = call.path.removeprefix(prefix)
        if name == "popular":
            return self._popular(call.query.get("page", "1"), language, call.query.get("region"))
        number = _whole(name)
        if number is None or not 1 <= number <= MOVIE_COUNT:
            return self._refuse(404)
        return Reply(body=details(number, language))

    def error(self, status: int) -> Any:
        """Return TMDB's error document."""
        fallback = (11, "Internal error: Something went wrong, contact TMDb.")
        code, message = _ERRORS.get(status, fallback)
        return {"success": False, "status_code": code, "status_message": message}

    def reset(self) -> None:
        """Nothing is remembered between calls."""

    def _refuse(self, status: int) -> Reply:
        return Reply(status=status, body=self.error(status))

    def _may(self, call: Call) -> bool:
        if call.query.get("api_key") == self._api_key:
            return True
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        return f"{scheme.lower()} {token}" == self._authorization

    def _popular(self, text: str, language: str, region: str | None) -> Reply:
        page = _whole(text)
        if page is None or not 1 <= page <= MAX_PAGE:
            return self._refuse(400)
        return Reply(
            body={
                "page": page,
                "results": [
                    summary(movie_at(rank, region), language)
                    for rank in range((page - 1) * PAGE_MOVIES, page * PAGE_MOVIES)
                ],
                "total_pages": MAX_PAGE,
                "total_results": MOVIE_COUNT,
            }
        )

    def _search(self, query: str, text: str, language: str) -> Reply:
        """Find titles as TMDB does: in any language, whatever the case and the accents."""
        page = _whole(text)
        if page is None or not 1 <= page <= MAX_PAGE:
            return self._refuse(400)
        words = _folded(query).split()
        if not words:
            return Reply(status=422, body={"errors": ["query must be provided"]})
        found = [number for number, titles in _index().items() if all(w in titles for w in words)]
        return Reply(
            body={
                "page": page,
                "results": [
                    summary(number, language)
                    for number in found[(page - 1) * PAGE_MOVIES : page * PAGE_MOVIES]
                ],
                "total_pages": -(-len(found) // PAGE_MOVIES),
                "total_results": len(found),
            }
        )


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


@functools.cache
def _index() -> dict[int, str]:
    """Return the folded titles of all movies, the most popular first."""
    return {
        number: _folded(" ".join(_titles(number, "en")[:1] + _titles(number, "es")[:1]))
        for number in map(movie_at, range(MOVIE_COUNT))
    }


def movie_at(rank: int, region: str | None = None) -> int:
    """Return the id of the movie at a place of the popular list, which depends on the region."""
    offset = sum(region.encode()) if region else 0
    return (rank * _STRIDE + offset) % MOVIE_COUNT + 1


def summary(number: int, language: str = "en-US") -> dict[str, Any]:
    """Return a movie as the popular list shows it."""
    title, original_title = _titles(number, language)
    return {
        "adult": False,
        "backdrop_path": f"/backdrop{number:05}.jpg",
        "genre_ids": _genres(number),
        "id": number,
        "original_language": _spoken(number),
        "original_title": original_title,
        "overview": _overview(number, language),
        "popularity": _popularity(number),
        "poster_path": f"/poster{number:05}.jpg",
        "release_date": _released(number).isoformat(),
        "title": title,
        "video": False,
        "vote_average": _vote_average(number),
        "vote_count": 12 + number * 37 % 29_000,
    }


def details(number: int, language: str = "en-US") -> dict[str, Any]:
    """Return a movie as its own page shows it."""
    base = summary(number, language)
    genres = base.pop("genre_ids")
    spoken = _spoken(number)
    code, country = _COUNTRIES[spoken]
    spanish = _is_spanish(language)
    budget = (1 + number % 180) * 1_000_000
    return base | {
        "belongs_to_collection": None,
        "budget": budget,
        "genres": [{"id": each, "name": _GENRES[each][spanish]} for each in genres],
        "homepage": f"https://movies.example/{number}",
        "imdb_id": f"tt{9_000_000 + number}",
        "origin_country": [code],
        "production_companies": [
            {
                "id": 100 + number % len(_COMPANIES),
                "logo_path": None,
                "name": _COMPANIES[number % len(_COMPANIES)],
                "origin_country": code,
            }
        ],
        "production_countries": [{"iso_3166_1": code, "name": country}],
        "revenue": budget * (number % 7),
        "runtime": 78 + number % 84,
        "spoken_languages": [
            {
                "english_name": _ENGLISH_NAMES[spoken],
                "iso_639_1": spoken,
                "name": _LANGUAGES[spoken],
            }
        ],
        "status": "Released",
        "tagline": "Nada es lo que parece." if spanish else "Nothing is what it seems.",
    }


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004 - an int32, as TMDB's ids are


def _is_spanish(language: str) -> bool:
    return language.lower().startswith("es")


def _titles(number: int, language: str) -> tuple[str, str]:
    """Return the title in the language asked for, and in the movie's own."""
    index = number - 1
    thing = _THINGS[index % len(_THINGS)]
    index //= len(_THINGS)
    place = _PLACES[index % len(_PLACES)]
    part = index // len(_PLACES) % _SEQUELS
    sequel = f" {part + 1}" if part else ""
    english = f"{thing[0]} of {place[0]}{sequel}"
    spanish = f"{thing[1]} de {place[1]}{sequel}".replace(" de el ", " del ")
    own = spanish if _spoken(number) == "es" else english
    return (spanish if _is_spanish(language) else english), own


def _overview(number: int, language: str) -> str:
    title, _own = _titles(number, language)
    if _is_spanish(language):
        return f"«{title}»: alguien vuelve después de muchos años y nada está donde lo dejó."
    return f"“{title}”: somebody comes back after many years and nothing is where it was."


def _spoken(number: int) -> str:
    return list(_LANGUAGES)[number % 11 % len(_LANGUAGES)]


def _genres(number: int) -> list[int]:
    ids = list(_GENRES)
    return [ids[number % 12], ids[(number + 1 + number % 5) % 12]]


def _released(number: int) -> dt.date:
    return dt.date(1960, 1, 1) + dt.timedelta(days=number * 4_241 % 23_700)


def _popularity(number: int) -> float:
    """Fall with the place in the list."""
    rank = (number - 1) * pow(_STRIDE, -1, MOVIE_COUNT) % MOVIE_COUNT
    return round(900 / math.sqrt(rank + 1), 4)


def _vote_average(number: int) -> float:
    return round(3 + number * 131 % 6_001 / 1_000, 3)
