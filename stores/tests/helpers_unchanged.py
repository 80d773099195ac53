"""What a refused request leaves behind: nothing."""

from contextlib import contextmanager

from django.apps import apps

from core.models import JournalEntry


def everything():
    """Return every row of the app, its clocks included, and how long the journal is."""
    models = apps.get_app_config("stores").get_models()
    rows = {
        model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models
    }
    return rows, JournalEntry.objects.count()


@contextmanager
def nothing_changes():
    """Assert that what is done inside changes no row of the app, moves no clock, says nothing."""
    before = everything()
    yield
    assert everything() == before
