"""Reads without a serializer's work, of Django's own tables: when they are made, and how."""

import datetime as dt

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework import mixins, serializers
from rest_framework.permissions import BasePermission

from core.api.fast import mixin
from core.api.fast.overrides import overrides, overrides_read
from core.api.fast.plan import plan_of
from core.api.permissions import ANYONE
from core.api.renderers import dumps
from core.api.serializers import ModelSerializer
from core.api.views import BaseViewSet, ReadOnlyModelViewSet
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fast(settings):
    """Let these tests say for themselves which path they take, however the suite is run."""
    settings.FAST_READS = True


@pytest.fixture
def planned(monkeypatch):
    """Return a list that fills with the plan, or None, of each read that asks for one."""
    found = []
    plan_for = mixin.plan_for

    def note(view, queryset):
        found.append(plan_for(view, queryset))
        return found[-1]

    monkeypatch.setattr(mixin, "plan_for", note)
    return found


class EntrySerializer(ModelSerializer):
    class Meta:
        model = LogEntry
        fields = ("id", "action_time", "object_repr", "user")


class EntryViewSet(ReadOnlyModelViewSet):
    permission_table = {"list": ANYONE, "retrieve": ANYONE}
    queryset = LogEntry.objects.all()
    serializer_class = EntrySerializer


class PlainEntryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    permission_table = EntryViewSet.permission_table
    queryset = EntryViewSet.queryset
    serializer_class = EntrySerializer


def entry(text="Rex", **fields):
    return LogEntry.objects.create(
        user=UserFactory(), action_flag=ADDITION, object_repr=text, **fields
    )


def read(view, rf, pk=None):
    """Return a view's answer to a GET of the list, or of one row."""
    if pk is None:
        return view.as_view({"get": "list"})(rf.get("/things"))
    return view.as_view({"get": "retrieve"}, detail=True)(rf.get("/things/1"), pk=str(pk))


# --- When -----------------------------------------------------------------------------------------
def test_without_the_base_class_the_answers_are_the_same(rf, settings, planned):
    key = entry().pk
    entry()
    for pk in (None, key):
        fast = read(EntryViewSet, rf, pk)
        assert planned.pop() is not None
        settings.FAST_READS = False
        plain = read(PlainEntryViewSet, rf, pk)
        settings.FAST_READS = True
        assert fast.status_code == plain.status_code == 200
        assert fast.content == plain.content
        assert fast.headers == plain.headers
    assert planned == []


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30])
def test_what_is_not_there_is_404_with_and_without_the_base_class(rf, pk):
    fast, plain = read(EntryViewSet, rf, pk), read(PlainEntryViewSet, rf, pk)
    assert (fast.status_code, plain.status_code) == (404, 404)


def test_a_view_may_say_no(rf, planned):
    class Slow(EntryViewSet):
        fast_reads = False

    key = entry().pk
    for pk in (None, key):
        assert read(Slow, rf, pk).content == read(EntryViewSet, rf, pk).content
    assert len(planned) == 2  # of EntryViewSet


def test_the_setting_says_no_to_all(rf, planned, settings):
    settings.FAST_READS = False
    assert read(EntryViewSet, rf, entry().pk).status_code == 200
    assert planned == []


class OwnObject(EntryViewSet):
    def get_object(self):
        return super().get_object()


class OwnSource(EntryViewSet):
    def get_object_from(self, queryset):
        return super().get_object_from(queryset)


class OwnCheck(EntryViewSet):
    def check_object_permissions(self, request, obj):
        """Let everybody see everything."""


class OwnSerializer(EntryViewSet):
    def get_serializer(self, *args, **kwargs):
        return super().get_serializer(*args, **kwargs)


@pytest.mark.parametrize("view", [OwnObject, OwnSource, OwnCheck, OwnSerializer])
def test_what_a_view_overrides_is_called(rf, planned, view):
    key = entry().pk
    assert overrides_read(view, "retrieve")
    assert read(view, rf, key).content == read(EntryViewSet, rf, key).content
    assert [plan is None for plan in planned] == [True, False]


def test_only_a_list_and_a_retrieve_of_drf_are_plain_reads():
    class OwnList(EntryViewSet):
        def list(self, request):
            return super().list(request)

    assert not overrides_read(EntryViewSet, "list")
    assert not overrides_read(OwnObject, "list")
    assert not overrides_read(OwnList, "retrieve")
    assert overrides_read(OwnList, "list")
    assert overrides_read(EntryViewSet, "export")
    assert overrides_read(EntryViewSet, None)
    assert overrides(OwnList, "get_object", "list")
    assert not overrides(OwnList, "get_object", "unknown")


def test_a_permission_that_looks_at_the_object_sees_one(rf, planned):
    class Never(BasePermission):
        def has_object_permission(self, request, view, obj):
            return not isinstance(obj, LogEntry)

    class Guarded(EntryViewSet):
        permission_classes = (Never,)

    assert read(Guarded, rf, entry().pk).status_code == 401
    assert planned == [None]


def test_a_view_without_a_plan_is_asked_for_its_queryset_once(rf, planned):
    class Shown(EntrySerializer):
        size = serializers.SerializerMethodField()

        class Meta(EntrySerializer.Meta):
            fields = ("size",)

        def get_size(self, obj):
            return len(obj.object_repr)

    class Counting(EntryViewSet):
        serializer_class = Shown
        asked = 0

        def get_queryset(self):
            Counting.asked += 1
            return super().get_queryset()

    key = entry().pk
    with CaptureQueriesContext(connection) as queries:
        answer = read(Counting, rf, key)
    assert answer.content == b'{"size":3}'
    assert (planned, Counting.asked, len(queries)) == ([None], 1, 1)


# --- Whose SQL is always the same -----------------------------------------------------------------
def test_a_queryset_that_somebody_narrowed_is_not_the_declared_one(rf):
    view = EntryViewSet(action_map={"get": "list"}, request=rf.get("/"))
    declared = view.get_queryset()
    assert view.source(declared) == (declared, EntryViewSet)
    for changed in (declared.all(), declared.filter(pk=1), declared.order_by("user")):
        assert isinstance(changed, QuerySet)
        assert view.source(changed).owner is None
    view.queryset = LogEntry.objects.none()  # of this request
    assert view.source(view.get_queryset()).owner is None


def test_a_declared_queryset_is_never_evaluated(rf):
    for number in range(3):
        entry(str(number))
        page = read(EntryViewSet, rf)
        assert page.content.count(b"object_repr") == number + 1


class PermissionSerializer(ModelSerializer):
    class Meta:
        model = Permission
        fields = ("codename",)


class TypeSerializer(ModelSerializer):
    permissions = PermissionSerializer(many=True, source="permission_set")

    class Meta:
        model = ContentType
        fields = ("model", "permissions")


def types_with(**wanted):
    """Return a view of content types that shows only some of their permissions."""

    class TypeViewSet(ReadOnlyModelViewSet):
        permission_table = EntryViewSet.permission_table
        queryset = ContentType.objects.prefetch_related(
            Prefetch("permission_set", Permission.objects.filter(**wanted))
        )
        serializer_class = TypeSerializer

    return TypeViewSet


def test_each_view_has_the_children_that_it_prefetches(rf, planned):
    key = ContentType.objects.get_for_model(LogEntry).pk
    for word in ("add", "view"):
        shown = read(types_with(codename__startswith=word), rf, key)
        expected = b'{"model":"logentry","permissions":[{"codename":"%s_logentry"}]}'
        assert shown.content == expected % word.encode()
    assert None not in planned


# --- What a plan makes of values ------------------------------------------------------------------
def plain_and_planned(serializer, obj, settings):
    """Return a row as DRF's serializer shows it, and as its plan does: rows and object alike."""
    settings.FAST_READS = False
    plain = dumps(serializer(obj).data)
    settings.FAST_READS = True
    plan = plan_of(serializer, LogEntry)
    rows = plan.rows(list(plan.narrow(LogEntry.objects.filter(pk=obj.pk))))
    assert dumps(plan.of_object(obj)) == dumps(serializer(obj).data) == plain
    return plain, dumps(rows[0])


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
def test_times_are_written_as_drf_writes_them(zone, when, settings):
    with timezone.override(zone):
        plain, fast = plain_and_planned(EntrySerializer, entry(action_time=when), settings)
    assert fast == plain


@pytest.mark.parametrize("text", ["Ñandú 🐕", 'quo"te\\', "ﬁ", "\u2028 line", "ß" * 50, "é"])
def test_any_text_is_written_as_drf_writes_it(text, settings):
    plain, fast = plain_and_planned(EntrySerializer, entry(text), settings)
    assert fast == plain
    assert text.encode() in plain or "quo" in text


class Shouting(EntrySerializer):
    """Has a ``to_representation`` of its own."""

    def to_representation(self, instance):
        return {"object_repr": instance.object_repr.upper()}


class Computed(ModelSerializer):
    """Has a method field."""

    size = serializers.SerializerMethodField()

    class Meta:
        model = LogEntry
        fields = ("id", "size")

    def get_size(self, obj):
        return len(obj.object_repr)


class Formatted(ModelSerializer):
    """Has a time format of its own."""

    action_time = serializers.DateTimeField(format="%Y")

    class Meta:
        model = LogEntry
        fields = ("action_time",)


class Upper(serializers.CharField):
    def to_representation(self, value):
        return value.upper()


class Transformed(ModelSerializer):
    """Has a field with a ``to_representation`` of its own."""

    object_repr = Upper()

    class Meta:
        model = LogEntry
        fields = ("object_repr",)


class ByValue(Upper):
    by_value = True


class Declared(Transformed):
    """Has one that needs nothing but the value, and says so."""

    object_repr = ByValue()


@pytest.mark.parametrize("serializer", [Shouting, Computed, Transformed])
def test_what_a_plan_cannot_say_is_left_to_the_serializer(serializer):
    assert plan_of(serializer, LogEntry) is None
    assert serializer(entry()).data


@pytest.mark.parametrize("serializer", [Formatted, Declared])
def test_fields_that_need_only_their_value_are_asked(serializer, settings):
    plain, fast = plain_and_planned(serializer, entry(), settings)
    assert fast == plain
