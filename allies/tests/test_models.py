"""The database refuses allies and credentials that cannot be."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from allies import selectors
from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from allies.values import read_origins, read_tags, swap_tags
from core.db import violates

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"id": ""}, "allies_ally_id_usable"),
        ({"id": "tags"}, "allies_ally_id_usable"),
        ({"name": ""}, "allies_ally_name_present"),
        ({"tags": {"tag1": "x"}}, "allies_ally_tags_list"),
        ({"tags": "x"}, "allies_ally_tags_list"),
        ({"tags": ["Finanzas"]}, "allies_ally_tags_spelled"),
        ({"tags": [""]}, "allies_ally_tags_spelled"),
        ({"tags": ["a", ""]}, "allies_ally_tags_spelled"),
        ({"tags": [" a"]}, "allies_ally_tags_spelled"),
        ({"tags": ["a", " b"]}, "allies_ally_tags_spelled"),
        ({"tags": ["a", "b "]}, "allies_ally_tags_spelled"),
        ({"allowed_origins": {}}, "allies_ally_origins_list"),
        ({"discount": -1}, "allies_ally_discount_percent"),
        ({"discount": "100.01"}, "allies_ally_discount_percent"),
        ({"min_amount": 2, "max_amount": 1}, "allies_ally_amounts_ordered"),
    ],
)
def test_constraint_refuses_an_ally(values, constraint):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AllyFactory(**values)
    assert violates(caught.value, Ally, constraint)
    assert Ally.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.parametrize("tags", [[1], ["a", None], [["a"]], [{}]])
def test_postgresql_refuses_tags_that_are_no_texts(tags):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AllyFactory(tags=tags)
    assert violates(caught.value, Ally, "allies_ally_tags_list")


@pytest.mark.postgres
@pytest.mark.parametrize("tag", ["a ", "a  b", "x" * 51, "a\tb", "a\n"])
def test_postgresql_refuses_more_spellings(tag):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AllyFactory(tags=[tag, "b"])
    assert violates(caught.value, Ally, "allies_ally_tags_spelled")


def test_whatever_the_api_takes_the_database_takes():
    odd = ['32"', '"', "[", "]", ",", "[]", ", x", "],", 'a, "b', "\\", "ñandú", "é", "İ", "ς",
           "🐶", "{", "7", "'", "%", "x" * 50, "straße", "ß ß",
           "\u00b5", "\ufb01", "\u01c5"]  # fmt: skip
    ally = AllyFactory(tags=read_tags(odd))
    ally.full_clean()
    for tag in read_tags(odd):
        for tags in ([tag], [tag, "z"], ["a", tag], ["a", tag, "z"]):
            Ally.objects.filter(pk=ally.pk).update(tags=tags)
            assert Ally.objects.get().tags == tags


def test_tags_of_before_get_their_spelling():
    migration = import_module("allies.migrations.0005_tags_of_before")
    assert migration.spelled(["Educación ", "", 7, "educación", None, ["x"], "x" * 60]) == [
        "educación",
        "7",
        "x" * 50,
    ]
    AllyFactory(tags=["a"])
    migration.mend(apps, None)
    assert history().count() == 0


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"version": 0}, "allies_credential_version_from_1"),
        ({"revoked_at": timezone.now()}, "allies_credential_current_not_revoked"),
        (
            {"revoked_at": timezone.now(), "is_current": False},
            "allies_credential_revoked_with_reason",
        ),
        ({"key_id": ""}, "allies_credential_key_named"),
    ],
)
def test_constraint_refuses_credentials(values, constraint):
    ally = with_credentials()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AllyCredential.objects.filter(ally=ally).update(**values)
    assert violates(caught.value, AllyCredential, constraint)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"version": 1, "is_current": False}, "allies_credential_version_unique"),
        ({"version": 2, "is_current": True}, "allies_credential_one_current"),
    ],
)
def test_one_version_and_one_current(values, constraint):
    ally = with_credentials()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AllyCredential.objects.create(ally=ally, key_id="k", **values)
    assert violates(caught.value, AllyCredential, constraint)
    assert AllyCredential.objects.count() == 1


@pytest.mark.parametrize("key", ["a/b", "..", ".a", "", "ñ", "a b", "tags", "TAGS", "a%2f"])
def test_ids_that_do_not_work_in_an_address(key):
    with pytest.raises(ValidationError):
        Ally(id=key, name="x").full_clean()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([" Finanzas ", "FINANZAS", "salud"], ["finanzas", "salud"]),
        ({"tag2": "b", "tag10": "c", "tag1": "a"}, ["a", "b", "c"]),
        (["cafe\u0301", "caf\u00e9"], ["caf\u00e9"]),
        (["ropa   de  cama"], ["ropa de cama"]),
        (["ropa\u00a0\u3000de\u2800cama"], ["ropa de cama"]),
        (["fin\u034fanzas", "fin\u200danzas\u3164", "Finanzas"], ["finanzas"]),
    ],
)
def test_tags_have_one_spelling(given, expected):
    assert read_tags(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "finanzas",
        None,
        1,
        [1],
        [None],
        [""],
        ["  "],
        ["a" * 51],
        ["a\u202eb"],
        ["\u3164"],
        ["\u2800"],
        [["a"]],
        {"tag": "a"},
        {"tag0": "a"},
        {"tag1": 1},
        {"tag1": ""},
        {"x": "a"},
        [str(number) for number in range(51)],
    ],
)
def test_what_is_no_tag(given):
    with pytest.raises(ValidationError):
        read_tags(given)


def test_swapped_tags_keep_their_place_and_stand_once():
    assert swap_tags(["a", "b", "c"], remove="b", add="x") == ["a", "x", "c"]
    assert swap_tags(["a", "b"], remove="z", add="x") == ["a", "b", "x"]
    assert swap_tags(["a", "x"], remove="a", add="x") == ["x"]
    assert swap_tags(["a", "b"], remove="a") == ["b"]
    assert swap_tags(["a"]) == ["a"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Shop.Example.com", "https://shop.example.com"),
        ("https://a.b:443", "https://a.b"),
        ("http://a.b:8080/", "http://a.b:8080"),
        ("https://[::1]:9", "https://[::1]:9"),
    ],
)
def test_origins(given, expected):
    assert read_origins([given]) == [expected]


@pytest.mark.parametrize(
    "given",
    ["*", "null", "ftp://a", "https://", "https://a/x", "https://u:p@a", "https://a:x", "a.b", 1,
     "https://a?x", "https://ñ.example", "https://a b", "https://[::1", "https://" + "a" * 300],
)  # fmt: skip
def test_what_is_no_origin(given):
    with pytest.raises(ValidationError):
        read_origins([given])


@pytest.mark.postgres
def test_a_tag_is_found_by_its_index():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO allies_ally (id, name, brand_owner, tags, discount, min_amount,"
            " allowed_origins, is_active, created_at, updated_at)"
            " SELECT n::text, 'x', '', jsonb_build_array('tag-' || n %% 5000, 'all'), 0, 0,"
            " '[]', true, now(), now() FROM generate_series(1, %s) AS n",
            [50_000],
        )
        cursor.execute("ANALYZE allies_ally")
    found = selectors.with_tag(Ally.objects.all(), "tag-7")
    assert "Bitmap Index Scan on allies_ally_tags" in found.explain()
    assert found.count() == 10
