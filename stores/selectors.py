"""Reads that several callers share."""

from collections.abc import Iterable

from django.db.models import BigIntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from stores.models import Establishment, Portfolio


def resolved_portfolio() -> Coalesce:
    """Return the expression of the portfolio's key that holds for an establishment, or NULL.

    It is the establishment's own one, else the one of its typology in its city's region::

        Establishment.objects.annotate(resolved=resolved_portfolio())
    """
    of_the_pair = Portfolio.objects.filter(
        typology=OuterRef("typology"), region=OuterRef("city__department__region")
    )
    return Coalesce(
        "portfolio_id", Subquery(of_the_pair.values("pk")), output_field=BigIntegerField()
    )


def resolved_portfolios(establishments: Iterable[Establishment]) -> dict[int, int | None]:
    """Return the key of the portfolio that holds for each establishment, by its key: one query.

    None where neither the establishment nor its typology and region have one.
    """
    keys = [establishment.pk for establishment in establishments]
    if not keys:
        return {}
    found = Establishment.objects.filter(pk__in=keys).annotate(resolved=resolved_portfolio())
    return dict(found.values_list("pk", "resolved"))
