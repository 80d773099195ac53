"""The admin's page of background work: what waits, why, and what a person can do about it."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, models, transaction
from django.db.models import Count, Max, Min, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from core import context
from core.admin.cards import CARD_SECONDS, may_see
from core.admin.forms import ReasonForm
from core.admin.pages import render
from core.admin.strict import is_key
from core.db import time_limit
from core.jobs.work import GRACE, PENDING, Work, registry

SHOWN_ROWS = 50
MAX_RETRIED_ROWS = 1_000
ACTIONS = ("retry", "retry_all", "give_up")


class Row(NamedTuple):
    """One row whose work waits or was given up."""

    pk: Any
    label: str
    link: str
    failed: bool
    attempts: int
    due: dt.datetime
    cause: str


@dataclass(slots=True)
class Kind:
    """One kind of work, as the page shows it; ``counted`` is empty when it could not be counted."""

    work: Work
    counted: dict[str, Any] = field(default_factory=dict)
    may_act: bool = False

    @property
    def link(self) -> str:
        """Return the address of the page of this kind."""
        return reverse("admin:background_kind", args=[self.work.task])


def unfinished(work: Work) -> models.QuerySet[Any]:
    """Return the rows that wait and those that were given up."""
    return work.rows.filter(**{f"{work.status}__in": (PENDING, work.failed)})


def count(work: Work) -> dict[str, Any]:
    """Return how many rows wait, are overdue and were given up, and the worst of each."""
    waits = Q(**{work.status: PENDING})
    overdue = waits & Q(**{f"{work.due}__lte": timezone.now() - GRACE})
    try:
        with time_limit(CARD_SECONDS):
            return (
                unfinished(work)
                .order_by()
                .aggregate(
                    pending=Count("pk", filter=waits),
                    overdue=Count("pk", filter=overdue),
                    failed=Count("pk", filter=~waits),
                    oldest=Min(work.due),
                    attempts=Max(work.attempts),
                )
            )
    except DatabaseError:
        return {}


def may_act(request: HttpRequest, work: Work) -> bool:
    """Tell whether somebody may start this work again, or give it up."""
    options = work.model._meta
    return bool(request.user.has_perm(f"{options.app_label}.change_{options.model_name}"))


def kinds(request: HttpRequest) -> list[Kind]:
    """Return the kinds of work whose rows somebody may see, in the order of their names."""
    seen = [work for work in registry if may_see(request, work.model)]
    found = [Kind(work, count(work), may_act(request, work)) for work in seen]
    return sorted(found, key=lambda kind: str(kind.work.title))


def rows(work: Work) -> list[Row]:
    """Return what was given up, then what waits, each with what is due first."""
    order = models.Case(models.When(**{work.status: PENDING}, then=1), default=0)
    found = unfinished(work).order_by(order, work.due)[:SHOWN_ROWS]
    return [
        Row(
            pk=row.pk,
            label=str(row),
            link=page_of(row),
            failed=getattr(row, work.status) != PENDING,
            attempts=getattr(row, work.attempts),
            due=getattr(row, work.due),
            cause=getattr(row, work.cause) if work.cause else "",
        )
        for row in found
    ]


def page_of(row: models.Model) -> str:
    """Return the address of a row's own page in the admin, or nothing."""
    options = row._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""


@require_http_methods(["GET", "HEAD"])
def background(request: HttpRequest) -> HttpResponse:
    """Show all kinds of work."""
    return render(
        request,
        "core/admin/background.html",
        title=gettext("Background work"),
        kinds=kinds(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def background_kind(request: HttpRequest, task: str) -> HttpResponse:
    """Show one kind of work, row by row, and start rows again or give them up.

    Raises:
        Http404: there is no such work, or it is not for them.
        PermissionDenied: they may look only.
    """
    work = next((one for one in registry if one.task == task), None)
    if work is None or not may_see(request, work.model):
        raise Http404
    allowed, form = may_act(request, work), ReasonForm()
    if request.method == "POST":
        if not allowed:
            raise PermissionDenied
        action = next((name for name in ACTIONS if name in request.POST), "")
        with context.doing(context.AdminAction(action, work.model._meta.label, count=None)):
            form = ReasonForm(request.POST)
            if action and form.is_valid():
                said = act(work, action, request.POST[action], form.cleaned_data["reason"])
                messages.success(request, said)
                return HttpResponseRedirect(request.path)
    kind = Kind(work, count(work), allowed)
    return render(
        request,
        "core/admin/background_kind.html",
        title=work.title,
        kind=kind,
        rows=rows(work),
        form=form,
    )


@transaction.atomic
def act(work: Work, action: str, key: str, reason: str) -> str:
    """Do what was pressed, with one row or all of them; return what to tell."""
    if action == "retry_all":
        due_first = unfinished(work).order_by(work.due).values_list("pk", flat=True)
        keys = list(due_first[:MAX_RETRIED_ROWS])
    else:
        keys = [key] if is_key(work.model, key) else []
    if action == "give_up":
        done = sum(give_up(work, key, reason) for key in keys)
        return ngettext("%d row was given up.", "%d rows were given up.", done) % done
    done = sum(work.retry(key, reason=reason) for key in keys)
    return ngettext("%d row is tried again.", "%d rows are tried again.", done) % done


def give_up(work: Work, key: Any, reason: str) -> bool:
    """Give up a row that waits; tell whether it did."""
    row = work.rows.filter(pk=key, **{work.status: PENDING}).first()
    if row is not None:
        work.give_up(row, reason=reason)
    return row is not None


site_urls = admin.site.get_urls


def get_urls() -> list[URLPattern | URLResolver]:
    """Return the admin's addresses with ours before them: its last one takes whatever is left."""
    seen = admin.site.admin_view
    return [
        path("background/", seen(background), name="background"),
        path("background/<str:task>/", seen(background_kind), name="background_kind"),
        *site_urls(),
    ]


admin.site.get_urls = get_urls  # type: ignore[method-assign]  # the theme brings the site
