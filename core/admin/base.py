"""The admin of every app: the same journal, the same refusals, nothing that counts big tables."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import models, transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.utils.crypto import constant_time_compare
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.admin import cards
from core.admin.case_actions import CaseActionsAdmin
from core.admin.filters import AttentionFilter
from core.admin.object_pages import ObjectPages
from core.admin.removals import RemovalPages
from core.admin.saved_view_pages import SavedViewPages
from core.audit import journal
from core.errors import ApplicationError, NotFound
from core.fields import KeyField
from core.files import csv_response

MAX_COUNTED_ROWS = 10_000


class UncountedPaginator(Paginator):
    """Knows whether there is a next page, not how many rows a big table has.

    At most ``MAX_COUNTED_ROWS`` are counted; a table with more is shown as having more than that
    many, and filters and the search lead further.
    """

    @cached_property
    def counted(self) -> int:
        """Return the number of rows, at most one more than ``MAX_COUNTED_ROWS``."""
        return self.rows().values("pk")[: MAX_COUNTED_ROWS + 1].count()

    def rows(self) -> models.QuerySet:
        """Return the rows to count, in whatever order they come."""
        queryset: models.QuerySet = self.object_list  # type: ignore[assignment]  # the admin gives one
        return queryset.order_by()

    @cached_property
    def count(self) -> int:
        """Return the number of rows that there are pages of."""
        return min(self.counted, MAX_COUNTED_ROWS)

    @property
    def is_more(self) -> bool:
        """Tell whether there are more rows than that."""
        return self.counted > MAX_COUNTED_ROWS


class ModelAdmin(CaseActionsAdmin, ObjectPages, RemovalPages, SavedViewPages):
    """Base of every app's admin classes."""

    is_technical = False  # True for lists that code needs more than people: they are below System
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # ?_facets=1 would count the whole table, once per choice
    paginator = UncountedPaginator
    list_per_page = 50
    compressed_fields = True
    warn_unsaved_form = True
    export_fields: tuple[str, ...] = ()
    shows_cascade = True  # False where a service deletes, which knows what goes with the row
    actions: Any = ("export_csv",)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Offer the rows that wait for a person, where a card of the home page counts some."""
        filters = super().get_list_filter(request)
        return [AttentionFilter, *filters] if self.model in cards.attention_by_model() else filters

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list; its head offers to show all where something is left out, and only there.

        The theme asks whether two counts differ, of which one is never made.
        """
        found: Any = super().get_changelist_instance(request)
        is_narrowed = found.has_active_filters or found.query
        if not is_narrowed or getattr(found.paginator, "is_more", False):
            found.full_result_count = found.result_count
        return found

    # -- the journal instead of Django's LogEntry -----------------------------------------------
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: create did."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: change did."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Write nothing: delete_model did."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write what the form says through :meth:`create` or :meth:`change`.

        A new row gets all fields of the form; a stored one is locked and gets the changed fields,
        so that the form undoes nothing that was written since it was shown.

        Raises:
            NotFound: the row went meanwhile.
        """
        if not change:
            obj.pk = self.create(obj, {**form.cleaned_data}).pk
            return
        rows = self.model._default_manager.select_for_update(no_key=True)  # nobody deletes it here
        stored = rows.filter(pk=obj.pk).first()
        if stored is None:
            raise NotFound
        self.change(stored, {name: form.cleaned_data[name] for name in form.changed_data})

    def create(self, obj: Any, fields: dict[str, Any]) -> Any:
        """Store the form's new object with its entry and return it; override to call a service."""
        obj.save()
        journal.record(journal.Action.CREATE, obj, changes=journal.initial(obj))
        return obj

    def change(self, stored: Any, fields: dict[str, Any]) -> None:
        """Change the fields of a locked row, with an entry; override to call a service."""
        if changes := journal.change(stored, fields):
            journal.record(journal.Action.CHANGE, stored, changes=changes)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Return what a deletion takes along; the rows alone where ``shows_cascade`` is off."""
        if self.shows_cascade:
            return super().get_deleted_objects(objs, request)
        refused = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, refused, []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the object and say so; override to call a service."""
        journal.record(journal.Action.DELETE, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete one by one, each with its entry."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form or save it; a service's refusal becomes a message, and nothing changes."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ApplicationError as error:
            return self.refusal(request, error)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, then delete; a service's refusal becomes a message, and nothing changes."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except ApplicationError as error:
            return self.refusal(request, error)

    def refusal(self, request: HttpRequest, error: ApplicationError) -> HttpResponse:
        """Return to the page with the reason as a message."""
        self.tell(request, str(error.detail), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list or run an action; a service's refusal becomes a message."""
        try:
            return super().changelist_view(request, extra_context)
        except ApplicationError as error:
            return self.refusal(request, error)

    # -- export ---------------------------------------------------------------------------------
    @admin.action(description=_("Export as CSV"))
    def export_csv(self, request: HttpRequest, queryset: models.QuerySet) -> StreamingHttpResponse:
        """Send the selected rows as CSV and leave an entry."""
        names = self.export_fields or tuple(
            field.name
            for field in self.opts.concrete_fields
            if field.name not in getattr(self.model, "journal_secret", ())
            and not isinstance(field, KeyField)
        )
        journal.record(
            journal.Action.EXPORT, self.model, count=queryset.count(), reason="admin: CSV"
        )
        return csv_response(queryset, names, filename=f"{self.opts.model_name}.csv")

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no bulk delete where single delete is not allowed."""
        actions = super().get_actions(request)
        if not self.has_delete_permission(request):
            actions.pop("delete_selected", None)
        return actions

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Return a page of the admin that is about this model; no browser keeps it."""
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        base["page_title"] = context.get("title")  # whom it is about
        response = TemplateResponse(request, template, {**base, **context})
        response["Cache-Control"] = "no-store"
        return response

    def confirmed(self, request: HttpRequest, seal: str) -> bool:
        """Tell whether exactly what has this seal was previewed and is confirmed."""
        previewed = request.POST.get("previewed", "")
        return "confirm" in request.POST and constant_time_compare(previewed, seal)

    def tell(self, request: HttpRequest, text: str, level: int = messages.SUCCESS) -> None:
        """Show one notice to the person at the screen."""
        self.message_user(request, text, level)


class ReadOnlyAdmin(ModelAdmin):
    """Rows that people look at and code writes."""

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Refuse: code writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: code writes these rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: code writes these rows."""
        return False
