"""Import with a preview: a dry run with every bad row, then exactly what was previewed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Self

from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from core import context
from core.admin import held
from core.admin.base import ModelAdmin
from core.admin.forms import ReasonForm, seal_of
from core.admin.import_forms import FileForm, Outcome, UploadForm
from core.audit import journal
from core.errors import ApplicationError
from core.files import CHOICES, Layout, Problem, Report, csv_lines, download


@dataclass(slots=True)
class Job:
    """What is to be imported: files by name, what was chosen beside them, and how they are kept."""

    choices: dict[str, str]
    files: Mapping[str, bytes]
    token: str = ""

    @classmethod
    def of(cls, post: Mapping[str, str]) -> Self:
        """Return the job that a preview's form names; its files are not opened yet.

        Raises:
            ValueError: the form was not made by this page.
        """
        try:
            given = json.loads(post.get("choices", ""))
            job = cls({str(name): str(one) for name, one in given.items()}, {}, post["token"])
        except (AttributeError, RecursionError) as error:
            raise ValueError from error
        job.layout()
        return job

    def layout(self) -> Layout:
        """Return how the files are written, or raise ValueError for a choice that is none."""
        return Layout.given(**{name: self.choices.get(name, "") for name in CHOICES})

    def streams(self) -> dict[str, IO[bytes]]:
        """Return the files to read."""
        return {name: BytesIO(body) for name, body in self.files.items()}


class ImportPages(ModelAdmin):
    """Mixin: a page that imports files, after a preview."""

    actions_list: Any = ("import_rows",)
    upload_form: type[UploadForm] = FileForm
    import_errors: tuple[type[Exception], ...] = (ApplicationError,)

    def import_files(self, job: Job, report: Report, *, dry_run: bool) -> Outcome:
        """Import files; a dry run writes nothing. Every bad row goes into the report."""
        raise NotImplementedError  # only the app knows what its files are

    def refused(self, request: HttpRequest, error: Exception) -> None:
        """Hear of a refusal whose writes are rolled back already; nothing to do here."""

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let whoever may add and change rows import."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    @action(description=_("Import"), permissions=["import"], url_path="import", icon="upload")
    def import_rows(self, request: HttpRequest) -> HttpResponseBase:
        """Take files, show what they would do, and do exactly that."""
        if not request.POST.get("token"):
            return self.preview(request)
        try:
            job = Job.of(request.POST.dict())
        except ValueError:
            return self.gone(request)
        form = ReasonForm(request.POST)
        if "confirm" in request.POST and form.is_valid():
            return self.confirm(request, job, form.cleaned_data["reason"])
        job.files = held.opened(job.token, about=self.about(request, job))
        if not job.files:
            return self.gone(request)
        if "bad_rows" in request.POST:
            return self.bad_rows(request, job)
        return self.shown(request, job, form)

    def about(self, request: HttpRequest, job: Job) -> str:
        """Return for whom and for what files are held."""
        return f"{self.opts.label}|{request.user.pk}|{json.dumps(job.choices, sort_keys=True)}"

    def preview(self, request: HttpRequest) -> HttpResponseBase:
        """Show what the files would do, and keep them; ask for them before."""
        form = self.upload_form(request.POST or None, request.FILES or None)
        if not form.is_valid():
            return self.asked(request, form)
        given = {name: form.cleaned_data.get(name) for name in form.file_names}
        files = {name: file.read() for name, file in given.items() if file is not None}
        job = Job(form.choices, files)
        job.token = held.hold(files, about=self.about(request, job))
        return self.shown(request, job, ReasonForm())

    def tried(self, request: HttpRequest, job: Job, report: Report) -> tuple[Outcome, str]:
        """Return what files would do, and why they are not to be imported, if so."""
        try:
            return self.import_files(job, report, dry_run=True), ""
        except self.import_errors as error:
            self.refused(request, error)
            if report.count:
                return Outcome(), gettext("There are bad rows. Nothing can be imported.")
            return Outcome(), str(getattr(error, "detail", error))

    def shown(
        self, request: HttpRequest, job: Job, form: ReasonForm, *, note: str = ""
    ) -> HttpResponseBase:
        """Show what kept files would do."""
        report = Report()
        outcome, why = self.tried(request, job, report)
        return self.asked(
            request,
            self.upload_form(),
            note=note,
            why=why,
            outcome=outcome,
            problems=report.kept,
            problem_count=report.count,
            reason_form=form,
            token=job.token,
            choices=json.dumps(job.choices),
            previewed=seal_of(job.token, outcome.counts),
        )

    def asked(self, request: HttpRequest, form: UploadForm, **shown: Any) -> HttpResponseBase:
        """Show the page."""
        title = gettext("Import: %s") % self.opts.verbose_name_plural
        return self.page(request, "core/admin/import.html", title=title, form=form, **shown)

    def gone(self, request: HttpRequest) -> HttpResponseBase:
        """Say that there is no such preview, and ask for the file again."""
        text = gettext("This preview is over: choose the file again.")
        return self.asked(request, self.upload_form(), note=text)

    def bad_rows(self, request: HttpRequest, job: Job) -> HttpResponseBase:
        """Send every bad row of kept files as CSV."""
        found: list[Problem] = []
        self.tried(request, job, Report(tell=found.append))
        header = (gettext("file"), gettext("row"), gettext("column"), gettext("problem"))
        rows = ((one.file, one.row, one.column, one.message) for one in found)
        return download(csv_lines(header, rows), f"{self.opts.model_name}-bad-rows.csv")

    def confirm(self, request: HttpRequest, job: Job, reason: str) -> HttpResponseBase:
        """Import kept files, if that does exactly what was shown."""
        is_same = False
        try:
            with transaction.atomic():
                job.files = held.release(job.token, about=self.about(request, job))
                if not job.files:
                    return self.gone(request)
                outcome = self.import_files(job, Report(), dry_run=False)
                is_same = self.confirmed(request, seal_of(job.token, outcome.counts))
                transaction.set_rollback(not is_same)
                if is_same:
                    action, count = journal.Action.CHANGE, outcome.rows
                    journal.record(action, self.model, reason=reason, count=count)
        except self.import_errors as error:
            self.refused(request, error)
        if is_same:
            return self.imported(request, outcome)
        note = gettext("Rows changed since the preview. Nothing was imported: look again.")
        return self.shown(request, job, ReasonForm(), note=note)

    def imported(self, request: HttpRequest, outcome: Outcome) -> HttpResponseBase:
        """Lead to the list, with a link to all that was done."""
        query = urlencode({"request": context.request_id.get()})
        address = f"{reverse('admin:core_journalentry_changelist')}?{query}"
        link = '{} <a class="underline" href="{}">{}</a>'
        done = " · ".join(outcome.lines)
        self.tell(request, format_html(link, done, address, gettext("What it did, row by row")))
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(page))
