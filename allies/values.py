"""What a tag, an origin and an ally's id may look like, for forms, API, import and SQL alike."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from allies.constants import MAX_ORIGINS, MAX_TAGS, ORIGIN_LENGTH, RESERVED_IDS, TAG_LENGTH
from core.text import MAX_NORMALISED_CHARACTERS, seen
from core.validators import plain_text

# The characters that need no escaping in an address (RFC 3986, 2.3).
ID = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
NUMBERED = re.compile(r"tag([1-9][0-9]{0,3})")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
DEFAULT_PORTS = {"http": 80, "https": 443}


def usable_id(value: str) -> None:
    """Refuse an id that would not work as a part of an address (ValidationError)."""
    if not ID.fullmatch(value):
        raise ValidationError(
            _("An id has letters without accents, digits, '-', '_', '~' and '.' inside."),
            code="invalid_id",
        )
    if value.lower() in RESERVED_IDS:
        raise ValidationError(_("This id is reserved."), code="reserved")


def normal_tag(text: str) -> str:
    """Return the one spelling of a tag: what shows of it, composed (NFC), in lower case."""
    shown = seen(text)
    if len(shown) > MAX_NORMALISED_CHARACTERS:
        return shown  # no tag is that long
    return " ".join(unicodedata.normalize("NFC", shown).lower().split())


def read_tag(value: Any) -> str:
    """Return the tag that ``value`` spells, or raise ValidationError."""
    if not isinstance(value, str):
        raise ValidationError(_("A tag is a text."), code="tag_not_text")
    plain_text(" ".join(value.split()))
    tag = normal_tag(value)
    if not tag:
        raise ValidationError(_("A tag cannot be empty."), code="tag_empty")
    if len(tag) > TAG_LENGTH:
        raise ValidationError(
            _("A tag has at most %(limit)d characters."),
            code="tag_too_long",
            params={"limit": TAG_LENGTH},
        )
    return tag


def numbered(tags: dict[str, Any]) -> list[Any]:
    """Return the tags of an object ``{"tag1": …, "tag2": …}`` in the order of their numbers.

    Raises:
        ValidationError: a key is none of these.
    """
    found = {}
    for key, value in tags.items():
        match = NUMBERED.fullmatch(key)
        if match is None:
            raise ValidationError(
                _("An object of tags has the keys tag1, tag2 and so on."), code="tag_key_unknown"
            )
        found[int(match[1])] = value
    return [found[number] for number in sorted(found)]


def read_tags(value: Any) -> list[str]:
    """Return the tags of a list or of an object ``tag1…tagN``, each once, in their order.

    Raises:
        ValidationError: it is neither, a tag is none, or there are too many.
    """
    if isinstance(value, dict):
        value = numbered(value)
    if not isinstance(value, list):
        raise ValidationError(
            _("Tags are a list of texts, or an object with tag1, tag2 and so on."),
            code="tags_not_a_list",
        )
    tags = list(dict.fromkeys(read_tag(item) for item in value))
    if len(tags) > MAX_TAGS:
        raise ValidationError(
            _("An ally has at most %(limit)d tags."),
            code="too_many_tags",
            params={"limit": MAX_TAGS},
        )
    return tags


def swap_tags(tags: Iterable[str], *, remove: str = "", add: str = "") -> list[str]:
    """Return the tags with ``add`` in the place of ``remove``, or at the end; each once."""
    swapped = [add if tag == remove else tag for tag in tags]
    if add and add not in swapped:
        swapped.append(add)
    return list(dict.fromkeys(tag for tag in swapped if tag))


def read_origin(value: Any) -> str:
    """Return the serialised form of an origin (RFC 6454, 6.2), or raise ValidationError."""
    wrong = ValidationError(
        _("An origin is a scheme, a host and perhaps a port: https://shop.example.com"),
        code="invalid_origin",
    )
    if not isinstance(value, str) or not value.isascii() or len(value) > ORIGIN_LENGTH:
        raise wrong
    text = value.strip().lower()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    host, rest = parts.netloc.removesuffix(f":{port}"), parts.path + parts.query + parts.fragment
    if parts.scheme not in DEFAULT_PORTS or rest.strip("/") or not HOST.fullmatch(host):
        raise wrong
    shown = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def read_origins(value: Any) -> list[str]:
    """Return a list of origins, each once, or raise ValidationError."""
    if not isinstance(value, list):
        raise ValidationError(_("Origins are a list of texts."), code="origins_not_a_list")
    origins = list(dict.fromkeys(read_origin(item) for item in value))
    if len(origins) > MAX_ORIGINS:
        raise ValidationError(
            _("An ally has at most %(limit)d origins."),
            code="too_many_origins",
            params={"limit": MAX_ORIGINS},
        )
    return origins
