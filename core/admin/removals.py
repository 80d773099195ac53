"""What removing rows is called, and what it does, where that is no deletion."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core.admin.strict import StrictModelAdmin

MAX_NAMED_ROWS = 20
TEMPLATE = "core/admin/removal.html"


@dataclass(frozen=True, slots=True)
class Removal:
    """The words of a removal.

    ``label`` and ``done`` are about one row: its button, and what is said afterwards.
    ``question`` and ``done_of_selected`` are about so many (``ngettext_lazy`` with ``%d``), and
    ``label_of_selected`` is the list's action. ``effects`` returns, in lines, what removing rows
    takes along or releases, and whether that is for good.
    """

    label: Any
    done: Any
    label_of_selected: Any
    question: Any
    done_of_selected: Any
    effects: Callable[[models.QuerySet[Any]], list[str]]


def remove_selected(page: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    """Ask in the removal's words, then remove the chosen rows: Django's own action but for that.

    Raises:
        PermissionDenied: the rows are not theirs to remove.
    """
    if not page.has_delete_permission(request):
        raise PermissionDenied
    removal, rows = page.removal, list(queryset)
    count = len(rows)
    if request.POST.get("post"):
        page.delete_queryset(request, queryset)
        page.message_user(request, removal.done_of_selected % count)
        return None
    context = {
        **page.admin_site.each_context(request),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        "lines": removal.effects(queryset),
        "more": max(0, count - MAX_NAMED_ROWS),
        "named": rows[:MAX_NAMED_ROWS],
        "opts": page.opts,
        "removal": removal,
        "rows": rows,
        "title": removal.question % count,
    }
    return TemplateResponse(request, TEMPLATE, context)


class RemovalPages(StrictModelAdmin):
    """Mixin: with ``removal`` the button, the question and the message say what happens.

    What cannot be deleted because others need it is named on both pages.
    """

    removal: Removal | None = None
    delete_confirmation_template = "core/admin/delete.html"
    delete_selected_confirmation_template = "core/admin/delete_selected.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.removal is not None:
            self.delete_confirmation_template = TEMPLATE

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Offer the removal by its own name instead of a deletion."""
        obj = kwargs.get("obj")
        if self.removal is not None and obj is not None:
            context["show_delete"] = False
            if self.has_delete_permission(request, obj):
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_delete"
                context["removal_link"] = reverse(name, args=[quote(obj.pk)])
                context["removal"] = self.removal
        return super().render_change_form(request, context, *args, **kwargs)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Ask in the removal's words."""
        if self.removal is not None:
            obj = context["object"]
            context["removal"], context["title"] = self.removal, self.removal.label
            context["named"] = [obj]
            rows = self.get_queryset(request).filter(pk=obj.pk)
            context["lines"] = self.removal.effects(rows)
        response: HttpResponse = super().render_delete_form(request, context)
        return response

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Say what happened, and lead to the list."""
        if self.removal is None or IS_POPUP_VAR in request.POST:
            return super().response_delete(request, obj_display, obj_id)
        self.message_user(request, f"{obj_display}: {self.removal.done}")
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(name))

    def get_actions(self, request: HttpRequest) -> Any:
        """Name the removal of several rows as that of one, and ask in its words."""
        actions = super().get_actions(request)
        if self.removal is not None and "delete_selected" in actions:
            words = self.removal.label_of_selected
            actions["delete_selected"] = (remove_selected, "delete_selected", words)
        return actions
