"""Both ways from a row to JSON give the same bytes, on every route; and the fast one is fast."""

import datetime as dt
import gc
import sys
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from factory.django import DjangoModelFactory
from rest_framework import serializers

from core.api.fast import plan as reading
from core.api.fast.overrides import is_stock
from core.api.renderers import dumps
from core.api.serializers import ModelSerializer
from core.audit import journal
from core.models import JournalEntry
from core.roles import Role
from dogs.models import Dog
from dogs.serializers import DogSerializer
from dogs.tests.factories import DogFactory
from tests.routes import all_routes
from users.tests.factories import UserFactory

READS = [
    route
    for route in all_routes()
    if route.method == "GET" and route.action in {"list", "retrieve"}
    and getattr(route.view, "queryset", None) is not None
    and "credentials" not in route.template  # no resource: a view that answers in its own words
]  # fmt: skip
# What is known to need its serializer; a route that leaves the fast path has to be written here.
PLAIN = {
    "GET /api/users/me": "it looks up administrators",
    "GET /api/users/(?P<pk>[0-9]{1,18})": "as above",
    "GET /api/movies/favorites": "movies.selectors.ROW has its own rows",
    "GET /api/movies/users/<int:user_id>/favorites": "as above",
    "GET /api/movies/favorites/<int:movie_id>": "the document of a movie is its serializer's",
    "GET /api/patients/(?P<patient_pk>[^/.]+)/studies": "it asks for the patient first",
}


@pytest.fixture(autouse=True)
def _fast(settings):
    """Let these tests say for themselves which path they take, however the suite is run."""
    settings.FAST_READS = True


def factories():
    """Return the factory of each model that has one."""
    found = {}
    for config in apps.get_app_configs():
        try:
            module = import_module(f"{config.name}.tests.factories")
        except ModuleNotFoundError:
            continue
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, DjangoModelFactory):
                found.setdefault(item._meta.model, item)
    return found


def rows_of(model, owner):
    """Make three rows: with and without what may be missing, in several scripts."""
    if model is JournalEntry:
        DogFactory.create_batch(3)
        return [journal.record(journal.Action.CREATE, dog) for dog in Dog.objects.all()]
    if model is type(owner):
        return [*UserFactory.create_batch(2), owner]
    names = {field.name for field in model._meta.fields}
    mine = {name: owner for name in ("owner", "user") if name in names}
    made = [factories()[model](**mine) for _ in range(3)]
    changes = {}
    for field in model._meta.fields:
        if field.null and not field.primary_key and field.name not in {"archived_at", "wipe"}:
            changes[field.attname] = None
        elif isinstance(field, models.DateTimeField) and not field.null:
            changes[field.attname] = timezone.now().replace(microsecond=0)
    model._base_manager.filter(pk=made[0].pk).update(**changes)
    if model is Dog:
        Dog.objects.filter(pk__in=[dog.pk for dog in made[:2]]).update(is_adopted=True)
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
    plan_for = reading.plan_for
    monkeypatch.setattr(reading, "plan_for", lambda *args: used.append(plan_for(*args)) or used[-1])
    model = route.view.queryset.model
    rows = rows_of(model, admin_api.user)
    if "access-log" in route.template:
        from clinic.tests.factories import PatientFactory

        rows = [journal.record(journal.Action.READ, PatientFactory()) for _ in range(2)]
    for row in rows:
        path = path_of(route, row)
        fast = answer(admin_api, settings, path, fast=True)
        plan = next((one for one in used if one), None)
        plain = answer(admin_api, settings, path, fast=False)
        assert fast.status_code == plain.status_code == 200, path
        assert fast.content == plain.content
        assert fast.get("ETag") == plain.get("ETag")
        assert (plan is None) == (str(route) in PLAIN)
    if route.action == "list":
        assert fast.json()["results"]


@pytest.mark.parametrize("zone", ["America/Bogota", "UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    "when",
    [
        dt.datetime(2026, 7, 1, 4, 5, 6, 7, tzinfo=dt.UTC),
        dt.datetime(2026, 7, 1, 4, 5, 6, tzinfo=dt.UTC),
        dt.datetime(1900, 1, 1, tzinfo=dt.UTC),  # Bogota's offset had seconds
        dt.datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
    ],
)
def test_times_are_written_as_drf_writes_them(zone, when, db, settings):
    dog = DogFactory(create_date=when)
    plan = reading.plan_of(DogSerializer, Dog)
    with timezone.override(zone):
        settings.FAST_READS = False
        plain = dumps(DogSerializer(dog).data)
        assert dumps(plan.rows(list(plan.narrow(Dog.objects.all())))[0]) == plain
        settings.FAST_READS = True
        assert dumps(DogSerializer(dog).data) == plain


@pytest.mark.parametrize("name", ["Ñandú 🐕", 'quo"te\\', "ﬁ", "\u2028 line", "ß" * 50, "é"])
def test_any_text_is_written_as_drf_writes_it(name, db, api, settings):
    DogFactory(name=name)
    pages = [answer(api, settings, "/api/dogs", fast=fast).content for fast in (True, False)]
    assert pages[0] == pages[1]
    assert name.encode() in pages[0] or "quo" in name


class Shouting(DogSerializer):
    """Has a ``to_representation`` of its own."""

    def to_representation(self, instance):
        return {"name": instance.name.upper()}


class Computed(ModelSerializer):
    """Has a method field."""

    size = serializers.SerializerMethodField()

    class Meta:
        model = Dog
        fields = ("id", "size")

    def get_size(self, dog):
        return len(dog.name)


class Formatted(ModelSerializer):
    """Has a time format of its own."""

    create_date = serializers.DateTimeField(format="%Y")

    class Meta:
        model = Dog
        fields = ("create_date",)


class Upper(serializers.CharField):
    def to_representation(self, value):
        return value.upper()


class Transformed(ModelSerializer):
    """Has a field with a ``to_representation`` of its own."""

    name = Upper()

    class Meta:
        model = Dog
        fields = ("name",)


class ByValue(Upper):
    by_value = True


class Declared(Transformed):
    """Has one that needs nothing but the value, and says so."""

    name = ByValue()


@pytest.mark.parametrize("serializer", [Shouting, Computed, Transformed])
def test_what_a_plan_cannot_say_is_left_to_the_serializer(serializer, db):
    assert reading.plan_of(serializer, Dog) is None
    assert serializer(DogFactory(name="Rex")).data


@pytest.mark.parametrize("serializer", [Formatted, Declared])
def test_fields_that_need_only_their_value_are_asked(serializer, db, settings):
    dog = DogFactory(name="Rex")
    settings.FAST_READS = False
    plain = serializer(dog).data
    plan = reading.plan_of(serializer, Dog)
    assert plan.rows(list(plan.narrow(Dog.objects.all()))) == [plain]


def test_a_view_with_a_get_object_of_its_own_keeps_it():
    from users.views import MeViewSet

    assert not is_stock(MeViewSet, "retrieve")


@pytest.mark.skipif(not apps.is_installed("clinic"), reason="clinic brings the nested rows")
def test_children_come_as_the_view_prefetches_them(db, client_for):
    from clinic.tests import factories as clinic

    study = clinic.StudyFactory()
    clinic.StudyFactory(patient=study.patient, archived_at=timezone.now())
    client = client_for(Role.CLINICIAN)
    page = client.get("/api/patients").json()
    assert [one["id"] for one in page["results"][0]["studies"]] == [study.pk]


# --- What it costs: counted, never timed ----------------------------------------------------------
def calls_of(run):
    """Return how many calls, of Python and of C functions, ``run`` makes in this thread."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    gc.collect()  # what it calls is nobody's cost
    gc.disable()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def test_a_row_more_costs_a_handful_of_calls_and_no_query(db, client):
    DogFactory.create_batch(60)
    for limit in (10, 50):
        client.get(f"/api/dogs?limit={limit}")
    few, many = (
        calls_of(lambda limit=limit: client.get(f"/api/dogs?limit={limit}")) for limit in (10, 50)
    )
    # DRF's own way takes 200. SQLite's texts become times by a dozen calls.
    assert (many - few) / 40 <= 32
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/dogs?limit=50")
    assert len(queries) == 1


def test_one_resource_costs_few_calls_and_one_query(db, client):
    dog = DogFactory()
    path = f"/api/dogs/{dog.name}"
    client.get(path)
    # The test client's own 700 included; the plain path takes 1,600 more.
    assert calls_of(lambda: client.get(path)) <= 3000
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    assert len(queries) == 1


def test_a_signed_in_read_costs_one_query_more(user_api):
    dog = DogFactory()
    with CaptureQueriesContext(connection) as queries:
        user_api.get(f"/api/dogs/{dog.name}")
    assert len(queries) == 2
