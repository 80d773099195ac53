"""By what unrecognised items are the same product, and which product a name is by now.

A GTIN that can be one wins over the text beside it. An item with neither, but on a photo, is alone:
somebody has to look at it. One that has nothing of all this is kept and counted, no more.
"""

import hashlib
import math
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from core.text import name_key, storable
from core.values import parse_uuid
from stores import validators
from stores.constants import ITEM_ID_LENGTH, ITEM_TEXT_LENGTH, NAME_KEY_LENGTH, NameKind
from stores.services import push_queries
from stores.values import gtin_key

PLACE = "#"  # in front of an item's place in its visit, where it has no id of its own
BOX_NUMBERS = 4


class Name(NamedTuple):
    """What names a product: a GTIN of 14 digits, or a folded text."""

    kind: str
    value: str


class Item(NamedTuple):
    """Something that a phone could not name, as it is stored; ``name`` is None where none is."""

    item: str
    photo_id: uuid.UUID | None
    text: str
    box: list[float] | None
    name: Name | None


def gtin_name(text: str) -> str:
    """Return a GTIN with 14 digits, whatever its blanks; nothing if it is none."""
    digits = name_key(text).replace(" ", "")
    try:
        validators.gtin(digits)
    except ValidationError:
        return ""
    return gtin_key(digits) if int(digits) else ""


def text_name(text: str) -> str:
    """Return the form in which two spellings of a text are equal, short enough for its column."""
    key = storable(name_key(text), len(text) * 4)
    if len(key) <= NAME_KEY_LENGTH:
        return key
    mark = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: NAME_KEY_LENGTH - len(mark) - 1]} {mark}"


def items_of(visit_id: uuid.UUID, rows: Sequence[dict[str, Any]]) -> list[Item]:
    """Return the items of a document, of which ``gtin`` and ``text`` are texts or absent."""
    items, taken = [], set[str]()
    for place, row in enumerate(rows):
        item = own_id(row.get("id"))
        if not item or item in taken:
            item = f"{PLACE}{place}"
        taken.add(item)
        text, photo = row.get("text") or "", uuid_or_none(row.get("photo"))
        name = None
        if value := gtin_name(row.get("gtin") or ""):
            name = Name(NameKind.GTIN.value, value)
        elif value := text_name(text):
            name = Name(NameKind.TEXT.value, value)
        elif photo is not None:
            name = Name(NameKind.PHOTO.value, f"{visit_id.hex} {item}")
        shown = storable(text.strip(), ITEM_TEXT_LENGTH)
        items.append(Item(item, photo, shown, box_of(row.get("box")), name))
    return items


def own_id(value: Any) -> str:
    """Return the id that a phone gave an item; nothing if it is none that can be stored."""
    if isinstance(value, str) and len(value) <= ITEM_ID_LENGTH and not value.startswith(PLACE):
        return storable(value, ITEM_ID_LENGTH)
    return str(value) if type(value) is int else ""


def uuid_or_none(value: Any) -> uuid.UUID | None:
    """Return the id that a value spells, if it does."""
    try:
        return parse_uuid(value) if isinstance(value, str) else None
    except ValueError:
        return None


def box_of(value: Any) -> list[float] | None:
    """Return a place on a photo: four finite numbers; None if it is none."""
    if not isinstance(value, list) or len(value) != BOX_NUMBERS:
        return None
    if any(type(one) not in {int, float} or not math.isfinite(one) for one in value):
        return None
    return [float(one) for one in value]


def products_named(names: Iterable[Name]) -> dict[Name, int]:
    """Return the products that names are of: by their own GTIN, else by what support taught."""
    by_kind: dict[str, set[str]] = {NameKind.GTIN.value: set(), NameKind.TEXT.value: set()}
    for name in names:
        by_kind.get(name.kind, set[str]()).add(name.value)
    gtins, texts = by_kind[NameKind.GTIN.value], by_kind[NameKind.TEXT.value]
    if not gtins and not texts:
        return {}
    found = {
        Name(kind, value): product
        for kind, value, product in push_queries.aliases([*gtins, *texts])
        if value in by_kind.get(kind, ())
    }
    if gtins:
        own = push_queries.gtins(gtins)
        found.update((Name(NameKind.GTIN.value, value), product) for value, product in own)
    return found


def named(items: Iterable[Item]) -> Collection[Name]:
    """Return the names of items that have one."""
    return {item.name for item in items if item.name is not None}
