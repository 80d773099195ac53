"""Groups of unrecognised items for support; and items of visits from before."""

import uuid
from io import StringIO

import pytest
from django.core.management import call_command

from stores.models import Unrecognised, UnrecognisedGroup, Visit
from stores.services import groups, older_items
from stores.tests.factories import ProductFactory, VersionFactory
from stores.tests.factories_cases import GroupFactory, ItemFactory
from stores.tests.helpers_cases import GTIN, with_items, work
from stores.tests.helpers_constraints import change
from stores.tests.helpers_push import pushed
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
PATH = "/api/unrecognised"


@pytest.fixture
def support(client_for):
    return client_for("SUPPORT")


def test_support_lists_filters_and_reads_groups(support, client_for):
    first, second = GroupFactory(text="Yogur Griego"), GroupFactory(kind="gtin", value=f"0{GTIN}")
    rows = support.get(PATH).json()["results"]
    assert [row["id"] for row in rows] == [second.pk, first.pk]
    assert [row["id"] for row in support.get(f"{PATH}?kind=gtin").json()["results"]] == [second.pk]
    assert support.get(f"{PATH}?state=resolved").json()["results"] == []
    found = support.get(f"{PATH}?search=GRIEGO&state=open").json()["results"]
    assert [row["id"] for row in found] == [first.pk]
    assert support.get(f"{PATH}/{first.pk}").json() == {
        "id": first.pk,
        "kind": "text",
        "value": first.value,
        "text": "Yogur Griego",
        "state": "open",
        "resolution": "",
        "product": None,
        "occurrences": 0,
        "sellers": 0,
        "cities": 0,
        "case_id": None,
        "first_seen_at": found[0]["first_seen_at"],
        "resolved_at": None,
    }
    assert_problem(support.get(f"{PATH}?kind=x"), 400, "invalid")
    assert_problem(support.get(f"{PATH}/{second.pk + 1}"), 404, "not_found")
    for role in ("SELLER", "USER"):
        assert client_for(role).get(PATH).status_code == 403


@pytest.mark.parametrize("count", [1, 10, 50])
def test_a_list_costs_the_same(support, django_assert_num_queries, count):
    GroupFactory.create_batch(count)
    with django_assert_num_queries(2):
        assert len(support.get(PATH).json()["results"]) == count


def test_a_preview_says_which_visits_would_change_and_changes_nothing(phone, store, support):
    product, other = ProductFactory(), ProductFactory()
    VersionFactory(products=[product])
    pushed(phone, with_items(store, GTIN))
    pushed(phone, with_items(store, GTIN, seen=[product.pk]))
    path = f"{PATH}/{UnrecognisedGroup.objects.get().pk}/preview"
    with nothing_changes():
        answer = support.get(f"{path}?product={product.pk}").json()
        assert answer == {"items": 2, "visits": 2, "changed_visits": 1, "changed_days": 1}
        answer = support.get(f"{path}?product={other.pk}").json()
        assert answer == {"items": 2, "visits": 2, "changed_visits": 0, "changed_days": 0}
    assert_problem(support.get(path), 400, "invalid")
    assert_problem(support.get(f"{path}?product=0"), 400, "invalid")
    assert_problem(support.get(f"{path}?product=x"), 400, "invalid")
    assert_problem(support.get(f"{path}?product={2**63 - 1}"), 400, "unknown_product")


@pytest.mark.parametrize("count", [1, 10, 50])
def test_a_preview_costs_the_same(django_assert_num_queries, count):
    group, product = GroupFactory(), ProductFactory()
    ItemFactory.create_batch(count, group=group)
    with django_assert_num_queries(2):
        assert groups.preview(group, product).items == count


def run(*arguments):
    """Run the command; return what it printed."""
    out = StringIO()
    call_command("read_unrecognised", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("keeper")
def test_items_of_visits_from_before_are_read_once(phone, store, monkeypatch):
    product = ProductFactory()
    VersionFactory(products=[product])
    documents = [with_items(store, GTIN, "pan") for _ in range(3)]
    pushed(phone, *documents)
    with_none = with_items(store)
    pushed(phone, with_none)
    Unrecognised.objects.all().delete()
    UnrecognisedGroup.objects.all().delete()
    change(product, gtin=GTIN, gtin_key=f"0{GTIN}")
    with nothing_changes():
        assert "visits 3, items 6" in run("--dry-run")
    monkeypatch.setattr(older_items, "BATCH_ROWS", 2)
    assert run() == "visits 3, items 6, groups known by now 0\n"
    assert Unrecognised.objects.filter(state="matched", product=product).count() == 3
    for document in documents:
        found = Visit.objects.get(pk=document["id"])
        assert (found.present, found.missing) == (1, [])
    assert Visit.objects.get(pk=with_none["id"]).present == 0
    work()
    assert UnrecognisedGroup.objects.get().occurrences == 3
    with nothing_changes():
        assert run() == "visits 0, items 0, groups known by now 0\n"


@pytest.mark.usefixtures("keeper")
def test_groups_whose_name_is_known_by_now_resolve_themselves(phone, store):
    pushed(phone, with_items(store, GTIN, "pan"))
    work()
    product = ProductFactory(gtin=GTIN)
    assert run() == "visits 0, items 0, groups known by now 1\n"
    work()
    found = UnrecognisedGroup.objects.get(state="resolved")
    assert (found.product, found.kind) == (product, "gtin")


def test_an_unknown_group_is_not_resolved():
    group = GroupFactory.build(pk=0)
    with nothing_changes(), pytest.raises(groups.NotFound):
        groups.resolve_groups([group], "unreadable", {}, "x")
    groups.resolve(str(uuid.uuid4()), "fixed", {}, "a case that a seller filed")


@pytest.mark.parametrize(
    ("resolution", "values", "error"),
    [
        ("alias_of", {"product": 0}, groups.UnknownProduct),
        ("alias_of", {"product": "x"}, groups.UnknownProduct),
        ("alias_of", {"product": True}, groups.UnknownProduct),
        ("alias_of", {"product": 2**80}, groups.UnknownProduct),
        ("alias_of", {"product": "\u0663"}, groups.UnknownProduct),
        ("alias_of", {"product": 1.0}, groups.UnknownProduct),
        ("new_product", {"name": 5}, groups.ValidationError),
        ("new_product", {"name": True}, groups.ValidationError),
        ("new_product", {"name": " "}, groups.ValidationError),
        ("new_product", {"name": "a\x00b"}, groups.ValidationError),
        ("new_product", {"name": "a" * 151}, groups.ValidationError),
    ],
)
def test_what_cannot_be_decided_is_refused(resolution, values, error, nobody):
    group = GroupFactory()
    ProductFactory(pk=1)
    ProductFactory(pk=3)
    with nothing_changes(), pytest.raises(error):
        groups.resolve_groups([group], resolution, values, "x")


@pytest.mark.parametrize("key", [str, int])
def test_a_product_is_named_by_its_key_or_the_digits_of_it(key, nobody):
    group, product = GroupFactory(), ProductFactory()
    assert groups.resolve_groups([group], "alias_of", {"product": key(product.pk)}, "x") == 1
    group.refresh_from_db()
    assert group.product == product


def test_a_new_product_is_called_as_it_was_typed(nobody):
    groups.resolve_groups([GroupFactory()], "new_product", {"name": "007"}, "x")
    assert UnrecognisedGroup.objects.get().product.name == "007"
