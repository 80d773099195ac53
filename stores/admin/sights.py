"""What the page shows of unrecognised products: their photos, and what was found on them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.formats import localize, number_format
from django.utils.translation import gettext, ngettext

from stores.constants import Adapter, GroupState, NameKind, PhotoState, Resolution
from stores.models import Photo, Unrecognised, UnrecognisedGroup, Visit
from stores.recognition.port import Box
from stores.recognition.suggestions import Sight, Suggestion, box_from, suggestions_for
from stores.services.deciding import decision_of

PICTURE = "admin:stores_photo_picture"
MAX_SHOWN = 3  # photos: each look at one is in the journal
MAX_LOOKED_AT = 50  # items whose photos may say what they are
MAX_SUGGESTIONS = 3


class Shown(NamedTuple):
    """A photo on the page. The box is in texts: a template would write numbers as people do."""

    address: str
    description: str
    caption: str
    box: dict[str, str] | None


class Seen(NamedTuple):
    """What there is to see: photos, products that it may be, and lines about them."""

    shown: list[Shown]
    suggestions: list[Suggestion]
    lines: list[str]


def of_group(group: UnrecognisedGroup) -> Seen:
    """Return what there is to see of one group."""
    return of_groups([group])


def of_groups(groups: Sequence[UnrecognisedGroup]) -> Seen:
    """Return what there is to see of some groups, the newest first."""
    items = list(
        Unrecognised.objects.filter(group__in=groups, photo_id__isnull=False).order_by("-pk")[
            :MAX_LOOKED_AT
        ]
    )
    stored = set(
        Photo.objects.filter(
            pk__in=[item.photo_id for item in items], state=PhotoState.STORED
        ).values_list("pk", flat=True)
    )
    items = [item for item in items if item.photo_id in stored]
    found = suggestions_for(
        [Sight(item.photo_id, box_from(item.box)) for item in items if item.photo_id]
    )[:MAX_SUGGESTIONS]
    lines = [suggestion_text(one) for one in found]
    more = len(items) - MAX_SHOWN
    if more > 0:
        lines.append(ngettext("%d more photo.", "%d more photos.", more) % more)
    return Seen(shown(items[:MAX_SHOWN]), found, lines)


def shown(items: Sequence[Unrecognised]) -> list[Shown]:
    """Return the photos of some items as the page shows them."""
    visits = Visit.objects.select_related("establishment").in_bulk(
        {item.visit_id for item in items}
    )
    result = []
    for item in items:
        visit = visits.get(item.visit_id)
        place = str(visit.establishment or "") if visit else ""
        day = localize(visit.day) if visit else ""
        about = ", ".join(part for part in (day, place, item.text) if part)
        box = box_from(item.box)
        description = gettext("Photo: %s.") % about
        if box is not None:
            description += " " + gettext("The product is in the red box.")
        result.append(
            Shown(
                address=reverse(PICTURE, args=[item.photo_id]),
                description=description,
                caption=about,
                box=None if box is None else box_texts(box),
            )
        )
    return result


def box_texts(box: Box) -> dict[str, str]:
    """Return a box as an SVG has it, whatever the language."""
    return {name: f"{value:.4f}" for name, value in box._asdict().items()}


def suggestion_text(one: Suggestion) -> str:
    """Return a suggestion as people read it."""
    about = {
        "adapter": Adapter(one.adapter).label,
        "product": str(one.product),
        "value": one.value,
        "share": number_format(round(one.confidence * 100)),
    }
    if one.adapter == Adapter.BARCODE:
        return gettext("Suggestion of the %(adapter)s: %(product)s (%(value)s).") % about
    text = gettext("Suggestion of the %(adapter)s: %(product)s (%(value)s, %(share)s %%).")
    return text % about


def lines(group: UnrecognisedGroup) -> list[str]:
    """Return what there is to say of a group."""
    said = [f"{group.get_kind_display()}: {group.value}"] if group.kind != NameKind.PHOTO else []
    about = {"items": group.occurrences, "sellers": group.sellers, "cities": group.cities}
    said.append(gettext("Items: %(items)d; sellers: %(sellers)d; cities: %(cities)d.") % about)
    if group.state == GroupState.RESOLVED:
        said.append(gettext("It was decided: %s.") % decision_of(group))
    return said


def initial(group: UnrecognisedGroup, found: Sequence[Suggestion]) -> dict[str, Any]:
    """Return what the form begins with: the likeliest suggestion is chosen, and not sent."""
    begun: dict[str, Any] = {"resolution": Resolution.ALIAS_OF.value, "name": group.text}
    return {**begun, "product": found[0].product} if found else begun
