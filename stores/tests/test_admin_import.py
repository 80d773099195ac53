"""Products, establishments and assignments from files on pages of the admin."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.models import JournalEntry
from core.roles import Role
from stores.services import products as services
from stores.tests.factories import AssignmentFactory, EstablishmentFactory, ProductFactory
from stores.tests.helpers_admin import ADMIN, notices, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return signed_in(Role.ADMIN)


def upload(client, kind, content, **values):
    file = SimpleUploadedFile("rows.csv", content)
    return client.post(f"{ADMIN}{kind}/import/", {"file": file, **values})


def exported(client, kind, *rows):
    """The file that the list sends of these rows."""
    body = {"action": "export_csv", "_selected_action": [row.pk for row in rows]}
    return client.post(f"{ADMIN}{kind}/", body).getvalue()


def confirm(client, kind, preview, **values):
    fields = {name: preview.context[name] for name in ("token", "choices", "previewed")}
    body = {**fields, "reason": "ticket 9", "confirm": "1", **values}
    return client.post(f"{ADMIN}{kind}/import/", body)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("product", ProductFactory),
        ("establishment", EstablishmentFactory),
        ("assignment", AssignmentFactory),
    ],
)
def test_what_a_list_exports_its_page_imports(boss, kind, make):
    rows = [make(), make()]
    preview = upload(boss, kind, exported(boss, kind, *rows))
    [counts] = preview.context["outcome"].counts.values()
    assert counts == {"created": 0, "updated": 0, "unchanged": 2}


def test_a_file_of_products_is_imported_as_previewed(boss):
    stored = ProductFactory(name="Leche")
    text = exported(boss, "product", stored).decode()
    changed = text.replace("Leche", "Kumis").replace(",", ";").encode()
    preview = upload(boss, "product", changed)
    assert preview.context["outcome"].lines == [
        "Products: created 0, updated 1, unchanged 0 (separated by ';')"
    ]
    stored.refresh_from_db()
    assert stored.name == "Leche"
    done = confirm(boss, "product", preview)
    assert (done.status_code, len(notices(done))) == (302, 1)
    stored.refresh_from_db()
    assert stored.name == "Kumis"
    assert JournalEntry.objects.get(reason="ticket 9").count == 1


def test_bad_rows_and_rows_that_changed_meanwhile(boss):
    stored = ProductFactory(name="Leche")
    text = exported(boss, "product", stored).decode()
    bad = upload(boss, "product", text.replace(stored.sku, " ").encode())
    assert bad.context["problem_count"] == 1
    assert confirm(boss, "product", bad).status_code == 200
    preview = upload(boss, "product", text.replace("Leche", "Kumis").encode())
    services.change_product(product=stored, name="Kumis")
    again = confirm(boss, "product", preview)
    assert "look again" in again.content.decode()
    assert not JournalEntry.objects.filter(reason="ticket 9").exists()


@pytest.mark.parametrize("kind", ["product", "establishment", "assignment"])
def test_support_reads_and_imports_nothing(kind):
    support = signed_in(Role.SUPPORT)
    answer = upload(support, kind, b"sku\n1\n")
    assert answer.status_code == 403
    assert f"{ADMIN}{kind}/import/" not in support.get(f"{ADMIN}{kind}/").content.decode()
