"""What the admin's search finds of the clinic: numbers of patients and studies, and no names.

A hit shows nothing that was not typed; whoever opens it leaves the line of a look.
"""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.models import Patient, Study
from core.admin.search import Found, hits
from core.values import parse_key


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find patients by their number, here or in another system, and studies by theirs."""
    try:
        key = parse_key(text)
    except ValueError:
        key = 0
    patients = Patient.objects.filter(Q(pk=key) | Q(external_id=text)).order_by("id")
    yield from hits(request, patients, archived, number)
    yield from hits(request, Study.objects.filter(pk=key), archived, number)


def number(row: Patient | Study) -> str:
    """Return the number by which a record is known."""
    return f"{row.pk}"


def archived(row: Patient | Study) -> str:
    """Tell whether a record is archived."""
    return _("archived") if row.archived_at else ""
