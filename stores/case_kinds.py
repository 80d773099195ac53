"""The kinds of support cases about what sellers do (``core.cases``)."""

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from core import cases
from core.roles import Role
from stores.constants import SERVICE_FAILURE, UNRECOGNISED, Resolution
from stores.errors import GtinTaken, SkuTaken, UnknownProduct
from stores.models import UnrecognisedGroup
from stores.services import groups
from stores.services.seller_cases import FIXED, key_of


def facts_of(object_id: str) -> list[tuple[cases.Text, cases.Text]]:
    """Return what there is to know of a group; of a case that a seller filed, nothing more."""
    group = (
        UnrecognisedGroup.objects.select_related("product")
        .filter(pk=key_of(object_id) or 0)
        .first()
    )
    if group is None:
        return []
    lines: list[tuple[cases.Text, cases.Text]] = [
        (group.get_kind_display(), group.value),
        (_("Occurrences"), group.occurrences),
        (_("Sellers"), group.sellers),
        (_("Cities"), group.cities),
    ]
    return [*lines, (_("Product"), str(group.product))] if group.product else lines


def page_of(object_id: str) -> str:
    """Return where in the admin a person decides on a group; nothing where there is no page."""
    if key_of(object_id) is None:
        return ""
    try:
        return reverse("admin:stores_unrecognisedgroup_recognise", args=[object_id])
    except NoReverseMatch:
        return ""


KINDS = [
    cases.Kind(
        UNRECOGNISED,
        _("not recognised"),
        targets={priority: cases.Targets(12 * 60, 36 * 60) for priority in (1, 2, 3)},
        resolutions={
            Resolution.ALIAS_OF.value: cases.Resolution(Resolution.ALIAS_OF.label, ("product",)),
            Resolution.NEW_PRODUCT.value: cases.Resolution(Resolution.NEW_PRODUCT.label, ("name",)),
            Resolution.NOT_A_PRODUCT.value: cases.Resolution(Resolution.NOT_A_PRODUCT.label),
            Resolution.UNREADABLE.value: cases.Resolution(Resolution.UNREADABLE.label),
        },
        resolve=groups.resolve,
        facts=facts_of,
        page=page_of,
        reported_by=frozenset({Role.SELLER.value}),
        errors=(UnknownProduct, GtinTaken, SkuTaken),
    ),
    cases.Kind(
        SERVICE_FAILURE,
        _("failure of the service"),
        targets={
            1: cases.Targets(30, 4 * 60),
            2: cases.Targets(2 * 60, 12 * 60),
            3: cases.Targets(2 * 60, 12 * 60),
        },
        resolutions={
            FIXED: cases.Resolution(_("fixed")),
            "explained": cases.Resolution(_("explained")),
            "cannot_reproduce": cases.Resolution(_("cannot be reproduced")),
        },
        reported_by=frozenset({Role.SELLER.value}),
    ),
]
