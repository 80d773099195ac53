"""The queues of the desk, how many cases each has, and the list's filters."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases.constants import ACTIVE, BREACHING_MINUTES
from cases.forms.work import PRIORITIES
from cases.models import Case
from cases.selectors import is_breaching
from core import cases
from core.admin.base import MAX_COUNTED_ROWS


@dataclass(frozen=True, slots=True)
class Tab:
    """A queue as the page shows it; ``count`` is at most one more than ``MAX_COUNTED_ROWS``."""

    name: str
    title: Any
    count: int
    link: str
    is_current: bool
    is_more: bool


TITLES = {
    "open": _("All open"),
    "mine": _("Mine"),
    "unassigned": _("Unassigned"),
    "breaching": _("Breaching"),
}


def condition(name: str, user_id: Any) -> Q:
    """Return which cases are in a queue."""
    match name:
        case "mine":
            return Q(state__in=ACTIVE, assignee=user_id)
        case "unassigned":
            return Q(state__in=ACTIVE, assignee__isnull=True)
        case "breaching":
            return is_breaching(BREACHING_MINUTES)
    return Q(state__in=ACTIVE)


def tabs(request: HttpRequest) -> list[Tab]:
    """Return the queues with their counts."""
    page = reverse("admin:cases_case_changelist")
    current = request.GET.get("queue") or ("" if narrows(request) else "open")
    found = []
    for name, title in TITLES.items():
        rows = Case.objects.filter(condition(name, request.user.pk)).order_by()
        count = rows.values("pk")[: MAX_COUNTED_ROWS + 1].count()
        link = page if name == "open" else f"{page}?queue={name}"
        found.append(Tab(name, title, count, link, name == current, count > MAX_COUNTED_ROWS))
    return found


def narrows(request: HttpRequest) -> bool:
    """Tell whether the address looks for cases that may be over."""
    return any(name in request.GET for name in ("q", "state__exact"))


class QueueFilter(admin.SimpleListFilter):
    """One of the queues. Without one: what is not over, unless the address looks for more."""

    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the queues, and everything."""
        return [*TITLES.items(), ("all", _("Everything"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the chosen queue."""
        name = self.value()
        if name == "all" or (name is None and narrows(request)):
            return queryset
        return queryset.filter(condition(name or "open", request.user.pk))


class KindFilter(admin.SimpleListFilter):
    """Cases of one kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the kinds of the apps that run."""
        return [(name, kind.label) for name, kind in cases.kinds().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class PriorityFilter(admin.SimpleListFilter):
    """Cases of one priority."""

    title = _("priority")
    parameter_name = "priority"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the three."""
        return [(str(number), label) for number, label in PRIORITIES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the chosen one; what is none finds nothing."""
        if self.value() is None:
            return queryset
        chosen = {str(number): number for number in PRIORITIES}.get(str(self.value()))
        return queryset.none() if chosen is None else queryset.filter(priority=chosen)
