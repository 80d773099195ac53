"""Other names of products, as support taught them by deciding what was not recognised."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from core.admin.base import ReadOnlyAdmin
from core.admin.forms import ReasonForm
from core.text import search_key
from stores.admin.base import JobPages
from stores.models import ProductAlias
from stores.services import products as services
from stores.services.names import gtin_name, text_name


@admin.register(ProductAlias)
class ProductAliasAdmin(JobPages, ReadOnlyAdmin):
    """Names that are products from now on; a wrong one is forgotten, never changed."""

    fields = ("value", "kind", "product", "source_case", "created_at")
    readonly_fields = fields
    list_display = fields
    list_select_related = ("product",)
    list_filter = ("kind",)
    search_fields = ("product__search_key",)
    search_help_text = _("The name or GTIN, whole, or the product.")
    ordering = ("-id",)
    export_fields = ("kind", "value", "product_id", "source_case", "created_at")
    actions_detail = ("forget",)

    def has_judge_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let SUPPORT and ADMIN act."""
        return request.user.has_perm("stores.change_visit")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProductAlias], search_term: str
    ) -> tuple[QuerySet[ProductAlias], bool]:
        """Find the name as it is compared, or what is called like the product."""
        key = search_key(search_term)
        if not key:
            return (queryset.none() if search_term.strip() else queryset), False
        names = Q(value__in={gtin_name(search_term), text_name(search_term)})
        return queryset.filter(names | Q(product__search_key__contains=key)), False

    @action(description=_("Forget"), permissions=["judge"], url_path="forget")
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have later items of the name be unrecognised again."""
        alias = self.row_of(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            if services.forget_alias(alias_id=alias.pk, reason=form.cleaned_data["reason"]):
                self.tell(request, gettext("“%s” is forgotten.") % alias.value)
            else:
                self.tell(request, gettext("It was forgotten already."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:stores_productalias_changelist"))
        return self.job(
            request,
            title=gettext("Forget: %s") % alias.value,
            form=form,
            lines=[
                gettext("Visits that come from now on do not know the name: support decides anew."),
                gettext("Visits that are here keep the product until their case is decided again."),
            ],
            buttons=[("forget", gettext("Forget"))],
        )
