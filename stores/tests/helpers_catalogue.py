"""What is stored of the catalogue, and that a refusal or a repetition leaves it as it is."""

from contextlib import contextmanager

from core.models import JournalEntry
from stores import clock
from stores.models import Assignment, Establishment, Product

MODELS = (Product, Establishment, Assignment)


def stored():
    """Return all rows with their versions, what the clock shows, and the journal's length."""
    rows = {model: list(model.objects.order_by("pk").values()) for model in MODELS}
    return rows, clock.reading().seq, JournalEntry.objects.count()


@contextmanager
def nothing_changes():
    """Assert that what happens inside changes no row, no row version and no history."""
    before = stored()
    yield
    assert stored() == before


def history_of(row):
    """Return the journal's lines about a row: action and changes."""
    lines = JournalEntry.objects.filter(model=row._meta.label, object_id=str(row.pk))
    return list(lines.order_by("pk").values_list("action", "changes"))
