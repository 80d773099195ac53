"""Names that support taught are seen, found, and forgotten with a reason."""

import pytest

from core.roles import Role
from stores.models import ProductAlias, Unrecognised, UnrecognisedGroup
from stores.services.names import text_name
from stores.tests.factories import ProductFactory
from stores.tests.factories_cases import ProductAliasFactory
from stores.tests.helpers_admin import ADMIN, done, history_of, listed, page, signed_in
from stores.tests.helpers_cases import GTIN, with_items
from stores.tests.helpers_push import pushed

pytestmark = pytest.mark.django_db
LIST = f"{ADMIN}productalias/"


def forget_page(alias):
    return f"{LIST}{alias.pk}/forget/"


@pytest.fixture
def support():
    return signed_in(Role.SUPPORT)


@pytest.fixture
def alias():
    return ProductAliasFactory(kind="gtin", value=GTIN.zfill(14), source_case=7)


@pytest.mark.parametrize(
    ("words", "count"),
    [(GTIN, 1), (GTIN[:-1], 0), ("yogur GRIEGO", 1), ("x" * 9999, 0)],
)
def test_a_name_is_found_by_itself_or_by_its_product(support, alias, words, count):
    alias.product.name = "Yogur griego"
    alias.product.save()
    ProductAliasFactory()
    assert len(listed(support.get(LIST, {"q": words}))) == count


def test_a_text_is_found_however_it_is_spelt(support):
    alias = ProductAliasFactory(value=text_name("Café del día"))
    assert listed(support.get(LIST, {"q": " Café  del DÍA "})) == [alias]


def test_a_name_is_forgotten_and_the_next_visit_does_not_know_it(support, alias, phone, store):
    pushed(phone, with_items(store, GTIN))
    assert Unrecognised.objects.get().product == alias.product
    line = history_of(alias)
    assert alias.value in page(support.get(forget_page(alias)))
    said = done(support.post(forget_page(alias), {"reason": "Was another yoghurt."}))
    assert said == [f"“{alias.value}” is forgotten."]
    assert ProductAlias.objects.count() == 0
    assert history_of(alias) == [*line, ("delete", support.user.pk, {}, "Was another yoghurt.")]
    pushed(phone, with_items(store, GTIN))
    assert list(Unrecognised.objects.order_by("pk").values_list("product", flat=True)) == [
        alias.product_id,
        None,
    ]
    assert UnrecognisedGroup.objects.get().state == "open"


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "a\x00b"])
def test_without_a_reason_nothing_is_forgotten(support, alias, reason):
    answer = support.post(forget_page(alias), {"reason": reason})
    assert (answer.status_code, set(answer.context["form"].errors)) == (200, {"reason"})
    assert ProductAlias.objects.get() == alias
    assert history_of(alias) == []


def test_nobody_writes_a_name_by_hand(support, alias):
    other = ProductFactory()
    path = f"{LIST}{alias.pk}/change/"
    assert support.post(path, {"product": other.pk}).status_code == 403
    assert support.get(f"{LIST}add/").status_code == 403
    assert support.post(f"{LIST}{alias.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ProductAlias.objects.get().product == alias.product


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SELLER, Role.USER])
def test_others_forget_nothing(alias, role):
    answer = signed_in(role).post(forget_page(alias), {"reason": "Mine."})
    assert answer.status_code in {302, 403}
    assert ProductAlias.objects.get() == alias
