"""Products in the admin: written through the services, inactive instead of deleted."""

import pytest

from stores import clock
from stores.constants import State
from stores.models import Product
from stores.tests.factories import (
    CityFactory,
    PortfolioFactory,
    ProductFactory,
    VersionFactory,
    today,
)
from stores.tests.helpers_admin import (
    ADMIN,
    act,
    done,
    errors_of,
    history_of,
    listed,
    notices,
    page,
    signed_in,
)
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db

LIST = f"{ADMIN}product/"
FORM = {"sku": "LEC-1", "gtin": "9520010000018", "name": "Leche", "brand": "", "category": ""}


@pytest.fixture
def boss():
    return signed_in()


# -- A1: one SKU, one GTIN ---------------------------------------------------------------------
def test_a_product_is_added_and_stamped(boss):
    done(boss.post(f"{LIST}add/", FORM))
    made = Product.objects.get()
    assert (made.sku, made.gtin, made.name, made.state) == (
        "LEC-1",
        "9520010000018",
        "Leche",
        "active",
    )
    assert made.seq == clock.reading().seq > 0
    [(action, actor, changes, _reason)] = history_of(made)
    assert (action, actor, changes["sku"]) == ("create", boss.user.pk, [None, "LEC-1"])


def test_a_change_writes_what_changed_and_stamps_it(boss):
    product = ProductFactory(sku="LEC-1", gtin="9520010000018", name="Lehce", brand="Alba")
    done(boss.post(f"{LIST}{product.pk}/change/", {**FORM, "brand": "Alba"}))
    changed = Product.objects.get()
    assert (changed.name, changed.brand) == ("Leche", "Alba")
    assert changed.seq == clock.reading().seq == product.seq + 1
    assert history_of(product) == [("change", boss.user.pk, {"name": ["Lehce", "Leche"]}, "")]


def test_a_form_that_changes_nothing_writes_nothing(boss):
    product = ProductFactory(sku="LEC-1", gtin="9520010000018", name="Leche")
    with nothing_changes():
        done(boss.post(f"{LIST}{product.pk}/change/", FORM))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("sku", "lec-2", "There is already a product with this SKU."),
        ("gtin", "952001000002" + "5", "There is already a product with this GTIN."),
        ("gtin", "9520010000011", "The GTIN's check digit is wrong."),
        ("gtin", "12", "A GTIN has 8, 12, 13 or 14 digits."),
        ("sku", "a,b", "A code has no comma and no blanks around it."),
        ("sku", "", "This field is required."),
        ("sku", "x" * 41, "Ensure this value has at most 40 characters (it has 41)."),
        ("name", "a\x00b", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(boss, field, value, error):
    ProductFactory(sku="LEC-2", gtin="9520010000025")
    with nothing_changes():
        response = boss.post(f"{LIST}add/", {**FORM, field: value})
    assert errors_of(response)[field] == [error]


def test_a_sku_taken_meanwhile_is_a_message(boss, monkeypatch):
    monkeypatch.setattr("stores.forms.refuse_taken", lambda *_args: None)
    ProductFactory(sku="LEC-1")
    with nothing_changes():
        said = done(boss.post(f"{LIST}add/", FORM))
    assert said == ["There is already a product with this SKU."]


# -- search and filters ------------------------------------------------------------------------
@pytest.mark.parametrize("term", ["QUESO CAMPESINO", "queso campesino", "quéso", "qc-1", "lácteos"])
def test_words_are_found_without_accents(boss, term):
    found = ProductFactory(sku="QC-1", name="Queso Campesino", category="Lacteos")
    ProductFactory(sku="LEC-1", name="Leche")
    assert listed(boss.get(LIST, {"q": term})) == [found]


def test_filters(boss):
    ours, theirs = ProductFactory(), ProductFactory(is_competitor=True)
    gone = ProductFactory(inactive=True)
    assert listed(boss.get(LIST, {"state__exact": "inactive"})) == [gone]
    assert listed(boss.get(LIST, {"is_competitor__exact": "1"})) == [theirs]
    assert listed(boss.get(LIST, {"is_competitor__exact": "0", "state__exact": "active"})) == [ours]


def test_what_a_name_says_is_text(boss):
    ProductFactory(name="<script>alert(1)</script>")
    html = page(boss.get(LIST))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


# -- inactive and back -------------------------------------------------------------------------
def test_inactive_and_active_again(boss):
    product, other = ProductFactory(), ProductFactory()
    assert act(boss, LIST, "make_inactive", product) == ["1 product made inactive."]
    gone = Product.objects.get(pk=product.pk)
    assert (gone.state, gone.inactive_on, gone.seq) == ("inactive", today(), clock.reading().seq)
    changes = {"state": ["active", "inactive"], "inactive_on": [None, today().isoformat()]}
    assert history_of(product) == [("delete", boss.user.pk, changes, "")]
    said = act(boss, LIST, "make_active", product, other)
    assert said == ["1 product made active."]
    back = Product.objects.get(pk=product.pk)
    assert (back.state, back.inactive_on, back.seq) == ("active", None, gone.seq + 1)
    assert history_of(other) == []


def test_in_portfolio_is_told_with_the_names_and_the_others_go(boss):
    wanted, other = ProductFactory(sku="A"), ProductFactory(sku="B")
    VersionFactory(products=[wanted], portfolio=PortfolioFactory(name="Infaltables"))
    said = act(boss, LIST, "make_inactive", wanted, other)
    assert said == [
        f"{wanted}: The product is in a published portfolio. In: Infaltables.",
        "1 product made inactive.",
    ]
    assert list(Product.objects.filter(state=State.ACTIVE)) == [wanted]
    assert act(boss, LIST, "make_inactive_anyway", wanted) == ["1 product made inactive."]
    assert not Product.objects.filter(state=State.ACTIVE).exists()


def test_many_refusals_are_not_all_told(boss):
    products = ProductFactory.create_batch(12)
    VersionFactory(products=products)
    with nothing_changes():
        said = act(boss, LIST, "make_inactive", *products)
    assert len(said) == 12
    assert said[-2:] == ["2 more were refused.", "0 products made inactive."]


def test_nobody_deletes_a_product(boss):
    product = ProductFactory()
    with nothing_changes():
        assert boss.post(f"{LIST}{product.pk}/delete/", {"post": "yes"}).status_code == 403
        answer = boss.post(
            LIST, {"action": "delete_selected", "_selected_action": [product.pk], "post": "yes"}
        )
        assert answer.status_code in {200, 302}
    assert "delete_selected" not in page(boss.get(LIST))


# -- reference data ----------------------------------------------------------------------------
@pytest.mark.parametrize("term", ["medellin", "Medellín", "05001", "MEDELLÍN"])
def test_cities_are_found_by_name_and_code(boss, term):
    city = CityFactory()
    CityFactory(code="05002", name="Abejorral", search_key="abejorral")
    assert listed(boss.get(f"{ADMIN}city/", {"q": term})) == [city]


def test_a_product_that_is_not_there(boss):
    response = boss.get(f"{LIST}999/change/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert "999" in notices(response)[0]


def test_what_is_told_of_a_row_is_text(boss):
    product = ProductFactory(name="<script>alert(1)</script>")
    VersionFactory(products=[product])
    data = {"action": "make_inactive", "_selected_action": [product.pk]}
    html = page(boss.post(LIST, data, follow=True))
    assert "The product is in a published portfolio." in html
    assert "<script>alert" not in html
