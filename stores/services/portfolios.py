"""Writes of portfolios: their drafts, what is published, what is over.

Who writes a version holds the lock of its portfolio's row, taken before any lock of a version: so
periods that are published never overlap, and of two who publish one finds no draft. Only the task
that retires what is over takes versions alone: it changes no period.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.db import refusing
from core.text import name_key
from core.values import business_day
from stores import clock
from stores.constants import BATCH_ROWS, KEEP_ENDED_VERSIONS_DAYS, State, VersionState
from stores.errors import (
    InThePast,
    PortfolioEmpty,
    PortfolioExists,
    PortfolioInUse,
    PortfolioNoDraft,
    PortfolioPeriodOverlap,
    UnknownProduct,
    VersionNotPublished,
)
from stores.models import Establishment, Portfolio, PortfolioItem, PortfolioVersion, Product

DAY = dt.timedelta(days=1)


@transaction.atomic(savepoint=False)
def create_portfolio(
    *, products: Sequence[str], valid_from: dt.date | None = None, **fields: Any
) -> Portfolio:
    """Make the portfolio of a typology in a region, with version 1 as its draft.

    ``products`` are SKUs, in any case; ``valid_from`` is today unless given.

    Raises:
        UnknownProduct: no active product has one of the SKUs.
        PortfolioExists: there is one of this typology in this region.
    """
    listed = _products_of(products)
    portfolio = Portfolio(**fields)
    try:
        # In a savepoint, because the other one is looked up in the same transaction.
        with (
            refusing(Portfolio, {"stores_portfolio_pair_unique": PortfolioExists}),
            transaction.atomic(),
        ):
            portfolio.save(force_insert=True)
    except PortfolioExists as error:
        of_the_pair = Portfolio.objects.filter(
            typology=portfolio.typology_id, region=portfolio.region_id
        )
        existing = of_the_pair.values_list("pk", flat=True).first()
        raise PortfolioExists(existing=existing) from error
    journal.record(journal.Action.CREATE, portfolio, changes=journal.initial(portfolio))
    _new_draft(portfolio, listed, valid_from or business_day())
    return portfolio


@transaction.atomic(savepoint=False)
def change_portfolio(*, portfolio: Portfolio, **fields: Any) -> Portfolio:
    """Change the name of a portfolio; phones do not show it, so no version is stamped."""
    if changes := journal.change(portfolio, fields):
        journal.record(journal.Action.CHANGE, portfolio, changes=changes)
    return portfolio


@transaction.atomic(savepoint=False)
def delete_portfolio(*, portfolio: Portfolio) -> None:
    """Delete a portfolio that nobody was ever measured by, and its draft.

    Raises:
        PortfolioInUse: a version was published, or an establishment has it as its own.
    """
    portfolio = lock_portfolio(portfolio.pk)
    published = portfolio.versions.exclude(state=VersionState.DRAFT)
    if published.exists() or Establishment.objects.filter(portfolio=portfolio).exists():
        raise PortfolioInUse
    journal.record(journal.Action.DELETE, portfolio)
    portfolio.delete()


@transaction.atomic(savepoint=False)
def write_draft(
    *, portfolio: Portfolio, products: Sequence[str], valid_from: dt.date | None = None
) -> bool:
    """Make the portfolio's draft say this; tell whether there was none before.

    Raises:
        UnknownProduct: no active product has one of the SKUs.
    """
    portfolio = lock_portfolio(portfolio.pk)
    listed = _products_of(products)
    valid_from = valid_from or business_day()
    draft = _draft_of(portfolio)
    if draft is None:
        _new_draft(portfolio, listed, valid_from)
        return True
    skus_before = list(draft.items.values_list("product__sku", flat=True))
    skus = [product.sku for product in listed]
    changes = journal.change(draft, {"valid_from": valid_from})
    if skus != skus_before:
        draft.items.all().delete()
        _add_items(draft, listed)
        changes["products"] = [skus_before, skus]
    if changes:
        journal.record(journal.Action.CHANGE, draft, changes=changes)
    return False


@transaction.atomic(savepoint=False)
def discard_draft(*, portfolio: Portfolio) -> None:
    """Delete the portfolio's draft.

    Raises:
        PortfolioNoDraft: there is none.
    """
    draft = _draft_of(lock_portfolio(portfolio.pk))
    if draft is None:
        raise PortfolioNoDraft
    journal.record(journal.Action.DELETE, draft)
    draft.delete()


@transaction.atomic(savepoint=False)
def publish(*, portfolio: Portfolio, by: Any = None) -> PortfolioVersion:
    """Publish the draft, for good; what holds on its first day ends the day before.

    A version that begins on the same day is replaced: it never holds. ``by`` is the user who
    answers for it.

    Raises:
        PortfolioNoDraft: there is none.
        PortfolioEmpty: it has no products.
        InThePast: it would begin before today.
        PortfolioPeriodOverlap: a version that begins later is published already.
    """
    portfolio = lock_portfolio(portfolio.pk)
    draft = _draft_of(portfolio)
    if draft is None:
        raise PortfolioNoDraft
    product_ids = list(draft.items.values_list("product_id", flat=True))
    if not product_ids:
        raise PortfolioEmpty
    if draft.valid_from < business_day():
        raise InThePast("valid_from")
    published = portfolio.versions.filter(state=VersionState.PUBLISHED)
    former = list(published.select_for_update().order_by("pk"))
    if any(version.valid_from > draft.valid_from for version in former):
        raise PortfolioPeriodOverlap
    eve = draft.valid_from - DAY
    written = []
    for version in former:
        if version.valid_from == draft.valid_from:
            written += _changed(version, state=VersionState.RETIRED, valid_until=eve)
        elif version.valid_until is None or version.valid_until > eve:
            written += _changed(version, valid_until=eve)
    written += _changed(
        draft,
        state=VersionState.PUBLISHED,
        product_ids=product_ids,
        published_at=timezone.now(),
        published_by=by,
    )
    clock.stamp(*written)
    return draft


@transaction.atomic(savepoint=False)
def retire_version(*, version: PortfolioVersion, on: dt.date | None = None) -> PortfolioVersion:
    """End a published version; ``on``, today unless given, is the last day on which it holds.

    One that has not begun by then never will. One that ends sooner already does so.

    Raises:
        InThePast: ``on`` lies before today.
        VersionNotPublished: it is a draft, or retired.
    """
    portfolio = lock_portfolio(version.portfolio_id)
    today = business_day()
    on = on or today
    if on < today:
        raise InThePast("on")
    version = portfolio.versions.select_for_update().get(pk=version.pk)
    if version.state != VersionState.PUBLISHED:
        raise VersionNotPublished
    if on < version.valid_from:
        eve = version.valid_from - DAY
        written = _changed(version, state=VersionState.RETIRED, valid_until=eve)
    else:
        written = _changed(version, valid_until=min(on, version.valid_until or on))
    clock.stamp(*written)
    return version


def retire_what_is_over(*, today: dt.date | None = None) -> int:
    """Retire what ended so long ago that phones need it no more; return how many that were.

    Safe twice, and beside itself: versions that somebody else is at are left to them.
    """
    last_day = (today or business_day()) - dt.timedelta(days=KEEP_ENDED_VERSIONS_DAYS)
    count = 0
    while done := _retire_some(last_day):
        count += done
    return count


@transaction.atomic
def _retire_some(last_day: dt.date) -> int:
    """Retire some versions that ended before ``last_day``; return how many."""
    over = PortfolioVersion.objects.filter(state=VersionState.PUBLISHED, valid_until__lt=last_day)
    locked = over.select_related("portfolio").select_for_update(skip_locked=True, of=("self",))
    versions = list(locked.order_by("pk")[:BATCH_ROWS])
    for version in versions:
        version.state = VersionState.RETIRED
    PortfolioVersion.objects.bulk_update(versions, ["state"])
    changes = {"state": [VersionState.PUBLISHED.value, VersionState.RETIRED.value]}
    journal.record_many(
        journal.entry(journal.Action.CHANGE, version, changes=changes, reason=noop("it is over"))
        for version in versions
    )
    clock.stamp(*versions)
    return len(versions)


def lock_portfolio(pk: int) -> Portfolio:
    """Return a portfolio, locked: what comes before any write of its versions.

    Raises:
        Portfolio.DoesNotExist: there is none.
    """
    # The commit of who changed an establishment looks whether its own portfolio is still there.
    return Portfolio.objects.select_for_update(no_key=True).get(pk=pk)


def _products_of(skus: Sequence[str]) -> list[Product]:
    """Return the active products with these SKUs, in their order.

    Raises:
        UnknownProduct: some SKUs are of none; it names their places.
    """
    keys = [name_key(sku) for sku in skus]
    found = Product.objects.filter(sku_key__in=keys, state=State.ACTIVE)
    by_key = {product.sku_key: product for product in found.only("sku", "sku_key")}
    unknown = [place for place, key in enumerate(keys) if key not in by_key]
    if unknown:
        raise UnknownProduct(*(f"products[{place}]" for place in unknown))
    return [by_key[key] for key in keys]


def _draft_of(portfolio: Portfolio) -> PortfolioVersion | None:
    """Return the draft of a portfolio that the caller has locked, if there is one."""
    return portfolio.versions.filter(state=VersionState.DRAFT).first()


def _new_draft(portfolio: Portfolio, products: Iterable[Product], valid_from: dt.date) -> None:
    """Store the next version; phones do not see drafts, so it is not stamped."""
    latest = portfolio.versions.aggregate(latest=Max("number"))["latest"] or 0
    draft = PortfolioVersion(portfolio=portfolio, number=latest + 1, valid_from=valid_from)
    draft.save(force_insert=True)
    skus = _add_items(draft, products)
    changes = {**journal.initial(draft), "products": [None, skus]}
    journal.record(journal.Action.CREATE, draft, changes=changes)


def _add_items(draft: PortfolioVersion, products: Iterable[Product]) -> list[str]:
    """Store a draft's list, and return the SKUs in it."""
    items = [
        PortfolioItem(version=draft, product=product, position=position)
        for position, product in enumerate(products)
    ]
    PortfolioItem.objects.bulk_create(items)
    return [item.product.sku for item in items]


def _changed(version: PortfolioVersion, **fields: Any) -> list[PortfolioVersion]:
    """Change a version, with its entry in the journal; return it if that changed anything."""
    changes = journal.change(version, fields)
    if not changes:
        return []
    journal.record(journal.Action.CHANGE, version, changes=changes)
    return [version]
