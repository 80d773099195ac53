"""Due times by the rules of today: offered after a rule was changed, with a preview."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from cases.constants import ACTIVE
from cases.errors import NoWorkingTime
from cases.models import Case
from cases.services.recomputing import Recompute
from core.admin.base import ModelAdmin
from core.admin.forms import seal_of
from core.roles import Role

MAX_CASES = 5_000  # what a page computes while somebody waits; the command has no limit


class RecomputePage(ModelAdmin):
    """Mixin: a page beside a list of rules that moves due times."""

    actions_list: Any = ("recompute",)

    def has_recompute_permission(self, request: HttpRequest) -> bool:
        """Let who writes the rules apply them."""
        return getattr(request.user, "role", "") == Role.ADMIN

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save the rest of the form, and offer what follows from it."""
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_recompute"
            text = gettext("The due times of open cases are as they were.")
            link = format_html(
                '{} <a class="underline" href="{}">{}</a>',
                text,
                reverse(name),
                gettext("Compute them anew"),
            )
            self.tell(request, link, messages.WARNING)

    @action(
        description=_("Compute due times anew"), permissions=["recompute"], url_path="recompute"
    )
    def recompute(self, request: HttpRequest) -> HttpResponse:
        """Show how many due times would move, then move them."""
        page: dict[str, Any] = {"title": gettext("Compute due times anew")}
        there = Case.objects.filter(state__in=ACTIVE).order_by().values("pk")
        if there[: MAX_CASES + 1].count() > MAX_CASES:
            page["lines"] = [gettext("There are too many open cases: use manage.py recompute_due.")]
            page["too_many"] = True
        elif request.method == "POST":
            try:
                done = Recompute(dry_run=True).run()
                page["previewed"] = seal_of(done.looked_at, done.moved)
                if self.confirmed(request, page["previewed"]):
                    moved = Recompute().run().moved
                    text = ngettext("%d case has moved.", "%d cases have moved.", moved)
                    self.tell(request, text % moved)
                    return HttpResponseRedirect(reverse("admin:cases_case_changelist"))
            except NoWorkingTime as error:
                self.tell(request, str(error.detail), messages.ERROR)
                return HttpResponseRedirect(request.path)
            about = {"moved": done.moved, "all": done.looked_at}
            page["lines"] = [gettext("Of %(all)d open cases, %(moved)d move.") % about]
        return self.page(request, "cases/admin/recompute.html", **page)
