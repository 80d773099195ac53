"""What removing a row is called, and what it does, where that is no deletion."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.admin.strict import StrictModelAdmin


@dataclass(frozen=True, slots=True)
class Removal:
    """The words of a removal: its button, what it does, what is said afterwards; of several."""

    label: Any
    text: Any
    done: Any
    label_of_selected: Any


class RemovalPages(StrictModelAdmin):
    """Mixin: with ``removal`` the button, the question and the message say what happens."""

    removal: Removal | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.removal is not None:
            self.delete_confirmation_template = "core/admin/removal.html"

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

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Ask in the removal's words."""
        words = (
            {} if self.removal is None else {"removal": self.removal, "title": self.removal.label}
        )
        return super().delete_view(request, object_id, {**words, **(extra_context or {})})

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Say what happened, and lead to the list."""
        if self.removal is None or IS_POPUP_VAR in request.POST:
            return super().response_delete(request, obj_display, obj_id)
        self.message_user(request, f"{obj_display}: {self.removal.done}")
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(name))

    def get_actions(self, request: HttpRequest) -> Any:
        """Name the removal of several rows as that of one."""
        actions = super().get_actions(request)
        if self.removal is not None and "delete_selected" in actions:
            run, name, _described = actions["delete_selected"]
            actions["delete_selected"] = (run, name, self.removal.label_of_selected)
        return actions
