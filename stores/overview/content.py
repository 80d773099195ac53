"""What the page shows: each part with its question, so that one without an answer harms none."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from core.admin.cards import address, may_see
from stores.figures import answers
from stores.figures.words import month_of
from stores.models import Visit
from stores.overview import numbers, people, words, worst
from stores.overview.scope import Asked, Scope
from stores.overview.sections import Section, section


def of_scope(request: HttpRequest, asked: Asked, scope: Scope) -> dict[str, Any]:
    """Return what the template shows of a scope to somebody."""
    names = {
        "region": dict(asked.regions),
        "department": dict(asked.departments),
        "typology": dict(asked.typologies),
    }
    sees_visits = may_see(request, Visit)
    return {
        "scope": scope,
        "months": months(scope),
        "chosen": [
            {"name": name, "text": scope.names[name], "without": scope.address(**{name: None})}
            for name in scope.filters
        ],
        "sees_visits": sees_visits,
        # An analyst's figures have no names of people in them.
        "sees_people": request.user.has_perm("users.view_user"),
        "visits": address(Visit, scope.list_of_visits()) if sees_visits else "",
        "tiles": section("stores.overview.tiles", lambda: numbers.tiles(scope)),
        "coverage": section("stores.overview.coverage", lambda: numbers.coverage(scope)),
        "trend": section("stores.overview.trend", lambda: numbers.trend(scope)),
        "heat": section("stores.overview.heat", lambda: numbers.heat(scope, names)),
        "products": section("stores.overview.products", lambda: worst.products(scope)),
        "cities": section("stores.overview.cities", lambda: worst.cities(scope)),
        "stores": section("stores.overview.stores", lambda: worst.stores(scope)),
        "hour": people.HOUR,
        "sellers": section("stores.overview.sellers", lambda: people.without_visit(scope)),
        "cases": cases_for(request),
        "case_figures": section("stores.overview.case_figures", lambda: people.cases_of(scope)),
        "freshness": section("stores.overview.freshness", lambda: freshness(scope)),
        "legend": words.legend(),
    }


def months(scope: Scope) -> list[tuple[str, str]]:
    """Return periods that one looks at often, with their addresses."""
    this = month_of(scope.today)
    last = this - dt.timedelta(days=1)
    periods = [
        (_("This month"), this, scope.today),
        (_("Last month"), month_of(last), last),
        (_("Last 7 days"), scope.today - dt.timedelta(days=6), scope.today),
        (_("Today"), scope.today, scope.today),
    ]
    return [
        (name, scope.address(**{"from": first.isoformat(), "to": until.isoformat()}))
        for name, first, until in periods
    ]


def cases_for(request: HttpRequest) -> Section:
    """Return how old open cases are, with the address of their list for whoever may see it."""
    found = section("stores.overview.cases", people.ages)
    if found.content is not None:
        model = found.content["model"]
        sees = model is not None and may_see(request, model)
        found.content["link"] = address(model, {}) if sees else ""
    return found


def freshness(scope: Scope) -> dict[str, Any]:
    """Return until when visits are counted, and of how many days of sellers some are not."""
    as_of, waiting = answers.freshness(scope.of_visits())
    return {"as_of": timezone.localtime(as_of), "waiting": waiting}
