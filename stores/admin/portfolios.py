"""Portfolios and their versions: drafts are written, previewed and published here."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin
from core.admin.forms import seal_of
from core.errors import ApplicationError
from core.roles import Role
from core.values import business_day
from stores.admin.base import (
    CatalogueAdmin,
    JobPages,
    RegionFilter,
    TypologyFilter,
    once,
)
from stores.admin.previews import (
    difference,
    draft_of,
    in_force,
    period,
    preview_of,
    products_of,
)
from stores.constants import VersionState
from stores.errors import PortfolioNoDraft
from stores.forms import CompareForm, DraftForm, RetireForm
from stores.models import Portfolio, PortfolioVersion
from stores.services import portfolios as services

VERSION_FIELDS = ("number", "state", "valid_from", "valid_until", "published_by", "published_at")


def counted(versions: QuerySet[PortfolioVersion]) -> QuerySet[PortfolioVersion]:
    """Return versions with portfolio, publisher and the number of their products."""
    return versions.select_related("portfolio", "published_by").annotate(
        product_count=Count("items")
    )


class VersionsInline(TabularInline):
    """The versions of a portfolio, the newest first."""

    model = PortfolioVersion
    fields = (*VERSION_FIELDS[:4], "product_count", *VERSION_FIELDS[4:])
    readonly_fields = fields
    ordering = ("-number",)
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PortfolioVersion]:
        """Fetch what is shown along."""
        return counted(super().get_queryset(request))

    @display(description=_("products"))
    def product_count(self, version: Any) -> int:
        """Return how many products the list has."""
        return int(version.product_count)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a draft has a page of its own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a version is drafted, published and retired."""
        return False


@admin.register(Portfolio)
class PortfolioAdmin(JobPages, CatalogueAdmin):
    """Portfolios, written through the services."""

    fields = ("name", "typology", "region")
    inlines = (VersionsInline,)
    list_display = ("name", "typology", "region", "number_in_force", "has_draft")
    list_filter = (TypologyFilter, RegionFilter)
    list_select_related = ("typology", "region")
    search_fields = ("search_key",)
    ordering = ("name", "id")
    export_fields = ("name", "typology_id", "region_id")
    actions_detail = ("edit_draft", "publish", "compare")
    shows_cascade = False  # a draft goes with the portfolio

    def get_queryset(self, request: HttpRequest) -> QuerySet[Portfolio]:
        """Look up where each portfolio stands."""
        versions = PortfolioVersion.objects.filter(portfolio=OuterRef("pk"))
        current = versions.in_force(business_day()).order_by("-number")
        rows: QuerySet[Portfolio] = super().get_queryset(request)
        return rows.annotate(
            current_number=Subquery(current.values("number")[:1]),
            drafted=Exists(versions.filter(state=VersionState.DRAFT)),
        )

    @display(description=_("version in force"))
    def number_in_force(self, portfolio: Any) -> int | None:
        """Return the number of the version that holds today."""
        number: int | None = portfolio.current_number
        return number

    @display(description=_("draft"), boolean=True)
    def has_draft(self, portfolio: Any) -> bool:
        """Tell whether there is one."""
        return bool(portfolio.drafted)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the pair of a portfolio that is there."""
        return () if obj is None else ("typology", "region")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN delete; the service refuses what was ever published."""
        return request.user.role == Role.ADMIN  # type: ignore[union-attr]  # the admin lets nobody else in

    def create(self, obj: Portfolio, fields: dict[str, Any]) -> Portfolio:
        """Make the portfolio, as the API does, with an empty draft."""
        return services.create_portfolio(products=[], **fields)

    def change(self, stored: Portfolio, fields: dict[str, Any]) -> None:
        """Rename the portfolio, as the API does."""
        services.change_portfolio(portfolio=stored, **fields)

    def delete_model(self, request: HttpRequest, obj: Portfolio) -> None:
        """Delete a portfolio that nobody was ever measured by."""
        services.delete_portfolio(portfolio=obj)

    @action(description=_("Edit the draft"), permissions=["change"], url_path="draft")
    def edit_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write the next version, begun with the one before, or throw it away."""
        portfolio = self.row_of(request, object_id)
        draft = draft_of(portfolio)
        begun = draft or in_force(portfolio, business_day())
        initial: dict[str, Any] = {"products": "\n".join(p.sku for p in products_of(begun))}
        if draft is not None:
            initial["valid_from"] = draft.valid_from
        form = DraftForm(request.POST or None, initial=initial)
        try:
            if {"discard", "confirm"} & set(request.POST):
                return self.discard(request, portfolio, draft)
            if form.is_valid():
                with transaction.atomic():
                    services.write_draft(portfolio=portfolio, **form.cleaned_data)
                return self.done(request, gettext("Draft saved."), portfolio)
        except ApplicationError as error:
            return self.refusal(request, error)
        buttons = [("save", gettext("Save the draft"))]
        if draft is not None:
            buttons.append(("discard", gettext("Discard the draft")))
        title = gettext("Draft: %s") % portfolio
        return self.job(request, title=title, form=form, buttons=buttons)

    def discard(
        self, request: HttpRequest, portfolio: Portfolio, draft: PortfolioVersion | None
    ) -> HttpResponse:
        """Show what would be thrown away; do it when exactly that is confirmed.

        Raises:
            PortfolioNoDraft: there is nothing.
        """
        if draft is None:
            raise PortfolioNoDraft
        products = products_of(draft)
        seal = seal_of("discard", draft.pk, draft.valid_from, [product.pk for product in products])
        if self.confirmed(request, seal):
            with transaction.atomic():
                services.discard_draft(portfolio=portfolio)
            return self.done(request, gettext("Draft discarded."), portfolio)
        return self.job(
            request,
            title=gettext("Discard the draft: %s") % portfolio,
            headers=(gettext("SKU"), gettext("Name")),
            rows=[(product.sku, product.name) for product in products],
            previewed=seal,
            buttons=[],
        )

    @action(description=_("Publish"), permissions=["change"], url_path="publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the draft changes; publish it when exactly that is confirmed."""
        portfolio = self.row_of(request, object_id)
        try:
            with transaction.atomic():
                # Under its lock, what is previewed is what is published.
                services.lock_portfolio(portfolio.pk)
                preview = preview_of(portfolio)
                if self.confirmed(request, preview.seal):
                    made = services.publish(portfolio=portfolio, by=request.user)
                    text = gettext("Version %d published.") % made.number
                    return self.done(request, text, portfolio)
        except ApplicationError as error:
            return self.stopped(request, self.words_of(error), portfolio)
        return self.job(
            request,
            title=gettext("Publish: %s") % portfolio,
            lines=preview.lines,
            headers=(gettext("Change"), gettext("SKU"), gettext("Name")),
            rows=preview.rows,
            previewed=preview.seal,
            buttons=[],
        )

    @action(description=_("Compare versions"), permissions=["view"], url_path="compare")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what one version has that another has not: ``?from=1&to=2``."""
        portfolio = self.row_of(request, object_id)
        form = CompareForm(request.GET or None, portfolio=portfolio)
        page: dict[str, Any] = {
            "title": gettext("Compare versions: %s") % portfolio,
            "form": form,
            "method": "get",
            "headers": (gettext("Change"), gettext("SKU"), gettext("Name")),
            "buttons": [("compare", gettext("Compare"))],
        }
        if form.is_valid():
            numbers = [form.cleaned_data[name] for name in ("before", "after")]
            before, after = (portfolio.versions.get(number=number) for number in numbers)
            page["lines"] = [f"{version.number}: {period(version)}" for version in (before, after)]
            page["rows"] = difference(products_of(before), products_of(after))
            if not page["rows"]:
                page["lines"].append(gettext("Both have the same products."))
        return self.job(request, **page)


@admin.register(PortfolioVersion)
class PortfolioVersionAdmin(JobPages, ReadOnlyAdmin):
    """Versions: what each says, and its end."""

    fields = ("portfolio", *VERSION_FIELDS, "listed", "seq")
    readonly_fields = fields
    list_display = ("portfolio", *VERSION_FIELDS)
    list_filter = ("state", "valid_from")
    list_select_related = ("portfolio", "published_by")
    search_fields = ("portfolio__search_key",)
    ordering = ("-id",)
    export_fields = ("portfolio_id", *VERSION_FIELDS[:4], "published_at")
    actions_detail = ("retire",)

    @display(description=_("products"))
    @once
    def listed(self, version: PortfolioVersion) -> str:
        """Return the list in its order."""
        products = products_of(version)
        return format_html_join("", "{} {}<br>", ((one.sku, one.name) for one in products))

    def has_retire_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let ADMIN end a version."""
        return request.user.role == Role.ADMIN  # type: ignore[union-attr]  # the admin lets nobody else in

    @action(description=_("Retire"), permissions=["retire"], url_path="retire")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a published version."""
        version = self.row_of(request, object_id)
        form = RetireForm(request.POST or None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    services.retire_version(version=version, **form.cleaned_data)
            except ApplicationError as error:
                return self.refusal(request, error)
            return self.done(request, gettext("The end is set."), version)
        lines = [
            gettext("It holds %s.") % period(version),
            gettext("A version that has not begun by its last day will never hold."),
        ]
        return self.job(
            request,
            title=gettext("Retire: %s") % version,
            form=form,
            lines=lines,
            buttons=[("retire", gettext("Retire"))],
        )
