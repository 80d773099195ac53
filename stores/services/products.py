"""Writes of products: unique, journalled, stamped; inactive instead of deleted."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from core.audit import journal
from core.db import refusing
from core.values import business_day
from stores import clock
from stores.constants import State, VersionState
from stores.errors import GtinTaken, InPortfolio, SkuTaken
from stores.models import PortfolioItem, Product, ProductAlias

CONSTRAINT_ERRORS = {
    "stores_product_sku_unique": SkuTaken,
    "stores_product_gtin_unique": GtinTaken,
}


def set_fields(product: Product, fields: Mapping[str, Any]) -> None:
    """Set the named fields of an instance, and with its state the day since when it is inactive."""
    for name, value in fields.items():
        setattr(product, name, value)
    if product.state == State.ACTIVE:
        product.inactive_on = None
    elif product.inactive_on is None:
        product.inactive_on = business_day()


def portfolios_with(product_ids: Collection[int]) -> dict[int, list[int]]:
    """Return, by product, the portfolios with a published version that has it today or later."""
    if not product_ids:
        return {}
    lasts = Q(version__valid_until__isnull=True) | Q(version__valid_until__gte=business_day())
    found = PortfolioItem.objects.filter(
        lasts, version__state=VersionState.PUBLISHED, product__in=product_ids
    )
    portfolios: dict[int, set[int]] = defaultdict(set)
    for product, portfolio in found.order_by().values_list("product", "version__portfolio"):
        portfolios[product].add(portfolio)
    return {product: sorted(those) for product, those in portfolios.items()}


@transaction.atomic(savepoint=False)
def create_product(**fields: Any) -> Product:
    """Add a product; its SKU is made when there is none.

    Raises:
        SkuTaken: another product has the SKU, whatever its case.
        GtinTaken: another product has the GTIN, however many zeros it begins with.
    """
    product = Product()
    set_fields(product, fields)
    with refusing(Product, CONSTRAINT_ERRORS):
        product.save(force_insert=True)
    journal.record(journal.Action.CREATE, product, changes=journal.initial(product))
    clock.stamp(product)
    return product


@transaction.atomic(savepoint=False)
def change_product(*, product: Product, force: bool = False, **fields: Any) -> Product:
    """Change the named fields of a locked product; nothing changed is nothing written.

    Raises:
        SkuTaken: another product has the new SKU, whatever its case.
        GtinTaken: another product has the new GTIN.
        InPortfolio: it was to become inactive, a published portfolio has it, and nobody said
            ``force``.
    """
    return _save(product, fields, force=force, action=journal.Action.CHANGE)


@transaction.atomic(savepoint=False)
def retire_product(*, product: Product, force: bool = False) -> Product:
    """Make a locked product inactive: phones drop it, visits that name it are kept.

    Raises:
        InPortfolio: a published portfolio has it, and nobody said ``force``.
    """
    fields = {"state": State.INACTIVE}
    return _save(product, fields, force=force, action=journal.Action.DELETE)


def _save(
    product: Product, fields: Mapping[str, Any], *, force: bool, action: journal.Action
) -> Product:
    """Store changed fields."""
    before = journal.snapshot(product)
    set_fields(product, fields)
    is_leaving = product.state == State.INACTIVE and before["state"] == State.ACTIVE
    if is_leaving and not force and (portfolios := portfolios_with([product.pk])):
        raise InPortfolio(portfolios=portfolios[product.pk])
    with refusing(Product, CONSTRAINT_ERRORS):
        changes = journal.save_changes(product, before)
    if changes:
        journal.record(action, product, changes=changes)
        clock.stamp(product)
    return product


@transaction.atomic
def forget_alias(*, alias_id: int, reason: str) -> bool:
    """Have a name that was learnt be nobody's again; tell whether it still was somebody's.

    What visits say stays: deciding their case anew changes it.
    """
    alias = ProductAlias.objects.select_for_update().filter(pk=alias_id).first()
    if alias is None:
        return False
    journal.record(journal.Action.DELETE, alias, reason=reason)
    alias.delete()
    return True
