"""A patient's studies on the patient's page: a line each, which leads to the study's own page."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from clinic.constants import UrgencyLevel
from clinic.models import Patient, Study, StudySource

PER_PAGE = 20
PARAMETER = "studies-page"
PATIENT = "patient"  # whose study a form is about to add, in its address
COLOURS = {UrgencyLevel.HIGH: "danger", UrgencyLevel.MID: "warning", UrgencyLevel.LOW: "info"}


def page_of(request: HttpRequest, patient: Patient) -> Page[Any]:
    """Return the page of studies that the address asks for, the newest first.

    With an archived patient they are all archived, and shown all the same.
    """
    manager = Study.everything if patient.is_archived else Study.objects
    of_file = StudySource.objects.filter(study=OuterRef("pk"))
    rows = manager.filter(patient=patient).annotate(is_of_file=Exists(of_file))
    paginator = Paginator(rows.defer("description").order_by("-pk"), PER_PAGE)
    page = paginator.get_page(request.GET.get(PARAMETER))
    for study in page.object_list:
        study.colour = COLOURS.get(study.urgency_level, "")
    return page


def add_link(patient: Patient) -> str:
    """Return the address of the form of another study of a patient."""
    return f"{reverse('admin:clinic_study_add')}?{urlencode({PATIENT: patient.pk})}"
