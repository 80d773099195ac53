"""The pages of one object: its data, what changed, and who looked at it, as tabs."""

from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import headers, looks, panels, words
from core.admin.strict import StrictModelAdmin
from core.audit import history

type_tab = dict[str, Any]


class ObjectPages(StrictModelAdmin):
    """Mixin: the tabs of an object (Unfold's), and the pages that the journal fills.

    With ``has_looks`` there is a page of who looked; what is on it is left out of the changes.
    """

    has_looks = False
    has_panels = True  # False where rows are only listed and no app has anything about one
    header_labels: tuple[str, ...] = ()  # methods with @display(label=…), beside the list's own
    change_form_outer_before_template = "core/admin/header.html"
    change_form_after_template = "core/admin/panels.html"
    object_history_template = "core/admin/history.html"

    def get_urls(self) -> list[Any]:
        """Add the page of who looked, where looks are recorded."""
        found: list[Any] = super().get_urls()
        if not self.has_looks:
            return found
        name = f"{self.opts.app_label}_{self.opts.model_name}_looks"
        view = self.admin_site.admin_view(self.looks_view)
        return [path("<path:object_id>/looks/", view, name=name), *found]

    def record_opened(self, request: HttpRequest, obj: Any) -> None:
        """Record that somebody opened a page of the object; nothing unless looks are recorded."""

    def tabs_of(self, request: HttpRequest, obj: Any) -> list[type_tab]:
        """Return the tabs of an object as Unfold's templates want them.

        Those with ``inline`` are parts of the page of data, and shown without a new page.
        """
        page = self.page_address(obj, "change")
        is_data = request.path == page
        tabs: list[type_tab] = [
            {"title": _("Data"), "link": page, "inline": "general" if is_data else ""},
            *(
                {
                    "title": words.capitalised(inline.verbose_name_plural),
                    "link": page,
                    "inline": slugify(inline.get_formset(request, obj).get_default_prefix()),
                }
                for inline in self.get_inline_instances(request, obj)
                if getattr(inline, "tab", False)
            ),
        ]
        found = panels.panels_about(request, obj) if self.has_panels else []
        inner = {panel.tab for panel in found}
        if panels.RELATED in inner:
            tabs.append({"title": _("Related"), "link": page, "inline": panels.RELATED})
        tabs.append({"title": _("Changes"), "link": self.page_address(obj, "history")})
        if self.has_looks:
            tabs.append({"title": _("Who looked"), "link": self.page_address(obj, "looks")})
        if panels.CASES in inner:
            tabs.append({"title": _("Cases"), "link": page, "inline": panels.CASES})
        for tab in tabs:
            tab["has_permission"] = True
            tab["active"] = tab["link"] == request.path
        return tabs

    def page_address(self, obj: Any, page: str) -> str:
        """Return the address of one of an object's pages."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[quote(obj.pk)])

    def with_tabs(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return the tabs in the place where Unfold looks for those of a page, and the header."""
        about = [{"name": str(self.opts), "detail": True}]
        tabs = self.tabs_of(request, obj)
        return {
            "tab_list": [{"models": about, "items": tabs}],
            "header": {"name": str(obj), "id": obj.pk, "labels": self.labels_of(request, obj)},
        }

    def labels_of(self, request: HttpRequest, obj: Any) -> list[headers.Label]:
        """Return how the object stands; override where not everybody may know."""
        return headers.labels_of(self, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form of a stored object below its tabs, and what apps have about it."""
        obj = kwargs.get("obj")
        if obj is not None:
            context["panels"] = panels.panels_for(request, obj) if self.has_panels else []
            context.update(self.with_tabs(request, obj))
        return super().render_change_form(request, context, *args, **kwargs)

    def opened(self, request: HttpRequest, object_id: str) -> Any:
        """Return the object of a page that is about to be shown, or None; the look is recorded."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_or_change_permission(request, obj):
            return None
        self.record_opened(request, obj)
        return obj

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show what changed, from the journal, request by request."""
        obj = self.opened(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        entries = history.history_of(obj, without=history.LOOKS if self.has_looks else ())
        words.tell(entries)
        context = {
            **self.admin_site.each_context(request),
            **self.with_tabs(request, obj),
            "title": gettext("History: %s") % obj,
            "steps": history.steps(entries),
            "more": len(entries) == history.MAX_ENTRIES,
            "may_see_journal": request.user.has_perm("core.view_journalentry"),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def looks_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show who looked at the object, or send that as a file.

        Raises:
            Http404: there is no such object, or it is not for them.
        """
        obj = self.opened(request, object_id)
        if obj is None:
            raise Http404
        found = looks.shown(request, obj)
        if "csv" in request.GET and found["form"].is_valid():
            return looks.as_csv(obj, found["form"].cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            **self.with_tabs(request, obj),
            **found,
            "title": gettext("Who looked: %s") % obj,
            "object": obj,
            "opts": self.opts,
        }
        response = TemplateResponse(request, "core/admin/looks.html", context)
        response["Cache-Control"] = "no-store"
        return response
