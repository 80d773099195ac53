"""The four jobs of the runbooks as pages of the admin: preview, reason, journal."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from unfold.decorators import action

from allies import selectors, services
from allies.accesslog.report import tally_of
from allies.accesslog.summary import summarise
from allies.forms import CredentialsForm, LogForm, RenameAllyForm, RenameTagForm
from allies.models import Ally, AllyCredential
from allies.values import swap_tags
from core.admin.base import ModelAdmin
from core.admin.forms import ReasonForm, seal_of
from core.audit import journal
from core.files import csv_lines

# What a page reads of an unpacked log; the command has no such limit.
MAX_PAGE_LOG_BYTES = 128 * 1024 * 1024
MAX_PAGE_LOG_LINES = 2_000_000
MAX_PREVIEW_ROWS = 20


def content_of(form: ReasonForm) -> list[tuple[str, str]]:
    """Return what a form says, to be sealed."""
    return sorted((name, str(value)) for name, value in form.cleaned_data.items())


class JobPages(ModelAdmin):
    """Mixin: pages beside the list and beside one ally."""

    def ally_of(self, object_id: str) -> Ally:
        """Return the ally whose page this is, or raise Http404."""
        ally = Ally.objects.filter(pk=unquote(object_id)).first()
        if ally is None:
            raise Http404
        return ally

    def done(self, request: HttpRequest, text: str, ally: Ally | None = None) -> HttpResponse:
        """Say what happened and go back to the list or the ally."""
        self.tell(request, text)
        if ally is None:
            return HttpResponseRedirect(reverse("admin:allies_ally_changelist"))
        return HttpResponseRedirect(reverse("admin:allies_ally_change", args=[quote(ally.pk)]))

    # --- Tags --------------------------------------------------------------------------------
    @action(description=_("Tags"), icon="sell", permissions=["view"], url_path="tag-distribution")
    def tag_distribution(self, request: HttpRequest) -> HttpResponse:
        """Show each tag and how many allies carry it, on a page or as CSV."""
        rows = selectors.tag_counts()
        if "csv" in request.GET:
            journal.record(journal.Action.EXPORT, Ally, count=len(rows), reason="admin: tags")
            lines = "".join(
                csv_lines(("tag", "allies"), ((row["tag"], row["allies"]) for row in rows))
            )
            headers = {"Content-Disposition": 'attachment; filename="tags.csv"'}
            return HttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
        journal.record(journal.Action.READ, Ally, count=len(rows), reason="admin: tags")
        return self.page(request, "allies/admin/tags.html", title=gettext("Tags"), rows=rows)

    @action(description=_("Rename a tag"), permissions=["change"], url_path="rename-tag")
    def rename_tag(self, request: HttpRequest) -> HttpResponse:
        """Rename a tag on every ally that carries it."""
        form = RenameTagForm(request.POST or None, initial={"old": request.GET.get("tag", "")})
        context: dict[str, Any] = {"title": gettext("Rename a tag"), "form": form}
        if form.is_valid():
            data = form.cleaned_data
            if self.confirmed(request, seal_of(content_of(form))):
                count = services.rename_tag(**data)
                text = ngettext("%d ally changed.", "%d allies changed.", count)
                return self.done(request, text % count)
            carriers = selectors.with_tag(Ally.objects.all(), data["old"])
            context["previewed"] = seal_of(content_of(form))
            context["total"] = carriers.count()
            context["changes"] = [
                (ally, ally.tags, swap_tags(ally.tags, remove=data["old"], add=data["new"]))
                for ally in carriers.order_by("pk")[:MAX_PREVIEW_ROWS]
            ]
        return self.page(request, "allies/admin/job.html", **context)

    # --- One ally ----------------------------------------------------------------------------
    @action(description=_("New name and tag"), permissions=["change"], url_path="rename")
    def rename_ally(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a store another name, and one tag for another."""
        ally = self.ally_of(object_id)
        form = RenameAllyForm(request.POST or None, ally=ally)
        title = gettext("New name and tag: %s") % ally
        context: dict[str, Any] = {"title": title, "form": form}
        if form.is_valid():
            data = form.cleaned_data
            if self.confirmed(request, seal_of(content_of(form))):
                services.rename_and_retag(ally_id=ally.pk, **data)
                return self.done(request, gettext("Changed."), ally)
            tags = swap_tags(ally.tags, remove=data["remove"], add=data["add"])
            context["previewed"] = seal_of(content_of(form))
            context["total"] = 1
            before, after = [ally.name, *ally.tags], [data["name"], *tags]
            context["changes"] = [(ally, before, after)]
        return self.page(request, "allies/admin/job.html", **context)

    @action(description=_("Add credentials"), permissions=["change"], url_path="credentials")
    def add_credentials(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Add credentials. The preview stands above the form: what is typed in never comes back."""
        ally = self.ally_of(object_id)
        form = CredentialsForm(request.POST or None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = services.add_credentials(ally_id=ally.pk, **form.cleaned_data)
            except APIException as error:
                self.tell(request, str(error.detail), messages.ERROR)
                return HttpResponseRedirect(request.path)
            text = gettext("Credentials added: version %d.") % made.version
            return self.done(request, text, ally)
        last = AllyCredential.objects.filter(ally=ally).order_by("-version").first()
        valid = selectors.usable_credentials().filter(ally=ally).order_by("version")
        return self.page(
            request,
            "allies/admin/credentials.html",
            title=gettext("Add credentials: %s") % ally,
            form=form,
            next_version=1 if last is None else last.version + 1,
            valid=list(valid.values_list("version", flat=True)),
        )

    # --- Logs --------------------------------------------------------------------------------
    @action(description=_("Analyse a log"), permissions=["view"], url_path="analyse-log")
    def analyse_log(self, request: HttpRequest) -> HttpResponse:
        """Show what an uploaded server log says; the file is not kept."""
        form = LogForm(request.POST or None, request.FILES or None)
        report = None
        if form.is_valid():
            data = form.cleaned_data
            tally = tally_of(
                data["file"].file,
                since=data["since"],
                until=data["until"],
                max_bytes=MAX_PAGE_LOG_BYTES,
                max_lines=MAX_PAGE_LOG_LINES,
            )
            report = summarise(tally)
            services.record_log_report(report=report, reason=data["reason"])
        return self.page(
            request,
            "allies/admin/log.html",
            title=gettext("Analyse a log"),
            form=form,
            report=report,
            limit=settings.MAX_UPLOAD_BYTES // 1024 // 1024,
        )
