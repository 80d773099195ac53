"""Products, and the places and typologies that nobody changes by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin.base import ReadOnlyAdmin
from core.errors import ApplicationError
from stores.admin.importing import ImportCatalogue
from stores.constants import State
from stores.errors import InPortfolio
from stores.forms import ProductForm
from stores.models import City, Department, Portfolio, Product, Region, Typology
from stores.services import products as services


@admin.register(Product)
class ProductAdmin(ImportCatalogue):
    """Products, written through the services; made inactive instead of deleted."""

    form = ProductForm
    fields = (*ProductForm.Meta.fields, "state", "inactive_on", "seq")
    readonly_fields = ("state", "inactive_on", "seq")
    list_display = ("sku", "gtin", "name", "brand", "category", "is_competitor", "state")
    list_filter = ("state", "is_competitor")
    search_fields = ("search_key",)
    search_help_text = _("SKU, GTIN, name, brand or category.")
    ordering = ("name", "id")
    sheet = "products"
    actions = ("make_inactive", "make_inactive_anyway", "make_active", "export_csv")

    def words_of(self, error: ApplicationError) -> str:
        """Name the portfolios that still want the product."""
        if not isinstance(error, InPortfolio):
            return super().words_of(error)
        found = Portfolio.objects.filter(pk__in=error.extra["portfolios"]).order_by("name")
        about = {"reason": error.detail, "names": ", ".join(map(str, found))}
        return gettext("%(reason)s In: %(names)s.") % about

    def create(self, obj: Product, fields: dict[str, Any]) -> Product:
        """Add the product, as the API does."""
        return services.create_product(**fields)

    def change(self, stored: Product, fields: dict[str, Any]) -> None:
        """Change the product, as the API does."""
        services.change_product(product=stored, **fields)

    @admin.action(description=_("Make inactive"), permissions=["change"])
    def make_inactive(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Take the selected products from the phones, unless a published portfolio has them."""
        self.retire(request, queryset, force=False)

    @admin.action(
        description=_("Make inactive, also in published portfolios"), permissions=["change"]
    )
    def make_inactive_anyway(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Take the selected products from the phones; portfolios count them no longer."""
        self.retire(request, queryset, force=True)

    def retire(self, request: HttpRequest, queryset: QuerySet[Product], *, force: bool) -> None:
        """Make the active ones of the selected products inactive, and say how many that were."""
        count = self.for_each(
            request,
            queryset.filter(state=State.ACTIVE),
            lambda product: services.retire_product(product=product, force=force),
        )
        text = ngettext("%d product made inactive.", "%d products made inactive.", count)
        self.tell(request, text % count)

    @admin.action(description=_("Make active"), permissions=["change"])
    def make_active(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Bring the selected products back."""
        count = self.for_each(
            request,
            queryset.filter(state=State.INACTIVE),
            lambda product: services.change_product(product=product, state=State.ACTIVE),
        )
        text = ngettext("%d product made active.", "%d products made active.", count)
        self.tell(request, text % count)


# -- reference data: stores.reference writes it ----------------------------------------------------
@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    """Regions."""

    list_display = ("name", "code")
    search_fields = ("search_key", "=code")
    ordering = ("name",)


@admin.register(Department)
class DepartmentAdmin(ReadOnlyAdmin):
    """Departments."""

    list_display = ("name", "code", "region")
    list_select_related = ("region",)
    search_fields = ("search_key", "=code")
    ordering = ("name",)


@admin.register(City)
class CityAdmin(ReadOnlyAdmin):
    """Cities."""

    fields = ("code", "name", "department", "lat", "lon")
    list_display = ("name", "code", "department", "lat", "lon")
    list_select_related = ("department",)
    search_fields = ("search_key", "=code")
    ordering = ("name", "code")
    export_fields = ("code", "name", "department_id", "lat", "lon")


@admin.register(Typology)
class TypologyAdmin(ReadOnlyAdmin):
    """Typologies."""

    list_display = ("name", "code", "visits_per_month")
    search_fields = ("search_key", "=code")
    ordering = ("name",)
