"""What is made of TMDB's documents, field by field and film by film."""

import math

import orjson
import pytest

from movies.catalog import documents
from movies.catalog.documents import mend_details, mend_page

IMAGES = "https://image.tmdb.org/t/p/w500"


def movie(**changes):
    return {"id": 1, "title": "A", "release_date": "1999-03-31", **changes}


def page(*movies, **changes):
    return {"page": 1, "results": list(movies), "total_pages": 1, "total_results": 1, **changes}


def shown(film):
    """Return a film as it goes out: with the addresses of its pictures."""
    return {"poster_url": None, "backdrop_url": None, **film}


@pytest.fixture
def odd(logged):
    """Return what the log says of films: event, movie, fields."""

    def read():
        return [
            (record.getMessage(), record.movie, record.fields)
            for record in logged
            if record.name == "plaza.catalog"
        ]

    return read


DEEP = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}


@pytest.mark.parametrize(
    "good",
    [
        movie(),
        {"id": 2**31 - 1, "title": ""},
        movie(release_date=""),
        movie(release_date=None),
        movie(popularity=1, vote_average=1.5, overview=None, adult=False),
        movie(softcore=False, anything={"new": ["at", "TMDB"]}),
        movie(genre_ids=[1, 2]),
    ],
)
def test_usable_movies_stay_as_they_are(good, odd):
    assert mend_page(page(good), 1) == page(shown(good))
    assert mend_details(good, good["id"]) == shown(good)
    assert odd() == []


@pytest.mark.parametrize(
    ("field", "given", "made"),
    [
        ("id", "1", 1),
        ("id", 1.0, 1),
        ("title", "N\x00L", "NL"),
        ("title", "\ud800A", "A"),
        ("title", "x" * 10_000_000, "x" * 1000),
        ("release_date", "2024-07-07T00:00:00.000Z", "2024-07-07"),
        ("release_date", "2024-07-07 12:00", "2024-07-07"),
        ("release_date", " 2024-07-07 ", "2024-07-07"),
        ("vote_count", 12.0, 12),
        ("vote_count", "12", 12),
        ("overview", "a\x00b\udfff", "ab"),
        # what says nothing is left out
        ("release_date", 20_000_101, ...),
        ("release_date", "31-03-1999", ...),
        ("release_date", "1999-02-30", ...),
        ("release_date", "0000-00-00", ...),
        ("release_date", "\uff11999-03-31", ...),
        ("release_date", ["1999-03-31"], ...),
        ("adult", 1, ...),
        ("adult", "false", ...),
        ("adult", None, ...),
        ("popularity", "7", ...),
        ("popularity", True, ...),
        ("popularity", math.nan, ...),
        ("popularity", math.inf, ...),
        ("vote_count", 1.5, ...),
        ("vote_count", -1, ...),
        ("vote_count", 10**400, ...),
        ("vote_count", "9" * 400, ...),
        ("genre_ids", {}, ...),
        ("overview", ["x"], ...),
        ("overview", "x" * 10_000_000, ...),
        ("unknown", DEEP, ...),
        ("unknown", [0] * 1001, ...),
        ("unknown", math.nan, ...),
        ("k\x00y", 1, ...),
        ("k\ud800y", 1, ...),
    ],
)
def test_an_odd_field_costs_that_field(odd, field, given, made):
    expected = shown(movie(**{} if made is ... else {field: made}))
    if made is ... and field in expected:
        del expected[field]
    bad, good = movie(**{field: given}), movie(id=2)
    assert mend_page(page(bad, good), 1)["results"] == [expected, shown(good)]
    assert mend_details(bad, 1) == expected
    orjson.dumps(expected)
    if made != given:
        name = field.replace("\x00", "").replace("\ud800", "")
        assert odd() == [("movie_mended", "1", [name])] * 2


@pytest.mark.parametrize(
    ("field", "given", "made"),
    [
        ("genre_ids", [1, None, "2", True, 3.5, math.nan], [1, 2]),
        ("genres", [{"id": 1}, None, 7, [1]], [{"id": 1}]),
        ("origin_country", ["CO", None, 1], ["CO"]),
        ("runtime", "90", 90),
        ("runtime", None, None),
        ("runtime", 1.5, ...),
        ("belongs_to_collection", [], ...),
        ("production_companies", "x", ...),
    ],
)
def test_details(field, given, made):
    found = mend_details(movie(**{field: given}), 1)
    assert found.get(field, ...) == made
    assert found["title"] == "A"


@pytest.mark.parametrize(
    ("bad", "fields"),
    [
        (None, ["movie"]),
        ("movie", ["movie"]),
        ([1], ["movie"]),
        ({"title": "no id"}, ["title"]),
        (movie(id=None), ["id"]),
        (movie(id=True), ["id"]),
        (movie(id=0), ["id"]),
        (movie(id=-5), ["id"]),
        (movie(id=1.5), ["id"]),
        (movie(id=2**31), ["id"]),
        (movie(id="one"), ["id"]),
        (movie(id=2), ["id"]),  # a second time
        (movie(title=None), ["title"]),
        (movie(title=7), ["title"]),
        ({"id": 1}, ["title"]),
    ],
)
def test_a_film_without_id_or_title_is_left_out(odd, bad, fields):
    good = movie(id=2)
    assert mend_page(page(good, bad), 1)["results"] == [shown(good)]
    ((event, _shown, named),) = odd()
    assert (event, named) == ("movie_dropped", fields)


@pytest.mark.parametrize("given", [{}, {"title": None}, {"title": ""}, {"title": 7}])
def test_the_original_title_stands_in(given):
    bad = {"id": 1, "original_title": "Ñandú", **given}
    (found,) = mend_page(page(bad), 1)["results"]
    assert (found["title"], mend_details(bad, 1)["title"]) == ("Ñandú", "Ñandú")


@pytest.mark.parametrize(
    "bad",
    [
        {},
        page(results={}),
        page(results=None),
        page(results="x"),
        page({"id": None}, {"title": "A"}),  # two films, both odd: no page
        {"success": False, "status_code": 7, "status_message": "Invalid API key"},
    ],
)
def test_what_is_no_page(bad):
    with pytest.raises((ValueError, LookupError)):
        mend_page(bad, 1)


def test_a_page_of_one_odd_film_is_empty():
    assert mend_page(page({"id": None}), 1)["results"] == []


@pytest.mark.parametrize("changes", [{"page": "1"}, {"page": True}, {"page": None}, {"page": 9}])
def test_the_page_is_the_one_that_was_asked_for(odd, changes):
    assert mend_page(page(movie(), **changes), 1)["page"] == 1
    assert odd() == [("page_mended", "None", ["page"])]


@pytest.mark.parametrize(
    ("number", "pages", "total", "made"),
    [
        (1, 51_839, 1_036_780, (500, 10_000)),
        (500, 500, 10_000, (500, 10_000)),
        (1, 3, 47, (3, 47)),
        (1, 3, 1_000, (3, 60)),
        (2, 1, 1, (2, 1)),
        (1, "51839", "47", (500, 47)),
        (1, None, None, (2, 40)),
        (1, -1, -1, (2, 40)),
        (500, math.nan, math.inf, (500, 10_000)),
        (1, True, 10**400, (2, 40)),
    ],
)
def test_totals_are_what_can_be_reached(number, pages, total, made):
    found = mend_page(page(movie(), page=number, total_pages=pages, total_results=total), number)
    assert (found["total_pages"], found["total_results"]) == made


def test_nothing_found_has_no_pages():
    empty = {"page": 1, "results": [], "total_pages": 0, "total_results": 0}
    assert mend_page(empty, 1) == empty


def test_endless_lists_are_cut(odd):
    films = [movie(id=number) for number in range(1, 200)]
    assert len(mend_page(page(*films), 1)["results"]) == documents.MAX_ROWS
    assert odd() == [("page_mended", "None", ["results"])]
    long = [movie(id=number, overview="x" * 11_000) for number in range(1, 60)]
    found = mend_page(page(*long), 1)
    assert 20 <= len(found["results"]) < 30
    assert len(orjson.dumps(found)) < 2 * documents.MAX_PAGE_BYTES


def test_a_film_that_is_too_long_loses_what_we_have_no_use_for_first():
    extra = {f"extra{number}": "x" * 15_000 for number in range(10)}
    found = mend_details(movie(overview="y" * 15_000, **extra), 1)
    assert (len(found["overview"]), len(orjson.dumps(found)) < documents.MAX_MOVIE_BYTES) == (
        15_000,
        True,
    )


@pytest.mark.parametrize("bad", [movie(id=2), {"id": 1}, movie(title=None), {"success": False}])
def test_what_is_another_movie_or_none(bad):
    with pytest.raises(ValueError, match="another movie"):
        mend_details(bad, 1)


@pytest.mark.parametrize("number", [None, True, "x", -1])
def test_details_without_an_id_are_of_the_movie_that_was_asked_for(odd, number):
    assert mend_details(movie(id=number), 1)["id"] == 1
    assert odd() == [("movie_mended", "1", ["id"])]


# -- pictures -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/kqjL17yufvn9OVLyXYpvtyrFfak.jpg", f"{IMAGES}/kqjL17yufvn9OVLyXYpvtyrFfak.jpg"),
        ("/a/b-c_d.png", f"{IMAGES}/a/b-c_d.png"),
        (None, None),
        ("", None),
        ("poster.jpg", None),
        ("//evil.example/x.jpg", None),
        ("https://evil.example/x.jpg", None),
        ("/../x.jpg", None),
        ("/a/../../x.jpg", None),
        ("/x.jpg?size=1", None),
        ("/x.jpg#y", None),
        ("/x y.jpg", None),
        ("/x.jpg\n", None),
        ("/ñ.jpg", None),
        ("/%2e%2e/x.jpg", None),
        ("\\x.jpg", None),
        ("/" + "x" * 300 + ".jpg", None),
        (7, None),
    ],
)
def test_whole_addresses_stand_beside_the_paths(path, url):
    film = movie(poster_path=path, backdrop_path=path, poster_url="https://evil.example/")
    (found,) = mend_page(page(film), 1)["results"]
    assert (found["poster_url"], found["backdrop_url"]) == (url, url)
    if isinstance(path, str):
        assert found["poster_path"] == path


def test_companies_and_collections_have_addresses_too(settings):
    settings.TMDB_IMAGE_URL = "https://images.example/w92/"
    film = movie(
        production_companies=[{"name": "A", "logo_path": "/a.png"}, {"name": "B"}],
        belongs_to_collection={"id": 1, "poster_path": "/c.jpg", "backdrop_path": None},
    )
    found = mend_details(film, 1)
    assert found["production_companies"] == [
        {"name": "A", "logo_path": "/a.png", "logo_url": "https://images.example/w92/a.png"},
        {"name": "B"},
    ]
    collection = found["belongs_to_collection"]
    assert collection["poster_url"] == "https://images.example/w92/c.jpg"
    assert collection["backdrop_url"] is None
