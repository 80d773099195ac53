"""Support says what unrecognised products are: from the list in four presses, once for all."""

import pytest

from core import cases
from core.roles import Role
from stores.models import DirtyDay, Product, ProductAlias, Unrecognised, UnrecognisedGroup, Visit
from stores.services import deciding, groups
from stores.tests.factories import ProductFactory, VersionFactory
from stores.tests.factories_cases import GroupFactory
from stores.tests.helpers_admin import (
    ADMIN,
    act,
    confirm,
    done,
    history_of,
    notices,
    page,
    signed_in,
)
from stores.tests.helpers_cases import GTIN, with_items, work
from stores.tests.helpers_push import pushed

pytestmark = pytest.mark.django_db
LIST = f"{ADMIN}unrecognisedgroup/"
BULK = f"{LIST}alias-of"
REASON = "Es el yogur griego."


def preview(items, visits, changed, days):
    """Return what the page says that a decision changes."""
    return [
        f"Items that are decided: {items}",
        f"Visits with them: {visits}",
        f"Visits whose compliance changes: {changed}",
        f"Days whose compliance changes: {days}",
    ]


def recognise_page(group):
    return f"{LIST}{group.pk}/recognise/"


@pytest.fixture
def support():
    return signed_in(Role.SUPPORT)


@pytest.fixture
def listed():
    """A product on the list of every store."""
    product = ProductFactory(name="Yogur griego")
    VersionFactory(products=[product, ProductFactory()])
    return product


@pytest.fixture
def group(keeper, phone, store, listed):
    """What two visits of a seller could not name, and its case."""
    pushed(phone, with_items(store, GTIN), with_items(store, GTIN))
    work()
    DirtyDay.objects.all().delete()
    return UnrecognisedGroup.objects.get()


def stored():
    """Return what a refusal must leave as it was."""
    return [
        list(UnrecognisedGroup.objects.order_by("pk").values()),
        list(Visit.objects.order_by("pk").values()),
        ProductAlias.objects.count(),
        Product.objects.count(),
    ]


def test_the_decision_is_previewed_confirmed_and_reaches_the_visits(
    support, keeper, group, listed, seller
):
    data = {"resolution": "alias_of", "product": listed.pk, "reason": REASON}
    before = stored()
    shown = support.post(recognise_page(group), data)
    assert shown.context["preview"] == preview(2, 2, 2, 1)
    assert stored() == before
    _shown, said = confirm(support, recognise_page(group), data)
    assert said == ["1 product decided. Its visits follow in a moment."]
    group.refresh_from_db()
    assert (group.state, group.resolution, group.product) == ("resolved", "alias_of", listed)
    assert keeper.views[group.case_id].state == "resolved"
    assert keeper.views[group.case_id].answer == REASON
    work()
    counts = Visit.objects.values_list("must_have", "present", "compliance")
    assert [(must, present, str(share)) for must, present, share in counts] == [
        (2, 1, "0.5000")
    ] * 2
    assert DirtyDay.objects.filter(seller=seller).count() == 1
    [line] = history_of(group)
    assert (line[0], line[1], line[3]) == ("change", support.user.pk, REASON)
    assert ProductAlias.objects.get().product == listed


@pytest.mark.parametrize("resolution", ["not_a_product", "unreadable"])
def test_what_is_no_product_changes_no_compliance(support, group, listed, resolution):
    data = {"resolution": resolution, "product": listed.pk, "name": "X", "reason": "Borroso."}
    shown, _said = confirm(support, recognise_page(group), data)
    assert shown.context["preview"] == preview(2, 2, 0, 0)
    group.refresh_from_db()
    assert (group.state, group.resolution, group.product) == ("resolved", resolution, None)
    work()
    assert list(Visit.objects.values_list("present", flat=True)) == [0, 0]
    assert set(Unrecognised.objects.values_list("state", flat=True)) == {resolution}
    assert ProductAlias.objects.count() == 0


def test_a_new_product_is_made_with_the_gtin(support, group):
    data = {"resolution": "new_product", "name": "Yogur nuevo", "reason": "Es nuevo."}
    confirm(support, recognise_page(group), data)
    made = Product.objects.get(name="Yogur nuevo")
    assert made.gtin == GTIN
    group.refresh_from_db()
    assert (group.resolution, group.product) == ("new_product", made)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, {"resolution", "reason"}),
        ({"resolution": "alias_of", "reason": "x"}, {"product"}),
        ({"resolution": "alias_of", "product": "0", "reason": "x"}, {"product"}),
        ({"resolution": "alias_of", "product": "9" * 30, "reason": "x"}, {"product"}),
        ({"resolution": "alias_of", "product": "\x00", "reason": "x"}, {"product"}),
        ({"resolution": "new_product", "reason": "x"}, {"name"}),
        ({"resolution": "new_product", "name": "a\x00b", "reason": "x"}, {"name"}),
        ({"resolution": "new_product", "name": "\u202egnp", "reason": "x"}, {"name"}),
        ({"resolution": "guess", "reason": "x"}, {"resolution"}),
        ({"resolution": "unreadable", "reason": "x" * 501}, {"reason"}),
        ({"resolution": "unreadable", "reason": " "}, {"reason"}),
    ],
)
def test_what_lacks_is_said_beside_its_field(support, group, data, fields):
    before = stored()
    shown = support.post(recognise_page(group), {**data, "confirm": "1", "previewed": "x"})
    assert shown.status_code == 200
    assert set(shown.context["form"].errors) == fields
    assert stored() == before


def test_an_inactive_product_is_no_choice(support, group):
    gone = ProductFactory(state="inactive", inactive_on="2026-01-01")
    data = {"resolution": "alias_of", "product": gone.pk, "reason": "x"}
    shown = support.post(recognise_page(group), data)
    assert set(shown.context["form"].errors) == {"product"}


def test_only_what_was_previewed_is_confirmed(support, group, listed, phone, store):
    data = {"resolution": "alias_of", "product": listed.pk, "reason": REASON}
    seal = support.post(recognise_page(group), data).context["previewed"]
    before = stored()
    for other in ({"reason": "Otra."}, {"product": ProductFactory().pk}, {"previewed": "x"}):
        sent = {**data, "previewed": seal, "confirm": "1", **other}
        assert support.post(recognise_page(group), sent).status_code == 200
    assert stored()[:3] == before[:3]
    pushed(phone, with_items(store, GTIN))
    again = support.post(recognise_page(group), {**data, "previewed": seal, "confirm": "1"})
    assert again.context["preview"] == preview(3, 3, 3, 1)
    assert UnrecognisedGroup.objects.get().state == "open"


def test_of_two_supporters_one_wins_and_the_other_is_told(support, keeper, group, listed):
    other = signed_in(Role.SUPPORT)
    data = {"resolution": "alias_of", "product": listed.pk, "reason": REASON}
    seal = other.post(recognise_page(group), data).context["previewed"]
    confirm(support, recognise_page(group), data)
    answer = other.post(recognise_page(group), {**data, "previewed": seal, "confirm": "1"})
    # What is there now was not previewed: the page says how it was decided.
    assert answer.status_code == 200
    assert any(line.startswith("It was decided: a product") for line in answer.context["lines"])
    assert ProductAlias.objects.count() == 1
    assert len(history_of(group)) == 1


def test_a_group_decided_a_moment_before_is_refused_with_the_decision(
    support, keeper, group, listed, monkeypatch
):
    data = {"resolution": "unreadable", "reason": "Borroso."}
    seal = support.post(recognise_page(group), data).context["previewed"]
    decide = deciding.decide

    def late(**asked):
        kind = cases.kinds()["unrecognised"]
        cases.resolve(kind, str(group.pk), "alias_of", {"product": listed.pk}, REASON)
        decide(**asked)

    monkeypatch.setattr(deciding, "decide", late)
    answer = support.post(recognise_page(group), {**data, "previewed": seal, "confirm": "1"})
    assert done(answer) == [
        (
            f"{GTIN.rjust(14, '0')}: Somebody else has decided this meanwhile. "
            f"a product that there is: {listed}"
        )
    ]
    group.refresh_from_db()
    assert group.resolution == "alias_of"


def test_without_cases_the_group_alone_is_decided(nobody, support, phone, store, listed):
    pushed(phone, with_items(store, GTIN))
    work()
    group = UnrecognisedGroup.objects.get()
    assert group.case_id is None
    data = {"resolution": "alias_of", "product": listed.pk, "reason": REASON}
    _shown, said = confirm(support, recognise_page(group), data)
    assert said == ["1 product decided. Its visits follow in a moment."]
    work()
    assert Visit.objects.get().present == 1


def test_several_groups_become_one_product_with_the_sum_previewed(
    support, keeper, phone, store, listed
):
    pushed(
        phone,
        with_items(store, GTIN, "yogur griego"),
        with_items(store, "yogur griego"),
        with_items(store, "pan"),
    )
    work()
    chosen = UnrecognisedGroup.objects.exclude(value="pan").order_by("pk")
    response = support.post(
        LIST, {"action": "alias_of", "_selected_action": [one.pk for one in chosen]}
    )
    keys = ",".join(str(one.pk) for one in chosen)
    assert (response.status_code, response["Location"]) == (302, f"{BULK}?groups={keys}")
    data = {"product": listed.pk, "reason": REASON}
    shown, said = confirm(support, response["Location"], data)
    assert shown.context["preview"] == preview(3, 2, 2, 1)
    assert said == ["2 products decided. Their visits follow in a moment."]
    work()
    states = UnrecognisedGroup.objects.order_by("pk").values_list("state", "product")
    assert sorted(states, key=str) == [
        ("open", None),
        ("resolved", listed.pk),
        ("resolved", listed.pk),
    ]
    assert sorted(Visit.objects.values_list("present", flat=True)) == [0, 1, 1]


@pytest.mark.parametrize(
    "query", ["", "groups=", "groups=x", "groups=0", "groups=99999", "groups=1,,2"]
)
def test_an_address_that_names_no_groups_is_no_page(support, query):
    assert support.get(f"{BULK}?{query}").status_code == 404


def test_more_than_a_hundred_are_not_decided_at_once(support):
    rows = GroupFactory.create_batch(101)
    assert act(support, LIST, "alias_of", *rows) == ["At most 100 are decided on at once."]
    keys = ",".join(str(row.pk) for row in rows)
    assert support.get(f"{BULK}?groups={keys}").status_code == 404


def test_who_is_no_staff_sees_none_of_it(group):
    client = signed_in(Role.SELLER)
    for address in (LIST, recognise_page(group), f"{BULK}?groups={group.pk}"):
        assert client.get(address).status_code == 302


def test_the_list_has_what_is_open_first_and_the_most_frequent_first(support):
    done_group = GroupFactory(
        state="resolved", resolution="unreadable", resolved_at="2026-01-01T00:00Z", occurrences=9
    )
    few, many = GroupFactory(occurrences=2), GroupFactory(occurrences=5)
    shown = support.get(LIST)
    assert [row.pk for row in shown.context["cl"].result_list] == [
        many.pk,
        few.pk,
        done_group.pk,
    ]
    only = support.get(f"{LIST}?state__exact=open&kind__exact=text")
    assert [row.pk for row in only.context["cl"].result_list] == [many.pk, few.pk]


def test_a_case_leads_to_the_page(keeper, group, support):
    kind = cases.kinds()["unrecognised"]
    address = kind.page(str(group.pk))
    assert address == recognise_page(group)
    assert kind.page("not a number") == ""
    assert "Recognise" in page(support.get(address))


def test_nothing_runs_that_somebody_wrote(support, keeper, phone, store):
    evil = "<script>alert(1)</script>"
    pushed(phone, with_items(store, evil))
    work()
    group = UnrecognisedGroup.objects.get()
    text = page(support.get(recognise_page(group)))
    assert evil not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert groups.preview(group, ProductFactory()).items == 1
    assert notices(support.get(LIST)) == []
