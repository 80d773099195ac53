"""Reads that several callers share."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from stores.models import Establishment, Portfolio


def resolved_establishments() -> QuerySet[Establishment]:
    """Return establishments with city and department, and the key of the portfolio that holds.

    ``resolved_portfolio`` is the establishment's own one, else the one of its typology in its
    city's region, else None; all in one query.
    """
    of_the_pair = Portfolio.objects.filter(
        typology=OuterRef("typology"), region=OuterRef("city__department__region")
    )
    establishments: QuerySet[Establishment] = Establishment.objects.select_related(
        "city__department"
    )
    return establishments.annotate(
        resolved_portfolio=Coalesce("portfolio_id", Subquery(of_the_pair.values("pk")))
    )
