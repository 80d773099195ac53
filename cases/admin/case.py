"""Cases for support: the queues, and a case's page with all that is done there."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from unfold.decorators import display

from cases.admin import queues, words
from cases.admin.page import describe
from cases.admin.work import WORKS, user_id
from cases.constants import RUNNING, WAITING
from cases.forms.work import WorkForm
from cases.models import Case, CaseEvent
from cases.selectors import number_of
from cases.services import duplicates, people
from cases.services.kinds import kind_of
from cases.services.moves import lock
from core.admin.base import MAX_COUNTED_ROWS, ReadOnlyAdmin
from core.db import advisory_lock
from core.text import email_key, is_storable, search_key
from users.models import User

TEMPLATE = "cases/admin/case.html"


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Cases by queue; what is done with one goes through the services."""

    list_display = (
        *("number", "kind_label", "state_label", "subject", "occurrences"),
        *("reporter", "assignee", "due", "priority_label"),
    )
    list_display_links = ("number", "subject")
    list_filter = (queues.QueueFilter, "state", queues.KindFilter, queues.PriorityFilter)
    list_per_page = 25  # the first due; a row costs as much as all that the database does
    list_select_related = ("reporter", "assignee")
    list_before_template = "cases/admin/queues.html"
    search_fields = ("search_key",)
    search_help_text = _("A number, words of the subject, a reporter's e-mail or a request id.")
    ordering = ("solution_due", "id")
    export_fields = (
        *("number", "kind", "state", "priority", "occurrences", "created_at"),
        *("first_response_due", "first_responded_at", "solution_due", "resolved_at", "resolution"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Leave long texts where they are until a case is shown."""
        return super().get_queryset(request).defer("details", "answer", "links", "search_key")

    def get_urls(self) -> Any:
        """Add the address of what is done with a case."""
        does = self.admin_site.admin_view(self.do)
        address = "<path:object_id>/do/<slug:name>/"
        return [path(address, does, name="cases_case_do"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show a queue below the tabs of all."""
        counted: dict[str, Any] = {}
        if request.method != "POST":
            counted = {"queues": queues.tabs(request), "most": MAX_COUNTED_ROWS}
        return super().changelist_view(request, {**counted, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Find a case by what an index knows; by words of its subject else."""
        text = search_term.strip()
        if not text or not is_storable(text) or not search_key(text):
            return (queryset.none() if text else queryset), False
        if "@" in text:
            reporters = User.objects.filter(email=email_key(text))
            return queryset.filter(reporter__in=reporters.values("pk")), False
        if (number := number_of(text)) is not None:
            return queryset.filter(pk=number), False
        if Case.objects.filter(request_id=text).exists():
            return queryset.filter(request_id=text), False
        return super().get_search_results(request, queryset, text)

    # -- columns ---------------------------------------------------------------------------------
    @display(description=_("number"), ordering="id")
    def number(self, case: Case) -> str:
        """Return what people call the case."""
        return case.number

    @display(description=_("kind"))
    def kind_label(self, case: Case) -> str:
        """Return the kind in words."""
        return str(kind_of(case.kind).label)

    @display(description=_("state"), label=words.STATE_COLOURS, ordering="state")
    def state_label(self, case: Case) -> tuple[str, str]:
        """Return the state and its colour."""
        return case.state, case.get_state_display()

    @display(description=_("due"), ordering="solution_due")
    def due(self, case: Case) -> str:
        """Return when it is due, and how far that is away."""
        if case.state in RUNNING:
            return words.due(case.solution_due, timezone.now(), runs=True)
        if case.state in WAITING:
            return gettext("the clock stands")
        return "" if case.resolved_at is None else words.moment(case.resolved_at)

    @display(description=_("priority"), ordering="priority")
    def priority_label(self, case: Case) -> str:
        """Return the priority in words."""
        return words.priority(case.priority)

    # -- a case's page ---------------------------------------------------------------------------
    def has_work_permission(self, request: HttpRequest) -> bool:
        """Let SUPPORT and ADMIN work on cases."""
        return cast("User", request.user).has_perm("cases.change_case")

    def case_of(self, request: HttpRequest, object_id: str) -> Case:
        """Return the case of a page.

        Raises:
            Http404: there is none.
        """
        case = self.get_object(request, unquote(object_id))
        if case is None or not self.has_view_permission(request, case):
            raise Http404
        return cast("Case", case)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show the case. The page's forms are sent elsewhere: what is sent here changes nothing."""
        return self.shown(request, self.case_of(request, object_id))

    def shown(
        self, request: HttpRequest, case: Case, name: str = "", form: WorkForm | None = None
    ) -> HttpResponse:
        """Show the case, with a form that was refused."""
        seen = CaseEvent.objects.filter(case=case).aggregate(seen=Max("pk"))["seen"] or 0
        about = describe(request, case, seen=seen, refused=(name, form))
        title = gettext("Case %(number)s") % {"number": case.number}
        return self.page(request, TEMPLATE, title=title, **about)

    def do(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Do something with a case, unless that changed since the page was shown."""
        case = self.case_of(request, object_id)
        what = WORKS.get(name)
        if what is None or not self.has_work_permission(request):
            raise Http404
        if request.method != "POST":  # the page again, after somebody had to sign in
            return self.to_case(case)
        form = what.form(request.POST, case=case)
        if form.is_valid():
            try:
                case, is_done = self.done(form, name)
            except APIException as error:  # the kind's own, too
                form.add_error(None, words_of(error))
            else:
                if is_done:
                    self.tell(request, str(what.said))
                    return self.to_case(case)
                text = gettext("The case has changed meanwhile: look at it, and send it again.")
                form.add_error(None, text)
        return self.shown(request, self.case_of(request, object_id), name, form)

    def done(self, form: WorkForm, name: str) -> tuple[Case, bool]:
        """Do it, and tell whether it was done; not to a case that nobody has seen as it is now.

        Accounts are locked before the case, as everywhere.
        """
        with transaction.atomic():
            accounts = {user_id(), form.cleaned_data.get("assignee")} - {None}
            people.keep_accounts(cast("set[int]", accounts))
            if (assignee := form.cleaned_data.get("assignee")) is not None:
                people.keep_assignee(assignee)
            if name == "duplicate":
                advisory_lock(duplicates.LOCK)
            case = lock(form.case.pk)
            later = CaseEvent.objects.filter(case=case, pk__gt=form.cleaned_data["seen"])
            if later.exists():
                return case, False
            return WORKS[name].does(case, form), True

    def to_case(self, case: Case) -> HttpResponse:
        """Lead to the page of a case."""
        return HttpResponseRedirect(reverse("admin:cases_case_change", args=[case.pk]))


def words_of(error: APIException) -> str:
    """Return a refusal as people read it: what is wrong with fields, or all of it."""
    fields = [str(one["detail"]) for one in getattr(error, "errors", None) or []]
    return " ".join(fields or texts_in(error.detail))


def texts_in(detail: Any) -> list[str]:
    """Return the texts of what a refusal says of fields, in order."""
    parts = detail.values() if isinstance(detail, dict) else detail
    if not isinstance(detail, dict | list):
        return [str(detail)]
    return [text for part in parts for text in texts_in(part)]
