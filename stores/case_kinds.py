"""The kinds of support cases about what sellers do (``core.cases``)."""

import datetime as dt

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core import cases
from core.roles import Role
from stores.constants import SERVICE_FAILURE, UNRECOGNISED, Resolution
from stores.errors import GtinTaken, SkuTaken, UnknownProduct
from stores.models import Photo, SellerCase, SyncSeen, UnrecognisedGroup, Visit
from stores.services import groups
from stores.services.names import uuid_or_none
from stores.services.seller_cases import FIXED, key_of

type_facts = list[tuple[cases.Text, cases.Text]]
SHOWN_PROBLEMS = 10


def facts_of(object_id: str) -> type_facts:
    """Return what there is to know of a group; of a case that a seller filed, nothing more."""
    group = (
        UnrecognisedGroup.objects.select_related("product")
        .filter(pk=key_of(object_id) or 0)
        .first()
    )
    if group is None:
        return []
    lines: type_facts = [
        (group.get_kind_display(), group.value),
        (_("Occurrences"), group.occurrences),
        (_("Sellers"), group.sellers),
        (_("Cities"), group.cities),
    ]
    return [*lines, (_("Product"), str(group.product))] if group.product else lines


def failure_facts(object_id: str) -> type_facts:
    """Return what helps with a failure: the upload, the visit, its photos, and the phone."""
    key = uuid_or_none(object_id)
    if key is None:
        return []
    case = SellerCase.objects.select_related("seller", "upload").filter(pk=key).first()
    if case is None:
        return []
    lines: type_facts = [(_("Seller"), str(case.seller))]
    if case.upload is not None:
        problems = case.upload.problems[:SHOWN_PROBLEMS]
        said = ", ".join(f"{one.get('field')}: {one.get('code')}" for one in problems)
        state = _("processed") if case.upload.processed_at else _("not processed")
        lines += [(_("Rejected upload"), state), (_("What was wrong"), said)]
    return [*lines, *visit_facts(case), *phone_facts(case)]


def visit_facts(case: SellerCase) -> type_facts:
    """Return where the visit of a case stands, and its photos."""
    if case.visit_id is None:
        return []
    visit = Visit.objects.filter(pk=case.visit_id, seller=case.seller_id).first()
    photos = Photo.objects.filter(visit_id=case.visit_id, seller=case.seller_id).order_by("pk")
    states = ", ".join(str(photo.get_state_display()) for photo in photos[:SHOWN_PROBLEMS])
    lines: type_facts = [(_("Visit"), visit.get_state_display() if visit else _("not here"))]
    if visit is not None:
        lines.append((_("Photos to come"), visit.photos_missing))
    return [*lines, (_("Photos"), states)] if states else lines


def phone_facts(case: SellerCase) -> type_facts:
    """Return when a seller's phone was last heard of, and what it said of itself."""
    phone = SyncSeen.objects.filter(pk=case.seller_id).first()
    if phone is None:
        return [(_("Phone"), _("never heard of"))]
    facts = [
        (_("App version"), case.app_version or phone.app_version),
        (_("Visits not sent yet"), phone.backlog),
        (_("Last pull"), moment(phone.last_pull_at)),
        (_("Last push"), moment(phone.last_push_at)),
    ]
    return [(label, value) for label, value in facts if value not in {None, ""}]


def moment(value: dt.datetime | None) -> str:
    """Return a time as people here read it; nothing where there is none."""
    return "" if value is None else date_format(timezone.localtime(value), "DATETIME_FORMAT")


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
        facts=failure_facts,
        reported_by=frozenset({Role.SELLER.value}),
    ),
]
