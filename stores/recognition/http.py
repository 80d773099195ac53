"""An outside vision service: the platform sends it a photo, and believes little of what it says.

It answers ``POST {RECOGNITION_API_URL}/recognise``, a form with the field ``file``, with

    {"found": [{"kind": "label", "value": "kumis natural", "product": 12,
                "box": [0.1, 0.2, 0.25, 0.3], "confidence": 0.83}]}

``product`` (an id of ``/api/products``), ``box`` and ``confidence`` may be null or left out. An
answer with anything else in it is refused whole: what is wrong in one place is wrong in others. A
product that is not there is no error, as catalogues change.
"""

import math
from functools import cache
from io import BytesIO
from typing import Any

from django.conf import settings

from core.outbound.client import Upstream
from core.text import is_clean
from core.values import INT64_MAX
from stores.constants import FoundKind
from stores.recognition.port import (
    MAX_FOUND,
    VALUE_LENGTH,
    Box,
    Found,
    existing_products,
)

# A photo of 8 MiB takes 7 s at 10 Mbit/s, and a model its time.
SECONDS = 30
ANSWER_SECONDS = 20
MAX_ANSWER_BYTES = 256 * 1024
BOX_NUMBERS = 4
EDGE = 1.0 + 1e-6  # a sum of shares may be off by a rounding
FIELDS = {"kind", "value", "product", "box", "confidence"}


@cache
def upstream(base_url: str, token: str) -> Upstream:
    """Return this process's client of the service; the operator may run it in a private network."""
    return Upstream(
        "recognition",
        base_url,
        allow_private=True,
        read_timeout=ANSWER_SECONDS,
        total_deadline=SECONDS,
        max_bytes=MAX_ANSWER_BYTES,
        headers={"Authorization": f"Bearer {token}"} if token else None,
    )


def recognise(picture: BytesIO) -> list[Found]:
    """Return what the service says is on a picture.

    Raises:
        UpstreamError: it did not answer usably.
    """
    service = upstream(settings.RECOGNITION_API_URL, settings.RECOGNITION_API_TOKEN)
    found: list[Found] = service.post_file(
        "recognise", picture, "photo", repeatable=True, parse=read
    )
    known = existing_products(one.product_id for one in found if one.product_id is not None)
    return [one if one.product_id in known else one._replace(product_id=None) for one in found]


def read(answer: dict[str, Any]) -> list[Found]:
    """Return what an answer says.

    Raises:
        ValueError: it says something that the service may not say.
    """
    found = answer.get("found")
    if not isinstance(found, list) or len(found) > MAX_FOUND:
        raise ValueError("found")
    return [read_one(one) for one in found]


def read_one(one: Any) -> Found:
    """Return one thing of an answer.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(one, dict) or not {"kind", "value"} <= set(one) <= FIELDS:
        raise ValueError("fields")
    kind, value = one["kind"], one["value"]
    if not isinstance(kind, str) or kind not in FoundKind.values:
        raise ValueError("kind")
    if not isinstance(value, str) or not 0 < len(value) <= VALUE_LENGTH or not is_clean(value):
        raise ValueError("value")
    return Found(
        product_id=read_product(one.get("product")),
        kind=kind,
        value=value,
        box=read_box(one.get("box")),
        confidence=None if one.get("confidence") is None else share(one["confidence"]),
    )


def read_product(value: Any) -> int | None:
    """Return what may be a product's key.

    Raises:
        ValueError: it can be none.
    """
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= INT64_MAX:
        raise ValueError("product")
    return value


def read_box(value: Any) -> Box | None:
    """Return a box that lies within the picture.

    Raises:
        ValueError: it does not.
    """
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != BOX_NUMBERS:
        raise ValueError("box")
    box = Box(*map(share, value))
    if not (box.width and box.height and box.x + box.width <= EDGE and box.y + box.height <= EDGE):
        raise ValueError("box")
    return box


def share(value: Any) -> float:
    """Return a number between 0 and 1.

    Raises:
        ValueError: it is none.
    """
    if type(value) not in {int, float} or not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError("share")
    return float(value)
