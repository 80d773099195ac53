"""What we do not believe of TMDB's documents."""

import pytest

from movies.catalog import documents
from movies.catalog.documents import check_details, check_popular


def movie(**changes):
    return {"id": 1, "title": "A", "release_date": "1999-03-31", **changes}


def page(*movies, **changes):
    return {"page": 1, "results": list(movies), "total_pages": 1, "total_results": 1, **changes}


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
    ],
)
def test_usable_movies(good):
    assert check_popular(page(good), 1) == page(good)
    assert check_details(good, good["id"]) is good


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "movie",
        {"title": "no id"},
        movie(id="1"),
        movie(id=True),
        movie(id=0),
        movie(id=1.0),
        movie(id=2**31),
        movie(title=None),
        movie(title=7),
        movie(title="N\x00L"),
        movie(**{"k\x00y": 1}),
        movie(adult=1),
        movie(adult="false"),
        movie(popularity="7"),
        movie(popularity=True),
        movie(vote_count=1.5),
        movie(genre_ids={}),
        movie(overview=["x"]),
        movie(release_date=20_000_101),
        movie(release_date="31-03-1999"),
        movie(release_date="1999-02-30"),
        movie(release_date="0000-00-00"),
        movie(release_date="\uff11999-03-31"),
        movie(deep=DEEP),
        movie(long=[0] * 1001),
        movie(big="x" * 300_000),
    ],
)
def test_unusable_movies(bad):
    with pytest.raises((ValueError, TypeError)):
        check_popular(page(movie(id=2), bad), 1)
    if isinstance(bad, dict):
        with pytest.raises((ValueError, TypeError)):
            check_details(bad, 1)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        page(page=2),
        page(page=True),
        page(page="1"),
        page(results={}),
        page(results=None),
        page(total_pages=None),
        page(total_pages=-1),
        page(total_results="1"),
        page(total_results=True),
        {"success": False, "status_code": 7, "status_message": "Invalid API key"},
    ],
)
def test_unusable_pages(bad):
    with pytest.raises((ValueError, TypeError, LookupError)):
        check_popular(bad, 1)


@pytest.mark.parametrize(
    "bad", [movie(id=2), movie(genres="x"), movie(runtime=1.5), movie(belongs_to_collection=[])]
)
def test_unusable_details(bad):
    with pytest.raises((ValueError, TypeError)):
        check_details(bad, 1)


def test_a_movie_is_much_shorter_than_a_page():
    assert documents.MAX_MOVIE_BYTES == 64 * 1024
    with pytest.raises(ValueError, match="too long"):
        check_details(movie(overview="x" * 65_536), 1)
