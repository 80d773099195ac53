"""What is a picture: its address, and whether something is there."""

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from core.outbound.client import Upstream, UpstreamError
from dogs.models import Dog

VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
IMAGE = re.compile(r"[^/]\.(jpe?g|png|gif|webp)\Z", re.IGNORECASE)
# Answers to HEAD that say nothing about the picture: not now, or not in this way.
UNDECIDED = frozenset({405, 408, 425, 429})


@cache
def host(base_url: str) -> Upstream:
    """Return this process's client of a host of pictures, whose connections it keeps."""
    return Upstream("pictures", base_url)


def is_allowed(url: Any) -> bool:
    """Tell whether this is the https address of an image on an allowed host, nothing fancier."""
    longest = Dog._meta.get_field("picture").max_length or 0
    if not isinstance(url, str) or len(url) > longest or not VISIBLE_ASCII.fullmatch(url):
        return False  # urlsplit would overlook line breaks, the database takes no NUL
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    steps = unquote(parts.path).split("/")
    return (
        parts.scheme == "https"
        and parts.netloc in settings.DOG_PICTURE_HOSTS
        and port is None
        and IMAGE.search(parts.path) is not None
        and not {".", ".."} & {*steps}
    )


def is_there(url: str) -> bool:
    """Ask the host for the picture; False when it says that there is none, or that it is no image.

    A host that cannot be asked now says neither: the picture is believed, as dogs do not wait for
    somebody else's servers.
    """
    parts = urlsplit(url)
    asked = host(settings.DOG_PICTURES_URL or f"https://{parts.netloc}")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        return asked.media_type(unquote(parts.path), query).startswith("image/")
    except UpstreamError as error:
        status = error.status or 0
        denied = 300 <= status < 500 and status not in UNDECIDED  # noqa: PLR2004 - elsewhere, or no
        return not denied and error.reason != "blocked"
