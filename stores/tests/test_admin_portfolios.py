"""Portfolios in the admin: drafts, what is published after a preview, what is over."""

import pytest

from core.models import JournalEntry
from stores import clock
from stores.models import Portfolio, PortfolioItem, PortfolioVersion
from stores.tests.factories import (
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
    TypologyFactory,
    VersionFactory,
    today,
)
from stores.tests.helpers_admin import (
    ADMIN,
    act,
    cells,
    confirm,
    done,
    errors_of,
    history_of,
    inline,
    listed,
    page,
    signed_in,
)
from stores.tests.helpers_dates import day, iso
from stores.tests.helpers_unchanged import nothing_changes
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = f"{ADMIN}portfolio/"
VERSIONS = f"{ADMIN}portfolioversion/"


@pytest.fixture
def boss():
    return signed_in()


@pytest.fixture
def products():
    return [ProductFactory(sku=sku, name=f"Leche {sku}") for sku in "ABC"]


def skus_of(version):
    return list(version.items.values_list("product__sku", flat=True))


def draft_of(portfolio):
    return portfolio.versions.get(state="draft")


def drafted(products, **fields):
    """Return a draft with these products."""
    draft = VersionFactory(draft=True, **fields)
    for position, product in enumerate(products):
        PortfolioItem.objects.create(version=draft, product=product, position=position)
    return draft


# -- the portfolio itself ----------------------------------------------------------------------
def form(**fields):
    return {"name": "Infaltables", **inline("versions"), **fields}


def test_a_portfolio_is_made_with_an_empty_draft(boss):
    pair = {"typology": TypologyFactory().pk, "region": RegionFactory().pk}
    done(boss.post(f"{LIST}add/", form(**pair)))
    made = Portfolio.objects.get()
    assert (made.name, made.typology_id, made.region_id) == ("Infaltables", *pair.values())
    draft = draft_of(made)
    assert (draft.number, draft.valid_from, skus_of(draft)) == (1, today(), [])
    assert [line[:2] for line in history_of(made)] == [("create", boss.user.pk)]
    with nothing_changes():
        response = boss.post(f"{LIST}add/", form(**pair))
    [error] = errors_of(response)["__all__"]
    assert error == "Portfolio with this Typology and Region already exists."


def test_it_is_renamed_and_keeps_its_pair(boss):
    portfolio = PortfolioFactory(name="Old")
    other = TypologyFactory(code="bakery", name="Panadería")
    done(boss.post(f"{LIST}{portfolio.pk}/change/", form(name="New", typology=other.pk)))
    stored = Portfolio.objects.get()
    assert (stored.name, stored.typology_id) == ("New", "minimarket")
    assert history_of(portfolio) == [("change", boss.user.pk, {"name": ["Old", "New"]}, "")]


def test_one_that_was_never_published_is_deleted_with_its_draft(boss):
    draft = VersionFactory(draft=True)
    done(boss.post(f"{LIST}{draft.portfolio_id}/delete/", {"post": "yes"}))
    assert not Portfolio.objects.exists()
    assert not PortfolioVersion.objects.exists()
    assert history_of(draft.portfolio)[0][0] == "delete"


def test_one_that_was_published_stays(boss):
    version = VersionFactory()
    with nothing_changes():
        said = done(boss.post(f"{LIST}{version.portfolio_id}/delete/", {"post": "yes"}))
        chosen = act(boss, LIST, "delete_selected", version.portfolio, post="yes")
    assert said == chosen
    assert said == ["A portfolio that was published, or is an establishment's own, is not deleted."]


def test_the_list_says_where_each_stands(boss):
    version = VersionFactory(number=4)
    VersionFactory(draft=True, number=5)
    bakery = PortfolioFactory(name="Panaderías", typology=TypologyFactory(code="bakery"))
    rows = listed(boss.get(LIST))
    assert [(row, row.current_number, row.drafted) for row in rows] == [
        (version.portfolio, 4, True),
        (bakery, None, False),
    ]
    assert listed(boss.get(LIST, {"typology": "bakery"})) == [bakery]
    assert len(listed(boss.get(LIST, {"region": "antioquia-eje"}))) == 2
    assert listed(boss.get(LIST, {"q": "panader"})) == [bakery]


def test_its_page_lists_the_versions(boss, products):
    publisher = UserFactory(email="publisher@example.com")
    version = VersionFactory(products=products, published_by=publisher)
    html = page(boss.get(f"{LIST}{version.portfolio_id}/change/"))
    assert f"{VERSIONS}{version.pk}/change/" in html
    assert "publisher@example.com" in html
    listed_page = page(boss.get(f"{VERSIONS}{version.pk}/change/"))
    assert "A Leche A<br>B Leche B<br>C Leche C" in listed_page
    assert 'name="_save"' not in listed_page


# -- the draft ---------------------------------------------------------------------------------
def test_a_draft_begins_with_the_version_in_force(boss, products):
    version = VersionFactory(products=products)
    path = f"{LIST}{version.portfolio_id}/draft/"
    shown = boss.get(path)
    assert shown.context["form"].initial == {"products": "A\nB\nC"}
    assert 'name="discard"' not in page(shown)
    data = {"products": " c \r\n\r\nA", "valid_from": iso(3)}
    assert done(boss.post(path, data)) == ["Draft saved."]
    draft = draft_of(version.portfolio)
    assert (draft.number, draft.valid_from, skus_of(draft)) == (
        version.number + 1,
        day(3),
        ["C", "A"],
    )
    [(action, actor, changes, _reason)] = history_of(draft)
    assert (action, actor, changes["products"]) == ("create", boss.user.pk, [None, ["C", "A"]])


def test_a_draft_is_shown_changed_and_discarded(boss, products):
    draft = VersionFactory(draft=True, valid_from=day(2))
    path = f"{LIST}{draft.portfolio_id}/draft/"
    assert boss.get(path).context["form"].initial == {"products": "", "valid_from": day(2)}
    done(boss.post(path, {"products": "B", "valid_from": iso(2)}))
    assert skus_of(draft) == ["B"]
    assert history_of(draft) == [("change", boss.user.pk, {"products": [[], ["B"]]}, "")]
    assert f'value="{iso(2)}"' in page(boss.get(path))
    with nothing_changes():
        asked = boss.post(path, {"discard": "1"})
        assert boss.post(path, {"confirm": "1"}).status_code == 200
    assert cells(asked) == [["B", "Leche B"]]
    data = {"confirm": "1", "previewed": asked.context["previewed"]}
    assert done(boss.post(path, data)) == ["Draft discarded."]
    assert history_of(draft)[-1][:2] == ("delete", boss.user.pk)
    assert not PortfolioVersion.objects.exists()
    with nothing_changes():
        assert done(boss.post(path, {"discard": "1"})) == ["The portfolio has no draft."]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("A\n\nNOPE\nb", ["Line 3: There is no such product."]),
        ("A\nB\n a", ["Line 3: this SKU is on line 1, too."]),
        ("A\nGONE", ["Line 2: There is no such product."]),
        ("\n".join(map(str, range(1001))), ["At most 1000 products."]),
        ("A\x00", ["Null characters are not allowed."]),
    ],
)
def test_an_error_names_its_line(boss, products, text, errors):
    ProductFactory(sku="GONE", inactive=True)
    path = f"{LIST}{PortfolioFactory().pk}/draft/"
    with nothing_changes():
        response = boss.post(path, {"products": text, "valid_from": iso()})
    assert errors_of(response)["products"] == errors


def test_not_all_of_many_errors_are_told(boss):
    path = f"{LIST}{PortfolioFactory().pk}/draft/"
    response = boss.post(path, {"products": "X\n" * 50, "valid_from": iso()})
    assert len(errors_of(response)["products"]) == 20


@pytest.mark.parametrize("value", ["", "soon", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none(boss, products, value):
    path = f"{LIST}{PortfolioFactory().pk}/draft/"
    with nothing_changes():
        response = boss.post(path, {"products": "A", "valid_from": value})
    assert list(errors_of(response)) == ["valid_from"]


# -- A2: publishing ----------------------------------------------------------------------------
def published(products):
    """Return a version in force and the draft of the next one."""
    version = VersionFactory(products=products[:2], number=1)
    draft = drafted(products[1:], number=2, valid_from=day(3))
    return version, draft


def test_the_preview_says_what_changes_and_writes_nothing(boss, products):
    version, _draft = published(products)
    path = f"{LIST}{version.portfolio_id}/publish/"
    with nothing_changes():
        shown = boss.get(path)
    assert cells(shown) == [["added", "C", "Leche C"], ["removed", "A", "Leche A"]]
    lines = shown.context["lines"]
    assert len(lines) == 3
    assert lines[0].startswith("Version 2 will hold from ")
    assert lines[1].startswith("Version 1 (from ")
    assert ") ends on " in lines[1]
    assert lines[2] == "1 product stays."


def test_what_was_previewed_is_published(boss, products):
    version, draft = published(products)
    _shown, said = confirm(boss, f"{LIST}{version.portfolio_id}/publish/", {})
    assert said == ["Version 2 published."]
    made = PortfolioVersion.objects.get(pk=draft.pk)
    assert (made.state, made.published_by, made.product_ids) == (
        "published",
        boss.user,
        [product.pk for product in products[1:]],
    )
    version.refresh_from_db()
    assert version.valid_until == day(2)
    assert {version.seq, made.seq} == {clock.reading().seq - 1, clock.reading().seq}
    [(action, actor, changes, _reason)] = history_of(version)
    assert (action, actor, changes) == (
        "change",
        boss.user.pk,
        {"valid_until": [None, iso(2)]},
    )
    assert history_of(made)[0][2]["state"] == ["draft", "published"]


def change_draft(boss, draft):
    path = f"{LIST}{draft.portfolio_id}/draft/"
    done(boss.post(path, {"products": "A", "valid_from": iso(3)}))


def change_day(boss, draft):
    path = f"{LIST}{draft.portfolio_id}/draft/"
    done(boss.post(path, {"products": "B\nC", "valid_from": iso(4)}))


def end_what_holds(boss, draft):
    version = PortfolioVersion.objects.get(number=1)
    done(boss.post(f"{VERSIONS}{version.pk}/retire/", {"on": iso(1)}))


@pytest.mark.parametrize("meanwhile", [change_draft, change_day, end_what_holds])
def test_nothing_but_what_was_previewed_is_published(boss, products, meanwhile):
    _version, draft = published(products)
    path = f"{LIST}{draft.portfolio_id}/publish/"
    seal = boss.get(path).context["previewed"]
    meanwhile(boss, draft)
    with nothing_changes():
        again = boss.post(path, {"previewed": seal, "confirm": "1"})
    assert again.status_code == 200
    assert again.context["previewed"] != seal
    assert done(boss.post(path, {"previewed": again.context["previewed"], "confirm": "1"})) == [
        "Version 2 published."
    ]


@pytest.mark.parametrize("data", [{"confirm": "1"}, {"confirm": "1", "previewed": "ñ"}, {}])
def test_nothing_is_published_without_the_seal(boss, products, data):
    _version, draft = published(products)
    with nothing_changes():
        assert boss.post(f"{LIST}{draft.portfolio_id}/publish/", data).status_code == 200


def no_draft(products):
    VersionFactory(products=products)


def empty_draft(products):
    VersionFactory(draft=True, valid_from=day(1))


def past_draft(products):
    drafted(products, valid_from=day(-1))


def overlapping_draft(products):
    VersionFactory(valid_from=day(5), products=products)
    drafted(products, valid_from=day(1))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (no_draft, "The portfolio has no draft."),
        (empty_draft, "The draft has no products."),
        (past_draft, "The date lies in the past."),
        (overlapping_draft, "A version that begins later is published already."),
    ],
)
def test_a_refusal_is_told(boss, products, make, reason):
    make(products)
    portfolio = Portfolio.objects.get()
    path = f"{LIST}{portfolio.pk}/publish/"
    with nothing_changes():
        shown = boss.get(path)
        if shown.status_code == 200:
            seal = shown.context["previewed"]
            shown = boss.post(path, {"previewed": seal, "confirm": "1"})
    assert done(shown) == [reason]
    assert shown["Location"] == f"{LIST}{portfolio.pk}/change/"


def test_one_that_begins_the_same_day_is_replaced(boss, products):
    VersionFactory(number=1, valid_from=day(3), products=products[:1])
    draft = drafted(products, number=2, valid_from=day(3))
    shown, _said = confirm(boss, f"{LIST}{draft.portfolio_id}/publish/", {})
    assert "will never hold" in shown.context["lines"][1]
    former = PortfolioVersion.objects.get(number=1)
    assert (former.state, former.valid_until) == ("retired", day(2))


# -- comparing and retiring --------------------------------------------------------------------
def test_versions_are_compared(boss, products):
    version, _draft = published(products)
    path = f"{LIST}{version.portfolio_id}/compare/"
    asked = page(boss.get(path))
    assert 'name="from"' in asked
    assert 'id="preview"' not in asked
    assert cells(boss.get(path, {"from": "1", "to": "2"})) == [
        ["added", "C", "Leche C"],
        ["removed", "A", "Leche A"],
    ]
    assert "Both have the same products." in page(boss.get(path, {"from": "2", "to": "2"}))
    assert not JournalEntry.objects.filter(model__startswith="stores.").exists()


@pytest.mark.parametrize("number", ["9", "x", "\x00", "", "99999999999999999999"])
def test_a_version_that_is_not_there_is_told(boss, products, number):
    version, _draft = published(products)
    response = boss.get(f"{LIST}{version.portfolio_id}/compare/", {"from": number, "to": "1"})
    assert list(errors_of(response)) == ["before"]


def test_a_version_is_retired(boss, products):
    version = VersionFactory(products=products)
    path = f"{VERSIONS}{version.pk}/retire/"
    assert f'value="{iso()}"' in page(boss.get(path))
    assert done(boss.post(path, {"on": iso(5)})) == ["The end is set."]
    version.refresh_from_db()
    assert (version.state, version.valid_until) == ("published", day(5))
    assert version.seq == clock.reading().seq
    changes = {"valid_until": [None, iso(5)]}
    assert history_of(version) == [("change", boss.user.pk, changes, "")]


def test_what_cannot_be_retired_is_told(boss):
    draft, version = VersionFactory(draft=True), VersionFactory()
    with nothing_changes():
        for row, on, reason in (
            (draft, iso(), "Only a published version can be retired."),
            (version, iso(-1), "The date lies in the past."),
        ):
            assert done(boss.post(f"{VERSIONS}{row.pk}/retire/", {"on": on})) == [reason]
        assert list(errors_of(boss.post(f"{VERSIONS}{version.pk}/retire/", {"on": "x"}))) == ["on"]
