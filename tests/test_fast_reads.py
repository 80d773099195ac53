"""Both ways from a row to JSON give the same bytes, on every route."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from factory.django import DjangoModelFactory
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin

from core.api.fast import mixin
from core.audit import journal
from core.models import JournalEntry
from tests.routes import all_routes
from users.tests.factories import UserFactory

# Not a view that answers in its own words, without DRF's list or retrieve.
MIXINS = {"list": ListModelMixin, "retrieve": RetrieveModelMixin}
READS = [
    route
    for route in all_routes()
    if route.method == "GET" and issubclass(route.view, MIXINS.get(route.action, ()))
]


@pytest.fixture(autouse=True)
def _fast(settings):
    """Let these tests say for themselves which path they take, however the suite is run."""
    settings.FAST_READS = True


def factories():
    """Return the factory of each model that has one."""
    found = {}
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("tests/factories*.py")):
            module = import_module(f"{config.name}.tests.{path.stem}")
            for item in vars(module).values():
                if isinstance(item, type) and issubclass(item, DjangoModelFactory):
                    found.setdefault(item._meta.model, item)
    return found


def rows_of(model, owner):
    """Make three rows: with and without what may be missing, in several scripts."""
    if model is JournalEntry:
        return [journal.record(journal.Action.CREATE, user) for user in UserFactory.create_batch(3)]
    if model is type(owner):
        return [*UserFactory.create_batch(2), owner]
    factory = factories()[model]
    if hasattr(factory, "samples"):  # rows that the table's constraints let stand side by side
        return factory.samples()
    names = {field.name for field in model._meta.fields}
    mine = {name: owner for name in ("owner", "user") if name in names}
    made = [factory(**mine) for _ in range(3)]
    changes = {}
    for field in model._meta.fields:
        if field.null and not field.primary_key and field.name not in {"archived_at", "wipe"}:
            changes[field.attname] = None
        elif isinstance(field, models.DateTimeField) and not field.null:
            second = timezone.now().replace(microsecond=0)  # what ends, ends after it began
            changes[field.attname] = second + timedelta(days=field.name == "expires_at")
    model._base_manager.filter(pk=made[0].pk).update(**changes)
    if "is_adopted" in names:
        model._base_manager.filter(pk__in=[row.pk for row in made[:2]]).update(is_adopted=True)
    return made


def path_of(route, row):
    """Return the route's address for a row."""
    values = {}
    for name in route.parameters:
        attribute = name.replace("_pk", "_id")
        values[name] = str(getattr(row, attribute, row.pk))
        if name == "patient_pk" and isinstance(row, JournalEntry):
            values[name] = row.object_id
    return route.path(**values)


def answer(client, settings, path, *, fast):
    """Ask once, leaving no trace in the database."""
    settings.FAST_READS = fast
    with transaction.atomic():
        response = client.get(path)
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize("route", READS, ids=str)
def test_both_paths_give_the_same_bytes(route, admin_api, settings, monkeypatch):
    used = []
    plan_for = mixin.plan_for
    monkeypatch.setattr(mixin, "plan_for", lambda *args: used.append(plan_for(*args)) or used[-1])
    model = route.view.queryset.model
    rows = rows_of(model, admin_api.user)
    if "access-log" in route.template:
        from clinic.tests.factories import PatientFactory

        rows = [journal.record(journal.Action.READ, PatientFactory()) for _ in range(2)]
    for row in rows:
        if any(getattr(row, name.replace("_pk", "_id"), row) is None for name in route.parameters):
            continue  # it is another record's
        path = path_of(route, row)
        fast = answer(admin_api, settings, path, fast=True)
        plan = next((one for one in used if one), None)
        plain = answer(admin_api, settings, path, fast=False)
        assert fast.status_code == plain.status_code == 200, path
        assert fast.content == plain.content
        assert fast.get("ETag") == plain.get("ETag")
        # A view that leaves the fast path has to say so, and why.
        assert (plan is not None) == route.view.fast_reads
    if route.action == "list":
        assert fast.json()["results"]
