"""Establishments and who visits them."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from core.admin.forms import seal_of
from core.errors import ApplicationError
from core.values import business_day
from stores import selectors
from stores.admin.base import (
    CityFilter,
    CityRegionFilter,
    JobPages,
    TypologyFilter,
    once,
)
from stores.admin.importing import ImportCatalogue
from stores.constants import AssignmentState, State
from stores.forms import AssignmentForm, EstablishmentForm, ReassignForm
from stores.models import Assignment, Establishment, Portfolio
from stores.services import assignments, establishments
from stores.services.sellers import lock_assignments


class AssignmentsInline(TabularInline):
    """Who visits an establishment, and who did."""

    model = Assignment
    fields = ("seller", "state", "valid_from", "valid_until", "released_on")
    readonly_fields = fields
    ordering = ("state", "-valid_from", "-id")
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        """Fetch the sellers along."""
        return super().get_queryset(request).select_related("seller")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an assignment has a page of its own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an assignment has a page of its own."""
        return False


@admin.register(Establishment)
class EstablishmentAdmin(JobPages, ImportCatalogue):
    """Establishments, written through the services; made inactive instead of deleted."""

    form = EstablishmentForm
    inlines = (AssignmentsInline,)
    fields = (*EstablishmentForm.Meta.fields, "state", "portfolio_that_holds", "seq")
    readonly_fields = ("state", "portfolio_that_holds", "seq")
    autocomplete_fields = ("city", "typology", "portfolio")
    list_display = ("code", "name", "city", "typology", "portfolio", "state")
    list_filter = ("state", TypologyFilter, CityRegionFilter, CityFilter)
    list_filter_submit = True
    list_select_related = ("city", "typology", "portfolio")
    search_fields = ("search_key",)
    search_help_text = _("Code, name or address.")
    ordering = ("name", "id")
    sheet = "establishments"
    actions = ("make_inactive", "make_active", "export_csv")
    actions_detail = ("assign", "reassign")

    @display(description=_("portfolio that holds"))
    @once
    def portfolio_that_holds(self, establishment: Establishment) -> str:
        """Return the establishment's own portfolio, or that of its typology and region."""
        if establishment.pk is None:
            return ""
        row: Any = selectors.resolved_establishments().get(pk=establishment.pk)
        return str(Portfolio.objects.filter(pk=row.resolved_portfolio).first() or "")

    def create(self, obj: Establishment, fields: dict[str, Any]) -> Establishment:
        """Add the establishment, as the API does."""
        return establishments.create_establishment(**fields)

    def change(self, stored: Establishment, fields: dict[str, Any]) -> None:
        """Change the establishment, as the API does."""
        establishments.change_establishment(establishment=stored, **fields)

    @admin.action(description=_("Make inactive, and end their assignments"), permissions=["change"])
    def make_inactive(self, request: HttpRequest, queryset: QuerySet[Establishment]) -> None:
        """Take the selected establishments from the phones."""
        count = self.for_each(
            request,
            queryset.filter(state=State.ACTIVE),
            lambda row: establishments.retire_establishment(establishment=row),
        )
        text = ngettext(
            "%d establishment made inactive.", "%d establishments made inactive.", count
        )
        self.tell(request, text % count)

    @admin.action(description=_("Make active"), permissions=["change"])
    def make_active(self, request: HttpRequest, queryset: QuerySet[Establishment]) -> None:
        """Bring the selected establishments back; nobody visits them yet."""
        count = self.for_each(
            request,
            queryset.filter(state=State.INACTIVE),
            lambda row: establishments.change_establishment(establishment=row, state=State.ACTIVE),
        )
        text = ngettext("%d establishment made active.", "%d establishments made active.", count)
        self.tell(request, text % count)

    @action(description=_("Assign"), permissions=["change"], url_path="assign")
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the form of a new assignment of this establishment."""
        establishment = self.row_of(request, object_id)
        query = urlencode({"establishment": establishment.pk})
        return HttpResponseRedirect(f"{reverse('admin:stores_assignment_add')}?{query}")

    @action(description=_("Reassign"), permissions=["change"], url_path="reassign")
    def reassign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the establishment to another seller, after a preview."""
        establishment = self.row_of(request, object_id)
        form = ReassignForm(request.POST or None, establishment=establishment)
        page: dict[str, Any] = {"title": gettext("Reassign: %s") % establishment, "form": form}
        if form.is_valid():
            former, to, on = (form.cleaned_data[name] for name in ("former", "to", "on"))
            seal = seal_of(establishment.pk, former, to.pk, on)
            if self.confirmed(request, seal):
                return self.reassigned(request, establishment, int(former), to, on)
            names = dict(form.fields["former"].choices)  # type: ignore[attr-defined]  # a ChoiceField
            email = names[int(former)]
            page |= {"previewed": seal, "lines": effects(email, to.email, on)}
        return self.job(request, **page)

    def reassigned(
        self,
        request: HttpRequest,
        establishment: Establishment,
        former: int,
        to: Any,
        on: dt.date,
    ) -> HttpResponse:
        """Do it, and say whose the establishment is now."""
        try:
            with transaction.atomic():
                assignments.reassign(
                    establishment=establishment, from_seller=former, to_seller=to.pk, on=on
                )
        except ApplicationError as error:
            return self.refusal(request, error)
        about = {"seller": to.email, "first": localize(on)}
        text = gettext("%(seller)s has it from %(first)s.") % about
        return self.done(request, text, establishment)


def effects(former: str, to: str, on: dt.date) -> list[str]:
    """Return what a reassignment would do."""
    about = {"former": former, "to": to, "first": localize(on)}
    if on <= business_day():
        return [gettext("It goes from %(former)s to %(to)s at once.") % about]
    about["last"] = localize(on - dt.timedelta(days=1))
    return [
        gettext("%(former)s keeps it until %(last)s.") % about,
        gettext("%(to)s has it from %(first)s.") % about,
    ]


class AssignmentCityFilter(CityFilter):
    """Assignments of establishments in a city."""

    path = "establishment__city"


@admin.register(Assignment)
class AssignmentAdmin(ImportCatalogue):
    """Assignments, written through the services; ended instead of deleted."""

    form = AssignmentForm
    fields = (*AssignmentForm.Meta.fields, "state", "released_on", "seq")
    readonly_fields = ("state", "released_on", "seq")
    autocomplete_fields = ("seller", "establishment")
    list_display = ("establishment", "seller", "state", "valid_from", "valid_until", "released_on")
    list_filter = ("state", AssignmentCityFilter, "valid_until")
    list_filter_submit = True
    list_select_related = ("establishment", "seller")
    search_fields = ("seller__search_key", "establishment__search_key")
    search_help_text = _(
        "The seller's name or e-mail, or the establishment's code, name or address."
    )
    ordering = ("-id",)
    sheet = "assignments"
    actions = ("end_today", "export_csv")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep whose an assignment is, once it is there."""
        kept = () if obj is None else ("seller", "establishment")
        return (*self.readonly_fields, *kept)

    def locked(self, pk: Any) -> Assignment:
        """Return an assignment, locked after its seller's account."""
        return lock_assignments(Assignment.objects.filter(pk=pk))[0]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Lock in the order of the services, then save."""
        if change:
            self.locked(obj.pk)
        super().save_model(request, obj, form, change)

    def create(self, obj: Assignment, fields: dict[str, Any]) -> Assignment:
        """Assign the establishment, as the API does."""
        seller, establishment = fields.pop("seller"), fields.pop("establishment")
        return assignments.assign(seller_id=seller.pk, establishment_id=establishment.pk, **fields)

    def change(self, stored: Assignment, fields: dict[str, Any]) -> None:
        """Change the period, as the API does."""
        assignments.change_assignment(assignment=stored, **fields)

    @admin.action(description=_("End today"), permissions=["change"])
    def end_today(self, request: HttpRequest, queryset: QuerySet[Assignment]) -> None:
        """End the selected assignments; visits of today are still the sellers'."""
        count = self.for_each(
            request,
            queryset.filter(state=AssignmentState.ACTIVE),
            lambda row: assignments.end_assignment(assignment=row),
        )
        text = ngettext("%d assignment ended.", "%d assignments ended.", count)
        self.tell(request, text % count)
