"""Which product a person may mean, from what was found on the photos of some items."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from stores.constants import JobStatus, State
from stores.models import Product, Recognition
from stores.recognition.port import Box

# Of one that says nothing of its own: a code that was read is right.
SURE = 1.0


class Sight(NamedTuple):
    """Where on which photo an item was seen, if its phone said so."""

    photo_id: UUID
    box: Box | None


class Suggestion(NamedTuple):
    """A product, the adapter that found it, what it read there, and how sure it is."""

    product: Product
    adapter: str
    value: str
    confidence: float


def box_from(value: Any) -> Box | None:
    """Return a box that was stored, as far as it lies on the picture; None if it does not."""
    if not isinstance(value, list) or len(value) != len(Box._fields):
        return None
    if not all(type(one) in {int, float} for one in value):
        return None
    left, top = (min(max(float(one), 0.0), 1.0) for one in value[:2])
    right, bottom = (
        min(max(float(start) + float(size), 0.0), 1.0)
        for start, size in zip(value[:2], value[2:], strict=True)
    )
    # Written so that NaN fails as well.
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


def touch(one: Box, other: Box) -> bool:
    """Tell whether two boxes have a part of the picture in common."""
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def suggestions_for(sights: Sequence[Sight]) -> list[Suggestion]:
    """Return the products that may be what the sights show, the likeliest first.

    What was found elsewhere on a photo than an item is something else. Products that are not in
    use are not suggested.
    """
    boxes: dict[UUID, list[Box | None]] = defaultdict(list)
    for sight in sights:
        boxes[sight.photo_id].append(sight.box)
    looks = Recognition.objects.filter(photo_id__in=boxes, status=JobStatus.DONE)
    best: dict[int, tuple[float, str, str]] = {}
    weights: dict[int, float] = defaultdict(float)
    for photo_id, adapter, found in looks.order_by("pk").values_list(
        "photo_id", "adapter", "found"
    ):
        for one in found:
            if one["product"] is None or not is_there(box_from(one["box"]), boxes[photo_id]):
                continue
            sure = SURE if one["confidence"] is None else float(one["confidence"])
            weights[one["product"]] += sure
            best[one["product"]] = max(
                best.get(one["product"], (-1.0, "", "")), (sure, adapter, one["value"])
            )
    products = Product.objects.filter(pk__in=best, state=State.ACTIVE)
    ranked = sorted(products, key=lambda product: (-weights[product.pk], product.pk))
    return [
        Suggestion(
            product,
            adapter=best[product.pk][1],
            value=best[product.pk][2],
            confidence=best[product.pk][0],
        )
        for product in ranked
    ]


def is_there(found: Box | None, items: Iterable[Box | None]) -> bool:
    """Tell whether what was found may be one of the items of its photo."""
    return any(found is None or item is None or touch(found, item) for item in items)
