"""An object's history as people read it: names, times and choices in their language."""

from typing import Any

from django.db import models
from django.template.defaultfilters import date, yesno
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.models import JournalEntry

MAX_ENTRIES = 200  # the journal's own list has all
MOMENT = "Y-m-d H:i:s T"


def shown(field: Any, value: Any) -> Any:
    """Return a value that the journal keeps as JSON; a field that is gone leaves it as it is."""
    if isinstance(value, bool):
        return yesno(value)
    if not isinstance(value, str | int) or field is None:
        return value
    if field.flatchoices:
        return dict(field.flatchoices).get(value, value)
    moment = parse_datetime(str(value)) if isinstance(field, models.DateTimeField) else None
    return value if moment is None else date(timezone.localtime(moment), MOMENT)


def history_of(obj: models.Model) -> list[JournalEntry]:
    """Return the latest entries about ``obj``, newest first.

    Each has ``lines``: a field's name with its values before and after, or with None for a secret.
    """
    fields: dict[str, Any] = {field.name: field for field in obj._meta.concrete_fields}
    entries = list(
        JournalEntry.objects.filter(model=obj._meta.label, object_id=str(obj.pk)).order_by("-id")[
            :MAX_ENTRIES
        ]
    )
    for entry in entries:
        lines = []
        for name, values in entry.changes.items():
            field = fields.get(name)
            both = None if values is None else [shown(field, value) for value in values]
            lines.append((field.verbose_name if field else name, both))
        entry.lines = lines  # type: ignore[attr-defined]  # read by the template
    return entries
