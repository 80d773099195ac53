"""Who looked at an object: a page from the journal, by days and person, and the same as CSV."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin import words
from core.admin.forms import text_field
from core.audit import history, journal
from core.files import csv_lines, download
from core.files.writing import in_chunks
from core.models import JournalEntry
from core.validators import plain_text
from core.values import YEARS, parse_key

PER_PAGE = 50
MAX_COUNTED_ROWS = 10_000
PERSON_LENGTH = 254
COLUMNS = ("at", "actor_kind", "actor_label", "action", "reason", "count", "request_id")


def day_field(label: Any) -> forms.DateField:
    """Return a day that may be left open; the browser has a calendar for it."""
    first, last = dt.date(YEARS[0], 1, 1), dt.date(YEARS[-1], 12, 31)
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        validators=[MinValueValidator(first), MaxValueValidator(last)],
    )


class LooksForm(forms.Form):
    """Which looks: from a day until a day, both included, and by whom."""

    since = day_field(_("From"))
    until = day_field(_("Until"))
    person = text_field(_("Person"), PERSON_LENGTH, required=False, validators=[plain_text])

    def clean(self) -> dict[str, Any]:
        """Refuse days the wrong way round."""
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            raise forms.ValidationError(_("The last day is before the first one."))
        return data


def looks_at(obj: models.Model, asked: dict[str, Any]) -> models.QuerySet[JournalEntry]:
    """Return who came near an object, newest first: one range of the journal's index."""
    rows = JournalEntry.objects.filter(
        model=obj._meta.label, object_id=str(obj.pk), action__in=history.LOOKS
    ).order_by("-id")
    if since := asked.get("since"):
        rows = rows.filter(at__gte=beginning_of(since))
    if until := asked.get("until"):
        rows = rows.filter(at__lt=beginning_of(until + dt.timedelta(days=1)))
    if person := asked.get("person"):
        rows = rows.filter(actor_label__icontains=person)
    return rows


def beginning_of(day: dt.date) -> dt.datetime:
    """Return when a day begins for whoever looks."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def shown(request: HttpRequest, obj: models.Model) -> dict[str, Any]:
    """Return what the page shows: the form, a page of looks, how many there are, the rest."""
    form = LooksForm(request.GET)
    is_right = form.is_valid()
    rows = looks_at(obj, form.cleaned_data) if is_right else JournalEntry.objects.none()
    counted = rows.order_by().values("pk")[: MAX_COUNTED_ROWS + 1].count() if is_right else 0
    found = list(earlier_than(request.GET.get("before", ""), rows)[: PER_PAGE + 1])
    words.tell(found)
    asked = request.GET.copy()
    for name in ("before", "csv"):
        asked.pop(name, None)
    return {
        "form": form,
        "entries": found[:PER_PAGE],
        "number": min(counted, MAX_COUNTED_ROWS),
        "is_more": counted > MAX_COUNTED_ROWS,
        "earlier": found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None,
        "query": asked.urlencode(),
    }


def earlier_than(
    spelled: str, rows: models.QuerySet[JournalEntry]
) -> models.QuerySet[JournalEntry]:
    """Return the rows before the one that an address names; all where it names none."""
    try:
        return rows.filter(pk__lt=parse_key(spelled))
    except ValueError:
        return rows


def as_csv(obj: models.Model, asked: dict[str, Any]) -> HttpResponseBase:
    """Return the looks as a file, with the route in words and as the journal has it."""
    rows = looks_at(obj, asked)
    journal.record(journal.Action.EXPORT, obj, count=rows.count(), reason="admin: who looked")
    header = (
        *(gettext("when"), gettext("kind of actor"), gettext("actor"), gettext("action")),
        *(gettext("where"), gettext("address"), gettext("results"), gettext("request id")),
    )
    name = f"{obj._meta.model_name}-{obj.pk}-looks.csv"
    return download(csv_lines(header, lines(rows, get_language() or settings.LANGUAGE_CODE)), name)


def lines(rows: models.QuerySet[JournalEntry], language: str) -> Iterator[tuple[Any, ...]]:
    """Yield the looks in words; a file is sent when the request's language is forgotten."""
    for at, kind, label, action, reason, count, request_id in in_chunks(rows, COLUMNS):
        with override(language):
            done = str(journal.Action(action).label)
            who, place = words.actor(kind, label), words.reason(reason)
            kind_of_actor = words.kind_of_actor(kind)
        yield at, kind_of_actor, who, done, place, reason, count, request_id
