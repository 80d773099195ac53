"""The admin's one search and its menu: what is found by its keys, and who sees what."""

import pytest
from django.contrib import admin
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from allies.tests.factories import AllyFactory
from clinic.tests.factories import PatientFactory, StudyFactory
from core.admin import cards, pages, search, sidebar
from core.roles import Role
from core.tests.caches import forget_cache
from dogs.tests.factories import DogFactory, RelayedFileFactory
from stores.tests.factories import EstablishmentFactory, ProductFactory, VisitFactory
from users.models import Session
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
SEARCH = "/admin/search/"


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    return client


def found(client, text):
    response = client.get(SEARCH, {"s": text, "extended": "1"})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return [one.link for one in response.context["results"] if one.icon != "list"]


def page(row):
    options = row._meta
    return f"/admin/{options.app_label}/{options.model_name}/{row.pk}/change/"


@pytest.mark.parametrize(
    ("make", "spell"),
    [
        (lambda: UserFactory(email="rosa@example.com"), lambda row: "ROSA@Exa"),
        (lambda: ApiTokenFactory(hint="plaza_a1b2"), lambda row: row.hint),
        (SessionFactory, lambda row: str(row.pk)),
        (AllyFactory, lambda row: row.pk),
        (lambda: AllyFactory(name="Kumis y Compañía"), lambda row: "Kumis y"),
        (lambda: DogFactory(name="Filomena"), lambda row: "FILO"),
        (RelayedFileFactory, lambda row: str(row.pk)),
        (RelayedFileFactory, lambda row: row.sha256.upper()),
        (lambda: PatientFactory(external_id="HC-000881"), lambda row: "HC-000881"),
        (lambda: EstablishmentFactory(code="EST-000881"), lambda row: "est-0008"),
        (lambda: ProductFactory(sku="LEC-UHT-1L"), lambda row: "lec-uht"),
        (lambda: ProductFactory(gtin="9520010000018"), lambda row: "09520010000018"),
        (VisitFactory, lambda row: str(row.pk)),
    ],
)
def test_what_people_know_by_heart_is_found(support, make, spell):
    row = make()
    make_another = DogFactory(name="Zorro")
    assert found(support, f"  {spell(row)} ") == [page(row)]
    assert found(support, "Zorr") == [page(make_another)]


def test_records_of_the_clinic_are_found_by_number_and_named_by_it_only(support):
    study = StudyFactory(patient__first_name="Inmaculada", pk=4_000_111)
    response = support.get(SEARCH, {"s": "4000111", "extended": "1"})
    assert [one.link for one in response.context["results"]] == [page(study)]
    assert "Inmaculada" not in response.content.decode()
    assert found(support, "Inmaculada") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "%%",
        "__",
        "a" * 201,
        "x" * 10_000,
        "a\x00b",
        "😀!",
        "' OR 1=1",
        "9" * 40,
    ],
)
def test_what_is_no_key_finds_nothing(support, text):
    DogFactory(name="a dog"), ProductFactory(), EstablishmentFactory(), AllyFactory()
    assert found(support, text) == []


def test_a_kind_has_at_most_a_few_hits(support):
    for number in range(9):
        DogFactory(name=f"Filomena {number}")
    assert len(found(support, "filomena")) == search.ROWS_PER_KIND


def test_the_search_costs_the_same_whatever_is_found(support):
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            found(support, "filomena")
        costs.append(len(queries))
        for number in range(10):
            DogFactory(name=f"Filomena {len(costs)} {number}")
    assert costs[0] == costs[1]


def test_an_app_whose_search_fails_finds_nothing_and_the_others_do(support, monkeypatch):
    dog = DogFactory(name="Filomena")

    def away(_request, _text):
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr("users.finders.find", away)
    assert found(support, "filomena") == [page(dog)]


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_who_is_not_of_the_staff_finds_nothing(client, role):
    client.force_login(UserFactory(role=role))
    DogFactory(name="Filomena")
    assert client.get(SEARCH, {"s": "filomena"}).status_code == 302


def test_what_somebody_may_not_see_is_not_found(support, monkeypatch):
    session = SessionFactory()
    registered = admin.site._registry[Session]
    monkeypatch.setattr(registered, "has_view_permission", lambda request, obj=None: False)
    assert found(support, str(session.pk)) == []


def test_the_menu_has_a_group_for_each_app_and_technical_lists_below_system(rf):
    forget_cache()
    request = rf.get("/admin/")
    request.user = UserFactory(role=Role.ADMIN)
    groups = {str(group["title"]): group["items"] for group in sidebar.navigation(request)}
    titles = list(groups)
    assert titles[0] == ""
    assert titles[-2:] == ["People", "System"]
    own = [page.link for page in pages.pages_for(request)]
    links = ["/admin/", *own, "/admin/background/"]
    assert [item["link"] for item in groups[""]] == links
    system = {item["link"] for item in groups["System"]}
    assert "/admin/core/journalentry/" in system
    assert "/admin/users/linkmail/" in system
    assert "/admin/users/linkmail/" not in {item["link"] for item in groups["People"]}
    every = [item["link"] for title, items in groups.items() for item in items if title != "Attend"]
    assert len(every) == len(set(every))
    listed = {
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for model in admin.site._registry
    }
    assert listed <= set(every)


def test_the_menu_has_the_numbers_that_were_counted_last_and_counts_none(rf):
    forget_cache()
    request = rf.get("/admin/")
    request.user = UserFactory(role=Role.SUPPORT)
    AllyFactory(), AllyFactory()
    assert "Attend" not in {str(group["title"]) for group in sidebar.navigation(request)}
    cards.waiting_for(request)
    groups = {str(group["title"]): group["items"] for group in sidebar.navigation(request)}
    assert [(item["link"], item["badge"]) for item in groups["Attend"]] == [
        ("/admin/allies/ally/?attention=allies.without_credentials", "2")
    ]
    forget_cache()
