"""Duplicates for SUPPORT and ADMIN: find them, merge them, undo that; with preview and reason."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from clinic import access, merging, selectors
from clinic.admin.base import ClinicAdmin
from clinic.forms import MergeForm, WhyForm
from clinic.models import Merge, Patient, Study
from core.admin.forms import seal_of
from core.errors import ApplicationError
from core.values import parse_key


def known(patient: Patient) -> str:
    """Return as much of a patient as SUPPORT may see."""
    return f"{patient.pk} {patient.initials}"


class DuplicatesFilter(admin.SimpleListFilter):
    """Patients of whom there may be another record: the same names and the same birth date."""

    title = _("possible duplicates")
    parameter_name = "duplicates"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer only those."""
        return [("yes", _("Same names and birth date"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Ask for another record, whatever its case."""
        if self.value() != "yes":
            return queryset
        names = {name: Lower(OuterRef(name)) for name in ("first_name", "last_name")}
        others = Patient.objects.annotate(
            lower_first=Lower("first_name"), lower_last=Lower("last_name")
        ).filter(
            birth_date=OuterRef("birth_date"),
            lower_first=names["first_name"],
            lower_last=names["last_name"],
        )
        return queryset.filter(Exists(others.exclude(pk=OuterRef("pk"))))


class MergePages(ClinicAdmin):
    """Mixin: the pages of a patient that merge and part records."""

    actions_detail: Any = ("merge", "undo_merge")

    def has_merge_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Let whoever may look merge: SUPPORT and ADMIN; no clinical text is shown."""
        return self.has_view_permission(request)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer to merge whoever is here, and to undo that of whoever was merged."""
        found = super().get_actions_detail(request, object_id)
        try:
            rows = Patient.everything.filter(pk=parse_key(object_id))
        except ValueError:
            return found
        archived_at, merged_into = rows.values_list("archived_at", "merged_into").first() or (
            None,
            None,
        )
        offered = {"merge": archived_at is None, "undo-merge": merged_into is not None}
        return [one for one in found if offered.get(one.path, True)]

    def patient_of(self, object_id: str) -> Patient:
        """Return the patient whose page this is, or raise Http404."""
        try:
            patient = Patient.everything.filter(pk=parse_key(object_id)).first()
        except ValueError:
            patient = None
        if patient is None:
            raise Http404
        return patient

    def look(self, request: HttpRequest, *patients: int) -> None:
        """Record whom the page shows."""
        reason = access.reason_of(request.method or "", request.path)
        access.list_seen(patients, count=len(patients), reason=reason)

    def to_patient(self, request: HttpRequest, pk: int, text: str) -> HttpResponse:
        """Say what happened on a patient's page."""
        self.tell(request, text)
        return HttpResponseRedirect(reverse("admin:clinic_patient_change", args=[pk]))

    @action(description=_("Merge into another"), permissions=["merge"], url_path="merge")
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Merge this duplicate into the record that stays, after a preview."""
        patient = self.patient_of(object_id)
        if patient.is_archived:
            text = gettext("An archived patient cannot be merged.")
            return self.to_patient(request, patient.pk, text)
        form = MergeForm(request.POST or None, source=patient)
        found = selectors.possible_duplicates(patient)
        others = Patient.objects.filter(pk__in=found).order_by("pk")
        page: dict[str, Any] = {
            "title": gettext("Merge: %s") % patient,
            "form": form,
            "candidates": [(other.pk, other.initials) for other in others],
            "lines": [
                gettext(
                    "The studies move to the other record; this one is archived. It can be undone."
                )
            ],
        }
        seen = [patient.pk, *found]
        if form.is_valid():
            into = form.cleaned_data["into"]
            count = Study.everything.filter(patient=patient).count()
            seal = seal_of(patient.pk, into.pk, count, form.cleaned_data["reason"])
            if self.confirmed(request, seal):
                return self.merged(request, patient, into, form.cleaned_data["reason"])
            seen.append(into.pk)
            names = {"source": known(patient), "into": known(into)}
            page["previewed"] = seal
            page["lines"] = [
                gettext("Patient %(source)s is merged into patient %(into)s.") % names,
                ngettext("%d study moves.", "%d studies move.", count) % count,
            ]
        self.look(request, *seen)
        return self.page(request, "clinic/admin/merge.html", **page)

    def merged(
        self, request: HttpRequest, patient: Patient, into: Patient, reason: str
    ) -> HttpResponse:
        """Do it, and lead to the record that stays."""
        try:
            with transaction.atomic():
                done = merging.merge_patients(source_id=patient.pk, into_id=into.pk, reason=reason)
        except ApplicationError as error:
            return self.refusal(request, error)
        count = len(done.studies)
        text = ngettext("Merged: %d study moved.", "Merged: %d studies moved.", count)
        return self.to_patient(request, into.pk, text % count)

    @action(description=_("Undo the merge"), permissions=["merge"], url_path="undo-merge")
    def undo_merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Bring a merged record back, after a preview."""
        patient = self.patient_of(object_id)
        merge = Merge.objects.filter(source=patient, undone_at=None).first()
        if merge is None:
            return self.to_patient(request, patient.pk, gettext("This patient is not merged."))
        form = WhyForm(request.POST or None)
        count = len(merge.studies)
        seal = seal_of(merge.pk, merge.source_id, merge.into_id)
        if form.is_valid() and self.confirmed(request, seal):
            return self.parted(request, patient, form.cleaned_data["reason"])
        names = {"source": patient.pk, "into": merge.into_id}
        self.look(request, patient.pk, merge.into_id)
        return self.page(
            request,
            "clinic/admin/merge.html",
            title=gettext("Undo the merge: %s") % patient,
            form=form,
            lines=[
                gettext("Patient %(source)s comes back from patient %(into)s.") % names,
                ngettext("%d study moves back.", "%d studies move back.", count) % count,
            ],
            previewed=seal,
        )

    def parted(self, request: HttpRequest, patient: Patient, reason: str) -> HttpResponse:
        """Do it, and lead to the record that is back."""
        try:
            with transaction.atomic():
                done = merging.undo_merge(source_id=patient.pk, reason=reason)
        except ApplicationError as error:
            return self.refusal(request, error)
        count = len(done.studies)
        text = ngettext("Undone: %d study moved back.", "Undone: %d studies moved back.", count)
        return self.to_patient(request, patient.pk, text % count)
