"""Groups of unrecognised items: reported as cases, decided by support, brought to the visits.

A case's row is locked before a group's, a group's never while a case is asked for, and a seller's
account and clock before that seller's rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError as InvalidText
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from core import cases
from core.api.query import refusal
from core.audit import journal
from core.errors import NotFound
from core.values import parse_key
from stores import clock
from stores.constants import (
    CASES_OVER,
    GROUP_LABEL,
    UNRECOGNISED,
    GroupState,
    NameKind,
    Resolution,
)
from stores.errors import UnknownProduct
from stores.models import Product, ProductAlias, Unrecognised, UnrecognisedGroup, Visit
from stores.services import marks, matching, names, seller_cases
from stores.services.products import create_product
from stores.services.sellers import keep_account

KNOWN = _("The product is known by now.")
MAX_GTIN_13 = 13


class Preview(NamedTuple):
    """What deciding on a product would change: of so many items and visits, so many visits."""

    items: int
    visits: int
    changed_visits: int
    changed_days: int


def work_on(*, pk: int) -> None:
    """Report a group, or bring what was decided to its visits and phones; safe twice."""
    group = marks.groups.claim(pk)
    for _round in range(marks.ROUNDS):
        if group is None:
            return
        if group.state == GroupState.OPEN and not settle(group):
            report(group)
        group.refresh_from_db(fields=["state", "resolution", "product", "case_id"])
        view = None if group.case_id is None else cases.view(group.case_id)
        for seller_id in sellers_of(group, view):
            bring(group, seller_id, view)
        if marks.finish(marks.groups, group):
            return
        group = UnrecognisedGroup.objects.filter(pk=pk).first()
    marks.groups.restart(group)


def settle(group: UnrecognisedGroup) -> bool:
    """Resolve an open group whose name is known by now; tell whether it was.

    It was taught, or a product got the GTIN, while the items came in.
    """
    name = names.Name(group.kind, group.value)
    product = names.products_named([name]).get(name)
    if product is None:
        return False
    resolve_groups([group], Resolution.ALIAS_OF, {"product": product}, str(KNOWN))
    return True


def report(group: UnrecognisedGroup) -> None:
    """Count a group's items, and have its case opened or told the number.

    Once told, the same number is not told again: the keeper may say that the case changed.
    """
    counted = count(group)
    is_news = group.case_id is None or counted["occurrences"] != group.occurrences
    rows = UnrecognisedGroup.objects.filter(pk=group.pk, state=GroupState.OPEN)
    with transaction.atomic():
        case_id = group.case_id
        if is_news and counted["occurrences"]:
            case_id = cases.report(
                cases.Report(
                    kind=UNRECOGNISED,
                    subject=str(group),
                    label=GROUP_LABEL,
                    object_id=str(group.pk),
                    occurrences=counted["occurrences"],
                )
            )
        if not rows.update(**counted, case_id=case_id or group.case_id):
            transaction.set_rollback(True)  # decided meanwhile: no case is opened for it


def count(group: UnrecognisedGroup) -> dict[str, int]:
    """Return how many items, sellers and cities a group has."""
    items = Unrecognised.objects.filter(group=group.pk)
    numbers = items.aggregate(
        occurrences=models.Count("pk"), sellers=models.Count("seller", distinct=True)
    )
    visits = Visit.objects.filter(pk__in=items.values("visit_id")).exclude(city="")
    return {**numbers, "cities": visits.aggregate(n=models.Count("city", distinct=True))["n"]}


def sellers_of(group: UnrecognisedGroup, view: cases.View | None) -> list[int]:
    """Return the sellers to whom something about a group is news, in the order of their keys."""
    items = Unrecognised.objects.filter(group=group.pk)
    news: set[int] = set()
    if group.state == GroupState.RESOLVED:
        found = items.filter(matching.undecided(group))
        news.update(found.order_by().values_list("seller_id", flat=True).distinct())
    if view is not None:
        everybody = set(items.order_by().values_list("seller_id", flat=True).distinct())
        news.update(seller_cases.behind(group, view, everybody))
    return sorted(news)


@transaction.atomic
def bring(group: UnrecognisedGroup, seller_id: int, view: cases.View | None) -> None:
    """Bring to one seller's visits and phone what there is of a group."""
    is_active = keep_account(seller_id)
    key = clock.seller_key(seller_id)
    clock.advance(key, 0)
    visits = matching.bring(group, seller_id, view.number if view else str(KNOWN))
    case = (
        None if view is None else seller_cases.follow(group, seller_id, view, is_active=is_active)
    )
    clock.stamp(*visits, *([case] if case else []), key=key)


def preview(group: UnrecognisedGroup, product: Product) -> Preview:
    """Return what it would change if a group's items were a product.

    Visits that void or have no list change nothing.
    """
    items = Unrecognised.objects.filter(group=group.pk)
    keys = items.values("visit_id")
    visits = Visit.objects.filter(pk__in=keys).values_list("seller_id", "day", "missing")
    rows = list(visits)
    changed = [(seller, day) for seller, day, missing in rows if product.pk in missing]
    return Preview(items.count(), len(rows), len(changed), len(set(changed)))


def resolve_groups(
    groups: Iterable[UnrecognisedGroup],
    resolution: str,
    values: Mapping[str, Any],
    reason: str,
) -> int:
    """Resolve groups, each through its case and in a transaction of its own; return how many.

    Where nobody keeps cases, or there is none or one that is over, the group alone is resolved.

    Raises:
        ApplicationError: one cannot be; those before it are resolved.
    """
    kind = cases.kinds()[UNRECOGNISED]
    done = 0
    for group in sorted(groups, key=lambda one: one.pk):
        view = None if group.case_id is None else cases.view(group.case_id)
        with transaction.atomic():
            if view is not None and view.state in CASES_OVER:
                resolve(str(group.pk), resolution, values, reason)
            else:
                cases.resolve(kind, str(group.pk), resolution, values, reason)
        done += 1
    return done


def resolve(object_id: str, resolution: str, values: Mapping[str, Any], reason: str) -> None:
    """Decide on a group (``core.cases.Kind.resolve``); a group that was decided is decided anew.

    What follows for visits is the group's job. A case that a seller filed has no group: then there
    is nothing to do.

    Raises:
        NotFound: there is no such group.
        UnknownProduct: ``values["product"]`` is no product's key.
        ApplicationError: a product of that name cannot be made.
    """
    if not object_id.isdecimal():
        return
    rows = UnrecognisedGroup.objects.select_for_update(no_key=True, of=("self",))
    group = rows.filter(pk=seller_cases.key_of(object_id) or 0).first()
    if group is None:
        raise NotFound
    product = product_for(group, Resolution(resolution), values)
    fields = {
        "state": GroupState.RESOLVED.value,
        "resolution": Resolution(resolution).value,
        "product": product,
        "resolved_at": timezone.now(),
    }
    changes = journal.change(group, fields)
    journal.record(journal.Action.CHANGE, group, changes=changes, reason=reason)
    if product is not None and group.kind != NameKind.PHOTO:
        teach(group, product)
    marks.mark(marks.groups, UnrecognisedGroup.objects.filter(pk=group.pk))


def product_for(
    group: UnrecognisedGroup, resolution: Resolution, values: Mapping[str, Any]
) -> Product | None:
    """Return the product that a group's items are by a resolution, made if it is a new one."""
    if resolution == Resolution.NEW_PRODUCT:
        gtin = ""
        if group.kind == NameKind.GTIN:
            gtin = group.value.lstrip("0").rjust(MAX_GTIN_13, "0")
        return create_product(name=product_name(values["name"]), gtin=gtin)
    if resolution != Resolution.ALIAS_OF:
        return None
    product = Product.objects.filter(pk=product_key(values["product"])).first()
    if product is None:
        raise UnknownProduct("product")
    return product


def product_key(value: Any) -> int:
    """Return the key that a number is, or its digits as forms send them; 0 if it is none."""
    try:
        return 0 if isinstance(value, bool) else parse_key(str(value))
    except ValueError:
        return 0


def product_name(value: Any) -> str:
    """Return the name of a new product.

    Raises:
        ValidationError: no product can have it.
    """
    if not isinstance(value, str):
        raise refusal("name", str(_("Not a string.")), "not_text")
    field = Product._meta.get_field("name")
    try:
        return str(field.clean(value.strip(), None))
    except InvalidText as error:
        raise ValidationError({"name": error.messages}) from None


def teach(group: UnrecognisedGroup, product: Product) -> None:
    """Have later items of a group's name be the product."""
    name = {"kind": group.kind, "value": group.value}
    fields = {"product": product, "source_case": group.case_id}
    alias, is_new = ProductAlias.objects.get_or_create(**name, defaults=fields)
    if is_new:
        journal.record(journal.Action.CREATE, alias, changes=journal.initial(alias))
    elif alias.product_id != product.pk:
        changes = journal.change(alias, fields)
        journal.record(journal.Action.CHANGE, alias, changes=changes)
