"""What staff do on a page of the admin because of a case: bound while the page does it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from core import cases, context
from core.admin.forms import CASE
from core.admin.strict import StrictModelAdmin

type_view = Callable[..., HttpResponse]


class CaseActionsAdmin(StrictModelAdmin):
    """Mixin: what a form says of a case holds for this page alone (:mod:`core.cases`)."""

    def get_urls(self) -> Any:
        """Bind an action around every page."""
        found = super().get_urls()
        for pattern in found:
            name = str(pattern.name).removeprefix(f"{self.opts.app_label}_{self.opts.model_name}_")
            pattern.callback = self.bound(pattern.callback, name)
        return found

    def bound(self, view: type_view, name: str) -> type_view:
        """Return the view as it is for all but a form that is sent with a case."""

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST" or not request.POST.get(CASE):
                return view(request, *args, **kwargs)
            object_id = unquote(str(kwargs.get("object_id", "")))
            count = 1 if object_id else None
            with context.doing(context.AdminAction(name, self.opts.label, object_id, count)):
                return view(request, *args, **kwargs)

        return answer

    def response_action(self, request: HttpRequest, queryset: models.QuerySet) -> Any:
        """Run an action on the chosen rows; nothing where the case that is named is none."""
        field = self.action_form.base_fields.get(CASE)
        try:
            if field is not None and cases.keeper() is not None:
                field.clean(request.POST.get(CASE))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        if (admin_action := context.admin_action.get()) is not None:
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            admin_action.action = request.POST.get("action", "")
            admin_action.object_id = chosen[0] if len(chosen) == 1 else ""
            admin_action.count = len(chosen)
            if request.POST.get("select_across") == "1":
                admin_action.object_id, admin_action.count = "", queryset.count()
        return super().response_action(request, queryset)
