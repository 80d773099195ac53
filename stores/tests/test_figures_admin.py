"""What ANALYST finds in the admin: sums over places and products, and nobody's name."""

import pytest

from core.roles import Role
from stores.models import AreaDay, ProductDay, ProductMonth
from stores.tests.factories import SellerFactory
from stores.tests.helpers_admin import ADMIN, listed, page, signed_in
from stores.tests.helpers_figures import Field, count_figures
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db
MODELS = (AreaDay, ProductDay, ProductMonth)


@pytest.fixture
def field():
    made = Field()
    made.visit(made.store(), SellerFactory(name="Quimbaya"))
    count_figures()
    return made


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SUPPORT, Role.ADMIN])
@pytest.mark.parametrize("model", MODELS)
def test_figures_are_shown_and_written_by_nobody(field, role, model):
    client, row = signed_in(role), model.objects.first()
    path = f"{ADMIN}{model._meta.model_name}/"
    shown = client.get(path)
    assert listed(shown)
    assert "/change/" not in page(shown)  # a row has no more to say, and its product is not for all
    assert "Quimbaya" not in page(client.get(f"{path}{row.pk}/change/"))
    with nothing_changes():
        for address in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
            assert client.post(path + address, {"visits": "1"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *(f"stores/{name}" for name in ("visit", "product", "assignment", "dirtyday", "syncseen")),
        *("users/user", "core/journalentry", "clinic/patient", "dogs/dog", "allies/ally"),
    ],
)
def test_an_analyst_sees_no_other_table(path):
    client = signed_in(Role.ANALYST)
    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/{path}/").status_code == 403


def test_the_lists_ask_as_often_for_many_rows(field, django_assert_max_num_queries):
    client = signed_in(Role.ANALYST)
    counts = []
    for _time in range(2):
        with django_assert_max_num_queries(12) as queries:
            assert listed(client.get(f"{ADMIN}productday/"))
        counts.append(len(queries))
        for _number in range(10):
            field.visit(field.store(field.bello), SellerFactory())
        count_figures()
    assert counts[0] == counts[1]
