"""What the app's admin pages share: who may, how rows are found, pages that do a job."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.db import models, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import TextFilter

from core.admin.base import ModelAdmin, ReadOnlyAdmin
from core.errors import ApplicationError
from core.roles import Role
from core.text import search_key
from stores.files import sheets
from stores.models import City, Region, Typology

MAX_REFUSALS = 10  # are told one by one after an action on many rows
MAX_PREVIEW_ROWS = 200


def once(show: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let a page compute what it shows of a row once; Unfold's template asks several times."""

    @wraps(show)
    def shown(page: Any, row: Any) -> Any:
        name = f"_shown_{show.__name__}"
        if name not in row.__dict__:
            setattr(row, name, show(page, row))
        return row.__dict__[name]

    return shown


class CatalogueAdmin(ModelAdmin):
    """Base of what ADMIN writes and SUPPORT reads; nothing of it is deleted."""

    sheet = ""  # the file that the rows are exported as

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let ADMIN add."""
        return request.user.role == Role.ADMIN and super().has_add_permission(request)  # type: ignore[union-attr]  # the admin lets nobody else in

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN change."""
        return request.user.role == Role.ADMIN and super().has_change_permission(request, obj)  # type: ignore[union-attr]  # the admin lets nobody else in

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: visits were counted by these rows."""
        return False

    @admin.action(description=gettext_lazy("Export as CSV"))
    def export_csv(self, request: HttpRequest, queryset: models.QuerySet) -> StreamingHttpResponse:
        """Send the selected rows, as a file that imports again where there is one."""
        if not self.sheet:
            return super().export_csv(request, queryset)
        return sheets.response(self.sheet, queryset, reason=f"admin: {self.sheet}.csv")

    def words_of(self, error: ApplicationError) -> str:
        """Return a refusal as people read it."""
        return str(error.detail)

    def refusal(self, request: HttpRequest, error: ApplicationError) -> HttpResponse:
        """Return to the page with the reason as a message."""
        self.tell(request, self.words_of(error), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def locked(self, pk: Any) -> Any:
        """Return a row, locked until it is committed."""
        return self.model._default_manager.select_for_update(no_key=True).get(pk=pk)

    def for_each(
        self, request: HttpRequest, queryset: models.QuerySet, work: Callable[[Any], Any]
    ) -> int:
        """Do something with each chosen row, locked; return with how many it went well.

        Each has a transaction of its own: after the stamp of one, no other may be locked. What
        the services refuse is told row by row.
        """
        count, refused = 0, 0
        for pk in list(queryset.order_by("pk").values_list("pk", flat=True)):
            row = None
            try:
                with transaction.atomic():
                    row = self.locked(pk)
                    work(row)
            except ApplicationError as error:
                refused += 1
                if refused <= MAX_REFUSALS:
                    self.tell(request, f"{row}: {self.words_of(error)}", messages.ERROR)
            else:
                count += 1
        if refused > MAX_REFUSALS:
            more = refused - MAX_REFUSALS
            text = ngettext("%d more was refused.", "%d more were refused.", more)
            self.tell(request, text % more, messages.ERROR)
        return count


class JobPages(ModelAdmin):
    """Mixin: pages beside a row that do a job, most of them after a preview."""

    def row_of(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row whose page this is.

        Raises:
            Http404: there is none.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def address_of(self, row: models.Model) -> str:
        """Return where a row's own page is."""
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        return reverse(name, args=[quote(row.pk)])

    def job(
        self,
        request: HttpRequest,
        *,
        title: str,
        rows: Sequence[Sequence[Any]] = (),
        **context: Any,
    ) -> HttpResponse:
        """Show a page: ``lines`` of text, a ``form``, a table of ``headers`` and ``rows``.

        ``previewed`` is the seal of what is shown; with it comes the button that confirms. Without
        ``buttons``, pairs of name and label, there is one for the preview.
        """
        shown, more = rows[:MAX_PREVIEW_ROWS], max(0, len(rows) - MAX_PREVIEW_ROWS)
        context.setdefault("buttons", [("preview", _("Preview"))])
        page: dict[str, Any] = {"title": title, "rows": shown, "more": more, **context}
        return self.page(request, "stores/admin/job.html", **page)

    def done(self, request: HttpRequest, text: str, row: models.Model) -> HttpResponse:
        """Say what happened and go back to the row."""
        self.tell(request, text)
        return HttpResponseRedirect(self.address_of(row))

    def stopped(self, request: HttpRequest, text: str, row: models.Model) -> HttpResponse:
        """Say why there is nothing to do and go back to the row."""
        self.tell(request, text, messages.ERROR)
        return HttpResponseRedirect(self.address_of(row))


class BySeller(ReadOnlyAdmin):
    """Base of lists that are searched by a seller's name or address."""

    list_select_related: Any = ("seller",)
    search_fields: Any = ("seller__search_key",)
    search_help_text: Any = gettext_lazy("The seller's name or e-mail.")


class JudgedRows(JobPages, BySeller):
    """Base of what SUPPORT corrects by actions, never by a form."""

    def has_judge_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let SUPPORT and ADMIN act."""
        return request.user.has_perm("stores.change_visit")


# -- filters ---------------------------------------------------------------------------------------
class PlaceFilter(admin.SimpleListFilter):
    """Base: rows of one region or typology; ``path`` leads there from the list's model."""

    model: type[models.Model]
    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer all by name."""
        return self.model._default_manager.order_by("name").values_list("code", "name")

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Narrow to the chosen one."""
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class RegionFilter(PlaceFilter):
    """Rows of one region."""

    title = Region._meta.verbose_name
    parameter_name = "region"
    model = Region
    path = "region"


class CityRegionFilter(RegionFilter):
    """Establishments of one region."""

    path = "city__department__region"


class TypologyFilter(PlaceFilter):
    """Rows of one typology."""

    title = Typology._meta.verbose_name
    parameter_name = "typology"
    model = Typology
    path = "typology"


class CityFilter(TextFilter):
    """Rows in the cities of a name, or in the one of a DIVIPOLA code."""

    title = City._meta.verbose_name
    parameter_name = "city"
    path = "city"

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Narrow to the cities that were typed in."""
        text = search_key(self.value() or "")
        if not text:
            return queryset
        is_it = models.Q(code=text) | models.Q(search_key__contains=text)
        return queryset.filter(**{f"{self.path}__in": City.objects.filter(is_it).values("pk")})
