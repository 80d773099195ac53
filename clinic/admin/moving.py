"""A study under the wrong patient: find the right one, see both side by side, move it, say why."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from clinic import access, services
from clinic.admin.base import ClinicAdmin, sees_clinical
from clinic.forms import WhyForm
from clinic.models import Patient, Study
from core.admin.forms import seal_of
from core.errors import ApplicationError
from core.text import is_storable
from core.values import parse_key

MAX_FOUND = 10
MAX_SEARCHED_CHARACTERS = 200


class MovePage(ClinicAdmin):
    """Mixin: the page of a study that moves it to another patient."""

    actions_detail: Any = ("move",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a stored study's patient as a link: the page of the move changes it."""
        shown = super().get_readonly_fields(request, obj)
        return shown if obj is None else (*shown, "of_patient")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name the patient instead of asking for a number."""
        shown = super().get_fields(request, obj)
        is_changed = obj is not None and sees_clinical(request)
        return ["of_patient" if is_changed and one == "patient" else one for one in shown]

    @display(description=_("patient"))
    def of_patient(self, study: Study) -> str:
        """Return whose study it is, as a link."""
        address = reverse("admin:clinic_patient_change", args=[study.patient_id])
        link = '<a class="text-primary-700 underline dark:text-primary-400" href="{}">{}</a>'
        return format_html(link, address, study.patient)

    def has_move_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Let whoever may look move, as they may merge; no clinical text is shown."""
        return self.has_view_permission(request)

    @action(
        description=_("Move to another patient"),
        permissions=["move"],
        url_path="move",
        icon="move_item",
    )
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Find the patient, then show both side by side, then move."""
        study = self.get_object(request, object_id)
        if study is None:
            raise Http404
        if study.is_archived:
            return self.to_study(request, study, gettext("An archived study cannot be moved."))
        asked = request.POST or request.GET
        into = self.chosen(asked.get("into", ""), study)
        page: dict[str, Any] = {"study": study, "query": request.GET.get("q", "")}
        seen = [study.patient_id]
        if into is not None:
            seen.append(into.pk)
            seal = seal_of(study.pk, *(facts_of(one) for one in (study.patient, into)))
            form = WhyForm(request.POST or None)
            if form.is_valid():
                if self.confirmed(request, seal):
                    return self.moved(request, study, into, form.cleaned_data["reason"])
                text = gettext("This is not what was shown before: look at it, and confirm it.")
                form.add_error(None, text)
            page |= {"form": form, "previewed": seal, "into": into.pk}
            page["rows"] = side_by_side(request, study.patient, into)
        elif page["query"]:
            page["found"] = self.candidates(request, page["query"], study)
            seen += [patient.pk for patient, _facts in page["found"]]
        reason = access.reason_of(request.method or "", request.path, request.GET)
        access.list_seen(seen, count=len(seen), reason=reason)
        title = gettext("Move to another patient: %s") % study
        return self.page(request, "clinic/admin/move.html", title=title, **page)

    def chosen(self, spelled: str, study: Study) -> Patient | None:
        """Return the patient that the address or the form names; none for the study's own."""
        try:
            key = parse_key(spelled)
        except ValueError:
            return None
        return Patient.objects.exclude(pk=study.patient_id).filter(pk=key).first()

    def candidates(
        self, request: HttpRequest, text: str, study: Study
    ) -> list[tuple[Patient, list[str]]]:
        """Return some patients by what the list of patients is searched for: by number, to SUPPORT.

        SUPPORT finds by the whole e-mail address, too; ADMIN by names.
        """
        if not is_storable(text) or len(text) > MAX_SEARCHED_CHARACTERS:
            return []
        listed: Any = self.admin_site._registry[Patient]  # noqa: SLF001 - Django offers no other way
        rows = Patient.objects.exclude(pk=study.patient_id).order_by("pk")
        found, _distinct = listed.get_search_results(request, rows, text)
        return [(one, facts_shown(request, one)) for one in found[:MAX_FOUND]]

    def moved(self, request: HttpRequest, study: Study, into: Patient, reason: str) -> HttpResponse:
        """Do it, and lead back to the study."""
        try:
            with transaction.atomic():
                services.move_study(
                    study_id=study.pk, source_id=study.patient_id, into_id=into.pk, reason=reason
                )
        except ApplicationError as error:
            return self.refusal(request, error)
        about = {"study": study.pk, "source": study.patient_id, "into": into.pk}
        text = gettext("Study %(study)s was moved from patient %(source)s to patient %(into)s.")
        return self.to_study(request, study, text % about)

    def to_study(self, request: HttpRequest, study: Study, text: str) -> HttpResponse:
        """Say what happened on the study's page."""
        self.tell(request, text)
        return HttpResponseRedirect(reverse("admin:clinic_study_change", args=[study.pk]))


def facts_of(patient: Patient) -> tuple[Any, ...]:
    """Return what was seen of a patient when the move was decided."""
    return patient.pk, patient.first_name, patient.last_name, patient.birth_date


def facts_shown(request: HttpRequest, patient: Patient) -> list[str]:
    """Return what somebody may see of a patient: initials, or the name and the birth date."""
    if not sees_clinical(request):
        return [patient.initials, localize(localtime(patient.created_at))]
    name = f"{patient.first_name} {patient.last_name}".strip()
    return [name, patient.birth_date.isoformat(), patient.email or "—"]


def side_by_side(request: HttpRequest, source: Patient, into: Patient) -> list[tuple[Any, ...]]:
    """Return what may be seen of both patients, line by line."""
    names: list[Any] = [_("name"), _("birth date"), _("e-mail")]
    if not sees_clinical(request):
        names = [_("initials"), _("created")]
    both = (facts_shown(request, source), facts_shown(request, into))
    counts = [str(Study.objects.filter(patient=one).count()) for one in (source, into)]
    return [
        (_("number"), str(source.pk), str(into.pk)),
        *((name, *shown) for name, *shown in zip(names, *both, strict=True)),
        (_("studies"), *counts),
    ]
