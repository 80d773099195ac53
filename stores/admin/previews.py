"""What pages say of a portfolio's versions: what each lists, what a publication would do."""

import datetime as dt
from typing import NamedTuple

from django.utils.formats import localize
from django.utils.translation import gettext, ngettext

from core.admin.forms import seal_of
from stores.constants import VersionState
from stores.errors import PortfolioNoDraft
from stores.models import Portfolio, PortfolioVersion, Product


def products_of(version: PortfolioVersion | None) -> list[Product]:
    """Return the products of a version in their order; of none, none."""
    if version is None:
        return []
    return [item.product for item in version.items.select_related("product")]


def draft_of(portfolio: Portfolio) -> PortfolioVersion | None:
    """Return the draft of a portfolio, if there is one."""
    draft: PortfolioVersion | None = portfolio.versions.filter(state=VersionState.DRAFT).first()
    return draft


def in_force(portfolio: Portfolio, day: dt.date) -> PortfolioVersion | None:
    """Return the version of a portfolio that holds on a day, if there is one."""
    version: PortfolioVersion | None = portfolio.versions.in_force(day).order_by("-number").first()
    return version


def period(version: PortfolioVersion) -> str:
    """Return from when until when a version holds."""
    if version.valid_until is None:
        return gettext("from %(first)s") % {"first": localize(version.valid_from)}
    about = {"first": localize(version.valid_from), "last": localize(version.valid_until)}
    return gettext("from %(first)s until %(last)s") % about


def difference(before: list[Product], after: list[Product]) -> list[tuple[str, str, str]]:
    """Return what one list has and another has not, as rows of a page."""
    added = [product for product in after if product not in before]
    removed = [product for product in before if product not in after]
    return [
        *((gettext("added"), product.sku, product.name) for product in added),
        *((gettext("removed"), product.sku, product.name) for product in removed),
    ]


class Preview(NamedTuple):
    """What a publication would do, and the seal of it."""

    lines: list[str]
    rows: list[tuple[str, str, str]]
    seal: str


def preview_of(portfolio: Portfolio) -> Preview:
    """Return what publishing the draft would do.

    Raises:
        PortfolioNoDraft: there is none.
    """
    draft = draft_of(portfolio)
    if draft is None:
        raise PortfolioNoDraft
    published = list(portfolio.versions.filter(state=VersionState.PUBLISHED).order_by("number"))
    after = products_of(draft)
    former = in_force(portfolio, draft.valid_from)
    before = products_of(former)
    about = {"number": draft.number, "first": localize(draft.valid_from)}
    stay = len([product for product in after if product in before])
    lines = [
        gettext("Version %(number)d will hold from %(first)s.") % about,
        *ends_of(published, draft),
        ngettext("%d product stays.", "%d products stay.", stay) % stay,
    ]
    periods = [(version.pk, version.valid_from, version.valid_until) for version in published]
    listed = [product.pk for product in after]
    seal = seal_of(portfolio.pk, draft.pk, draft.valid_from, listed, periods)
    return Preview(lines, difference(before, after), seal)


def ends_of(published: list[PortfolioVersion], draft: PortfolioVersion) -> list[str]:
    """Return what becomes of the published versions when the draft is."""
    eve = draft.valid_from - dt.timedelta(days=1)
    lines = []
    for version in published:
        about = {"number": version.number, "period": period(version), "last": localize(eve)}
        if version.valid_from == draft.valid_from:
            lines.append(gettext("Version %(number)d (%(period)s) will never hold.") % about)
        elif version.valid_until is None or version.valid_until > eve:
            lines.append(gettext("Version %(number)d (%(period)s) ends on %(last)s.") % about)
    return lines
