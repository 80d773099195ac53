"""What the settings refuse, and what TMDB's terms want to be said."""

from pathlib import Path

import pytest

import movies

ROOT = Path(movies.__file__).resolve().parent.parent
TERMS = (
    "This product uses TMDB and the TMDB APIs"
    " but is not endorsed, certified, or otherwise approved by TMDB."
)


@pytest.fixture
def settings(boot):
    """Return a function that imports settings elsewhere; it returns status and stderr."""

    def read(module, **variables):
        environment = {"PATH": "/usr/bin:/bin", "SECRET_KEY": "k" * 40, **variables}
        found = boot(f"import config.settings.{module}", environment)
        return found.returncode, found.stderr

    return read


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("MOVIES_STALE_DAYS", "180", True),
        ("MOVIES_STALE_DAYS", "181", False),
        ("MOVIES_STALE_DAYS", "many", False),
        ("MOVIES_CACHE_SECONDS", "15552000", True),
        ("MOVIES_CACHE_SECONDS", "15552001", False),
        ("MOVIES_CACHE_SECONDS", "-1", False),
    ],
)
def test_no_copy_lives_longer_than_tmdb_allows(settings, name, value, good):
    status, said = settings("base", **{name: value})
    assert (status == 0) is good
    assert good or name in said


def test_production_speaks_to_the_real_tmdb_only(settings):
    secure = {"DOG_API_URL": "https://a.example", "RELAY_API_URL": "https://b.example"}
    secure["DOG_PICTURES_URL"] = ""
    status, said = settings(
        "production", ALLOWED_HOSTS="a.example", TMDB_API_URL="http://127.0.0.1/3", **secure
    )
    assert status != 0
    assert "TMDB_API_URL is not https" in said


def test_the_attribution_stands_in_the_docs_and_in_the_contract(api):
    assert TERMS in " ".join((ROOT / "movies" / "README.md").read_text().split())
    contract = " ".join(api.get("/api/openapi.yaml").content.decode().split())
    assert TERMS in contract
