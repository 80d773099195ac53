"""Visits: looked at by everybody here, corrected by their actions only."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import localize, number_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from core.admin.forms import ReasonForm, seal_of
from core.errors import ApplicationError
from core.text import email_key, is_storable, name_key
from core.values import parse_uuid
from stores.admin.base import CityFilter, JudgedRows, RegionFilter, TypologyFilter, once
from stores.admin.documents import (
    as_json,
    differences,
    document_of,
    flag_labels,
    preformatted,
    product_list,
    words_of,
)
from stores.admin.narrowing import CountedFilter, DepartmentFilter, MissingFilter
from stores.constants import Flag, Outcome, VisitState
from stores.forms import RevisionForm
from stores.models import (
    Establishment,
    Visit,
    VisitRevision,
)
from stores.services import corrections

MAX_SHOWN_REVISIONS = 50
STATE_COLOURS = {
    VisitState.ACCEPTED.value: "success",
    VisitState.FLAGGED.value: "warning",
    VisitState.VOID.value: "danger",
}


class FlagFilter(admin.SimpleListFilter):
    """Visits that carry a flag."""

    title = _("flag")
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer all flags."""
        return Flag.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Look into the list's text: not every database looks into a list."""
        if self.value() not in Flag.values:
            return queryset
        rows = queryset.alias(flags_text=Cast("flags", TextField()))
        return rows.filter(flags_text__contains=f'"{self.value()}"')


@admin.register(Visit)
class VisitAdmin(JudgedRows):
    """Visits: what phones said, what was made of it, and its corrections."""

    fields = (
        *("id", "seller", "establishment", "day", "state", "flag_names", "outcome_name"),
        *("captured_at", "occurred_at", "received_at", "seconds"),
        *("portfolio_version", "must_have", "present", "compliance_share"),
        *("missing_products", "seen_products", "photos_missing"),
        *("city", "region", "typology", "distance_m"),
        *("document", "revisions", "seq"),
    )
    readonly_fields = fields
    list_display = (
        *("day", "seller", "establishment", "state_label", "flag_list"),
        *("compliance_share", "received_at"),
    )
    list_display_links = ("day",)
    list_filter = (
        *("state", FlagFilter, ("day", RangeDateFilter), CountedFilter),
        *(RegionFilter, DepartmentFilter, CityFilter, TypologyFilter, MissingFilter),
    )
    list_filter_submit = True
    list_select_related = ("seller", "establishment")
    search_fields = ("id",)  # what is looked for, get_search_results says
    search_help_text = _("A visit's id, a seller's e-mail or an establishment's code, each whole.")
    ordering = ("-day", "-id")
    export_fields = (
        *("id", "seller_id", "establishment_id", "day", "state", "flags", "outcome"),
        *("must_have", "present", "compliance", "received_at"),
    )
    actions_detail = ("apply_revision", "void")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visit]:
        """Leave the documents where they are until one is shown."""
        return super().get_queryset(request).defer("doc", "seen", "missing")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the two ends of the range of days."""
        if lookup in {"day_from", "day_to"}:
            return is_storable(value)
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Visit], search_term: str
    ) -> tuple[QuerySet[Visit], bool]:
        """Find visits by what an index knows: there are too many to look into each."""
        text = search_term.strip()
        if not text or not is_storable(text):
            return (queryset.none() if text else queryset), False
        try:
            return queryset.filter(pk=parse_uuid(text)), False
        except ValueError:
            pass
        if "@" in text:
            return queryset.filter(seller__email=email_key(text)), False
        places = Establishment.objects.filter(code_key=name_key(text))
        return queryset.filter(establishment__in=places.values("pk")), False

    @display(description=_("state"), label=STATE_COLOURS, ordering="state")
    def state_label(self, visit: Visit) -> tuple[str, str]:
        """Return the state and its colour."""
        return visit.state, visit.get_state_display()

    @display(description=_("flags"), label="warning")
    def flag_list(self, visit: Visit) -> list[str]:
        """Return what is odd about the visit."""
        return flag_labels(visit.flags)

    @display(description=_("flags"))
    def flag_names(self, visit: Visit) -> str | None:
        """Return the same on one line."""
        return ", ".join(map(str, flag_labels(visit.flags))) or None

    @display(description=_("outcome"))
    def outcome_name(self, visit: Visit) -> str | None:
        """Return how the visit went, in words."""
        return str(Outcome(visit.outcome).label) if visit.outcome in Outcome.values else None

    @display(description=_("compliance"), ordering="compliance")
    def compliance_share(self, visit: Visit) -> str | None:
        """Return the share of must-haves that were seen, in percent."""
        if visit.compliance is None:
            return None
        # Rounded here: number_format cuts off.
        return f"{number_format(round(visit.compliance * 100, 1), 1)} %"

    @display(description=_("must-haves not seen"))
    @once
    def missing_products(self, visit: Visit) -> str:
        """Return them by name."""
        return product_list(visit.missing)

    @display(description=_("products seen"))
    @once
    def seen_products(self, visit: Visit) -> str:
        """Return them by name."""
        return product_list(visit.seen)

    @display(description=_("what the phone sent"))
    @once
    def document(self, visit: Visit) -> str:
        """Return the document, indented, or as it came if it cannot be read."""
        found = document_of(visit.doc)
        return preformatted(as_json(found, indent=2) if found else visit.doc)

    @display(description=_("revisions"))
    @once
    def revisions(self, visit: Visit) -> str:
        """Return the visit's revisions, each with the way to look at it."""
        found = VisitRevision.objects.filter(visit_id=visit.pk).order_by("-number")
        page = reverse("admin:stores_visit_apply_revision", args=[visit.pk])
        rows = []
        for number, received_at, applied_at in found.values_list(
            "number", "received_at", "applied_at"
        )[:MAX_SHOWN_REVISIONS]:
            applied = gettext("applied") if applied_at else ""
            rows.append((page, number, number, localize(localtime(received_at)), applied))
        link = '<a class="text-primary-600" href="{}?number={}">{}</a> {} {}<br>'
        return format_html_join("", link, rows)

    @action(description=_("Apply a revision"), permissions=["judge"], url_path="apply-revision")
    def apply_revision(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what a revision says otherwise; let the visit say it when that is confirmed."""
        visit = self.row_of(request, object_id)
        revisions = VisitRevision.objects.filter(visit_id=visit.pk).order_by("-number")
        numbers = list(revisions.values_list("number", flat=True))
        if not numbers:
            return self.stopped(request, gettext("The visit has no revision."), visit)
        form = RevisionForm(request.POST or request.GET or None, numbers=numbers)
        page: dict[str, Any] = {"title": gettext("Apply a revision: %s") % visit, "form": form}
        if form.is_valid():
            revision = revisions.get(number=form.cleaned_data["number"])
            seal = seal_of(visit.pk, visit.digest, visit.state, revision.digest)
            if self.confirmed(request, seal):
                return self.applied(request, visit, revision.number)
            page |= {
                "headers": (gettext("Field"), gettext("Visit"), gettext("Revision")),
                "rows": differences(visit.doc, revision.doc),
                "previewed": seal,
            }
            if not page["rows"]:
                page["lines"] = [gettext("The revision says what the visit says.")]
        return self.job(request, **page)

    def applied(self, request: HttpRequest, visit: Visit, number: int) -> HttpResponse:
        """Do it, and say so."""
        try:
            with transaction.atomic():
                corrections.apply_revision(visit=visit, number=number)
        except ApplicationError as error:
            return self.stopped(request, words_of(error), visit)
        return self.done(request, gettext("Revision %d applied.") % number, visit)

    @action(description=_("Void"), permissions=["judge"], url_path="void")
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Declare a visit void; the reason goes into the journal."""
        visit = self.row_of(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    corrections.void_visit(visit=visit, **form.cleaned_data)
            except ApplicationError as error:
                return self.stopped(request, words_of(error), visit)
            return self.done(request, gettext("The visit is void."), visit)
        return self.job(
            request,
            title=gettext("Void: %s") % visit,
            form=form,
            lines=[gettext("The visit stays, and counts nowhere. This is for good.")],
            buttons=[("void", gettext("Declare void"))],
        )
