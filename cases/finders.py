"""What the admin's search finds of cases: their numbers."""

from collections.abc import Iterator

from django.http import HttpRequest

from cases.models import Case
from cases.selectors import number_of
from core.admin.search import Found, hits


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find a case by its number, with or without "C-"."""
    cases = Case.objects.filter(pk=number_of(text) or 0)
    yield from hits(request, cases, lambda case: case.get_state_display())
