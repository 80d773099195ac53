"""Where pictures are: TMDB names them by a bare path, of which no page of its says where it is."""

import re
from typing import Any

from django.conf import settings

KINDS = ("poster", "backdrop")
# "/kqjL17yufvn9OVLyXYpvtyrFfak.jpg": neither another host nor a way up.
PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+\.[A-Za-z0-9]{2,5}")
MAX_PATH_CHARACTERS = 200


def url_of(path: Any) -> str | None:
    """Return the whole URL of a picture, None for what is no path of one."""
    if not isinstance(path, str) or len(path) > MAX_PATH_CHARACTERS or not PATH.fullmatch(path):
        return None
    return f"{settings.TMDB_IMAGE_URL.rstrip('/')}{path}"


def add_urls(thing: dict[str, Any], *, always: bool = False) -> dict[str, Any]:
    """Return ``thing`` with ``poster_url`` and ``backdrop_url`` beside the paths.

    A logo (of a company) has its ``logo_url``. With ``always`` they are there without a path, too.
    """
    urls = {
        f"{kind}_url": url_of(thing.get(f"{kind}_path"))
        for kind in (*KINDS, "logo")
        if f"{kind}_path" in thing or (always and kind in KINDS)
    }
    return {**thing, **urls}
