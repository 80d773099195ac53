"""The saved views of a list, above it, and the pages that keep, open, change and remove one."""

import copy
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import saved_views
from core.admin.filters import AttentionFilter
from core.admin.saved_views import ViewForm, pairs_of, query_of
from core.admin.strict import StrictModelAdmin
from core.db import advisory_lock
from core.models import SavedView


class SavedViewPages(StrictModelAdmin):
    """Mixin: a list with views, which are links above it (Unfold's tabs)."""

    def get_urls(self) -> list[Any]:
        """Add the pages of views before those of objects, whose addresses take any key."""
        seen, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("saved-views/", seen(self.views_view), name=f"{name}_views"),
            path("saved-views/<int:view_id>/", seen(self.open_view), name=f"{name}_view"),
            path("saved-views/<int:view_id>/edit/", seen(self.edit_view), name=f"{name}_view_edit"),
            *super().get_urls(),
        ]

    def list_address(self, page: str, *args: Any) -> str:
        """Return the address of one of the list's pages."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    # -- above the list ---------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list below one's views."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and request.method == "GET":
            context = cast("dict[str, Any]", response.context_data)
            if "cl" in context and not context["cl"].is_popup:
                context["tab_list"] = self.tabs_of_views(request)
        return response

    def tabs_of_views(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return links to views where Unfold looks for a list's tabs; none where there is nothing.

        What is shown now can be kept, unless it is a view already, or the whole list.
        """
        now = query_of(self, request.GET)
        views = [
            {
                "title": view.name,
                "link": self.list_address("view", view.pk),
                "active": view.query == now,
            }
            for view in saved_views.seen_by(request.user, self.opts.label)
        ]
        if not views and not now:
            return []
        page = self.list_address("views")
        last = {"title": _("Saved views"), "link": page}
        if now and not any(view["active"] for view in views):
            last = {"title": _("Save this view"), "link": f"{page}?{now}"}
        whole = {"title": _("All"), "link": self.list_address("changelist"), "active": not now}
        items = [{"has_permission": True, **item} for item in (whole, *views, last)]
        return [{"models": [str(self.opts)], "items": items}]

    # -- what the list takes ----------------------------------------------------------------------
    def takes_all(self, request: HttpRequest, pairs: saved_views.type_pairs) -> bool:
        """Tell whether the list has these filters."""
        asked = copy.copy(request)
        asked.GET = QueryDict(urlencode(pairs))
        try:
            found = self.get_changelist_instance(asked)
        except (IncorrectLookupParameters, SuspiciousOperation):
            return False
        return all(
            spec.value() in dict(spec.lookup_choices)
            for spec in found.filter_specs
            if isinstance(spec, AttentionFilter) and spec.value() is not None
        )

    def still_there(
        self, request: HttpRequest, view: SavedView
    ) -> tuple[saved_views.type_pairs, list[str]]:
        """Return what a view asks that the list still takes, and the names of what it does not."""
        pairs = pairs_of(view.query)
        if self.takes_all(request, pairs):
            return pairs, []
        names = dict.fromkeys(name for name, _value in pairs)
        alone = {name: [pair for pair in pairs if pair[0] == name] for name in names}
        gone = [name for name in names if not self.takes_all(request, alone[name])]
        return [pair for pair in pairs if pair[0] not in gone], gone

    # -- the pages --------------------------------------------------------------------------------
    def views_view(self, request: HttpRequest) -> HttpResponse:
        """Show the views that somebody may change, and keep what an address of the list says.

        Raises:
            Http404: the list is not for them.
        """
        if not self.has_view_or_change_permission(request):
            raise Http404
        view = SavedView(owner_id=int(request.user.pk or 0), model=self.opts.label)
        asked = query_of(self, request.POST.get("query", "") or request.GET)
        form = self.view_form(request, view, {"query": asked})
        with transaction.atomic():
            take_turn(request, self.opts.label)
            if form.is_valid() and not self.takes_all(
                request, pairs_of(form.cleaned_data["query"])
            ):
                form.add_error(None, saved_views.NOTHING)
            if form.is_valid():
                saved_views.store(view, form.cleaned_data)
                messages.success(request, gettext("The view is kept."))
                return HttpResponseRedirect(self.list_address("view", view.pk))
        views = saved_views.changed_by(request.user, self.opts.label)
        return self.views_page(
            request,
            "core/admin/saved_views.html",
            title=gettext("Saved views: %s") % self.opts.verbose_name_plural,
            form=form if asked or form.is_bound else None,
            forgets_search=getattr(self, "has_looks", False),
            views=[(one, self.list_address("view_edit", one.pk)) for one in views],
            list=self.list_address("changelist"),
        )

    def open_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Lead to the list as a view has it, and say what of it is no more.

        Raises:
            Http404: there is no such view, or it is not for them.
        """
        view = saved_views.seen_by(request.user, self.opts.label).filter(pk=view_id).first()
        if view is None or not self.has_view_or_change_permission(request):
            raise Http404
        pairs, gone = self.still_there(request, view)
        if gone:
            names = ", ".join(saved_views.called(name, self.model) for name in gone)
            text = gettext("The list has no such filter any more and is shown without it: %s.")
            messages.warning(request, text % names)
        address = self.list_address("changelist")
        return HttpResponseRedirect(f"{address}?{urlencode(pairs)}" if pairs else address)

    def edit_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Call a view something else, show it to others or nobody, or remove it.

        Raises:
            Http404: there is no such view, or it is not for them.
        """
        with transaction.atomic():
            take_turn(request, self.opts.label)
            rows = saved_views.changed_by(request.user, self.opts.label)
            view = rows.filter(pk=view_id).first()
            if view is None or not self.has_view_or_change_permission(request):
                raise Http404
            if "remove" in request.POST:
                saved_views.remove(view)
                messages.success(request, gettext("The view is removed."))
                return HttpResponseRedirect(self.list_address("views"))
            now = {"name": view.name, "shared_with": view.shared_with}
            form = self.view_form(request, view, now)
            if form.is_valid():
                saved_views.store(view, form.cleaned_data)
                messages.success(request, gettext("The view is kept."))
                return HttpResponseRedirect(self.list_address("views"))
        title = gettext("Saved view: %s") % view.name
        return self.views_page(request, "core/admin/saved_view.html", title=title, form=form)

    def view_form(self, request: HttpRequest, view: SavedView, initial: dict[str, Any]) -> ViewForm:
        """Return the form of a view."""
        given = request.POST if request.method == "POST" else None
        return ViewForm(given, view=view, page=self, by=request.user, initial=initial)

    def views_page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Return a page about views; no browser keeps it."""
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        base["page_title"] = context["title"]
        response = TemplateResponse(request, template, {**base, **context})
        response["Cache-Control"] = "no-store"
        return response


def take_turn(request: HttpRequest, label: str) -> None:
    """Let nobody else write views of a list: names and numbers are looked at first."""
    if request.method == "POST":
        advisory_lock(f"saved_views.{label}")
