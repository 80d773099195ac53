"""The routes of dogs, as their callers rely on them."""

from datetime import datetime
from urllib.parse import quote, unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from core.models import JournalEntry
from core.tests.helpers_writes import updates_of
from dogs.models import Dog
from dogs.tests.factories import DogFactory
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

FIELDS = ["id", "name", "picture", "picture_status", "create_date", "is_adopted", "id_user"]


def names(response) -> list[str]:
    assert response.status_code == 200
    return [row["name"] for row in response.json()["results"]]


# -- reading -----------------------------------------------------------------------------------
def test_list_is_public_and_has_the_record(api):
    owner = UserFactory()
    dog = DogFactory(name="Lazy", ready=True, is_adopted=True, owner=owner)
    body = api.get("/api/dogs").json()
    assert body == {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": dog.pk,
                "name": "Lazy",
                "picture": "https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg",
                "picture_status": "ready",
                "create_date": body["results"][0]["create_date"],
                "is_adopted": True,
                "id_user": owner.pk,
            }
        ],
    }
    assert datetime.fromisoformat(body["results"][0]["create_date"]) == dog.create_date


def test_empty_list(api):
    assert api.get("/api/dogs").json() == {"next": None, "previous": None, "results": []}


def test_filters_search_and_order(api):
    owner = UserFactory()
    DogFactory(name="Lazy", is_adopted=True, owner=owner)
    DogFactory(name="Canela")
    DogFactory(name="Lobo")
    assert names(api.get("/api/dogs?is_adopted=true")) == ["Lazy"]
    assert names(api.get("/api/dogs?is_adopted=false")) == ["Canela", "Lobo"]
    assert names(api.get(f"/api/dogs?id_user={owner.pk}")) == ["Lazy"]
    assert names(api.get("/api/dogs?search=l")) == ["Lazy", "Canela", "Lobo"]
    assert names(api.get("/api/dogs?search=LAZ")) == ["Lazy"]
    assert names(api.get("/api/dogs?ordering=-name")) == ["Lobo", "Lazy", "Canela"]
    assert names(api.get("/api/dogs/is_adopted")) == ["Lazy"]
    assert names(api.get("/api/dogs/is_adopted/")) == ["Lazy"]


@pytest.mark.parametrize(
    "query",
    [
        "is_adopted=maybe",
        "id_user=x",
        "id_user=99999999999999999999999",
        "id_user=-1&id_user=2",
        "colour=red",
        "limit=0",
        "limit=201",
        "cursor=garbage",
        "ordering=picture",
        "search=" + "x" * 101,
        "search=%00",
    ],
)
def test_a_query_that_cannot_be_followed(api, query):
    response = api.get(f"/api/dogs?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("route", ["/api/dogs", "/api/dogs/is_adopted", "/api/dogs?count=true"])
def test_lists_cost_the_same_at_1_10_and_50_rows(api, route):
    counts = []
    for size in (1, 9, 40):
        DogFactory.create_batch(size, is_adopted=True, owner=UserFactory())
        with CaptureQueriesContext(connection) as queries:
            api.get(route)
        counts.append(len(queries))
    assert counts == [2, 2, 2] if "count" in route else [1, 1, 1]


def test_one_dog_whatever_the_case_of_its_name(api):
    DogFactory(name="Ñata")
    with CaptureQueriesContext(connection) as queries:
        response = api.get("/api/dogs/ñATA")
    assert len(queries) == 1
    assert response.status_code == 200
    assert list(response.json()) == FIELDS
    assert response.json()["name"] == "Ñata"
    assert api.get("/api/dogs/ñATA/").content == response.content


def test_unknown_dog(api):
    assert_problem(api.get("/api/dogs/Nobody"), 404, "not_found")


def test_entity_tag(api):
    dog = DogFactory(name="Lazy")
    first = api.get("/api/dogs/Lazy")
    again = api.get("/api/dogs/Lazy", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Dog.objects.filter(pk=dog.pk).update(is_adopted=True)
    changed = api.get("/api/dogs/Lazy", HTTP_IF_NONE_MATCH=first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


# -- taking in -----------------------------------------------------------------------------------
def test_post_takes_a_dog_in(user_api, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = user_api.post("/api/dogs/Lazy")
    dog = Dog.objects.get()
    assert response.status_code == 201
    assert response["Location"] == "/api/dogs/Lazy"
    assert response.json() == {
        "id": dog.pk,
        "name": "Lazy",
        "picture": "",
        "picture_status": "pending",
        "create_date": response.json()["create_date"],
        "is_adopted": False,
        "id_user": None,
    }
    assert published == [
        (
            "dogs.tasks.fetch_picture",
            {"pk": dog.pk, "request_id": response["X-Request-ID"]},
        )
    ]
    entry = JournalEntry.objects.get(model="dogs.Dog")
    assert (entry.action, entry.actor_id) == ("create", user_api.user.pk)
    assert entry.request_id == response["X-Request-ID"]


@pytest.mark.parametrize("name", ["日本", "Ñata", "50%", "a?b", "a#b", "a b", "a;b"])
def test_location_leads_to_the_dog(user_api, name):
    response = user_api.post(f"/api/dogs/{quote(name)}")
    assert response.status_code == 201
    assert response["Location"].isascii()
    assert user_api.get(response["Location"]).json()["name"] == name


def test_post_with_a_body(user_api):
    owner = UserFactory()
    response = user_api.post("/api/dogs/Lazy", {"is_adopted": True, "id_user": owner.pk})
    assert response.status_code == 201
    assert (response.json()["is_adopted"], response.json()["id_user"]) == (True, owner.pk)


def test_post_costs_few_queries(user_api):
    with CaptureQueriesContext(connection) as queries:
        assert user_api.post("/api/dogs/Lazy").status_code == 201
    statements = [query["sql"].partition(" ")[0] for query in queries]
    assert statements == ["SELECT", "SAVEPOINT", "INSERT", "INSERT", "RELEASE"]


@pytest.mark.parametrize("name", ["lazy", "LAZY", "Lazy"])
def test_duplicate_name_is_409(user_api, name):
    DogFactory(name="Lazy")
    assert_problem(user_api.post(f"/api/dogs/{name}"), 409, "dog_name_taken")
    assert Dog.objects.count() == 1
    assert JournalEntry.objects.filter(model="dogs.Dog").count() == 0


@pytest.mark.parametrize("name", ["is_adopted", "Is_Adopted"])
def test_reserved_name_is_400(user_api, name):
    assert_problem(user_api.post(f"/api/dogs/{name}"), 400, "invalid", field="name")
    assert Dog.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id_user": 999}, "id_user"),
        ({"id_user": "1"}, "id_user"),
        ({"id_user": True}, "id_user"),
        ({"id_user": 2**63 - 1}, "id_user"),
        ({"id_user": {"id": 1}}, "id_user"),
        ({"is_adopted": "yes"}, "is_adopted"),
        ({"is_adopted": 1}, "is_adopted"),
        ({"is_adopted": None}, "is_adopted"),
    ],
)
def test_wrong_body_is_400_and_changes_nothing(user_api, body, field):
    response = user_api.post("/api/dogs/Lazy", body)
    assert_problem(response, 400, "invalid", field=field)
    assert Dog.objects.count() == 0


HUGE = f'{{"id_user": {10**30}}}'


@pytest.mark.parametrize(
    "body", ["[]", "1", '"x"', "null", "[[[", "{", HUGE, '{"is_adopted": NaN}']
)
def test_body_that_is_no_object(user_api, body):
    response = user_api.post("/api/dogs/Lazy", body, content_type="application/json")
    assert response.status_code == 400
    assert Dog.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["x" * 101, "ﷺ" * 17, "a%00b", "tab%09bed", "%E2%80%AEgod", "..", "%20"]
)
def test_names_that_are_refused(user_api, name):
    assert user_api.post(f"/api/dogs/{name}").status_code in {400, 404}
    assert Dog.objects.count() == 0


def test_inactive_owner_is_unknown(user_api):
    owner = UserFactory(is_active=False)
    assert_problem(
        user_api.post("/api/dogs/Lazy", {"id_user": owner.pk}), 400, "invalid", field="id_user"
    )


def test_form_body_is_415(user_api):
    response = user_api.post(
        "/api/dogs/Lazy", "is_adopted=1", content_type="application/x-www-form-urlencoded"
    )
    assert_problem(response, 415, "unsupported_media_type")
    assert Dog.objects.count() == 0


# -- changing ------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_and_rename(user_api, method):
    dog = DogFactory(name="Lazy", ready=True)
    owner = UserFactory()
    body = {"name": "Eager", "is_adopted": True, "id_user": owner.pk, "picture": "x", "id": 99}
    response = getattr(user_api, method)("/api/dogs/lazy", body)
    assert response.status_code == 200
    stored = Dog.objects.get()
    assert (stored.pk, stored.name, stored.is_adopted, stored.owner) == (
        dog.pk,
        "Eager",
        True,
        owner,
    )
    assert response.json()["picture"] == dog.picture
    entry = JournalEntry.objects.get(model="dogs.Dog")
    assert entry.changes == {
        "name": ["Lazy", "Eager"],
        "is_adopted": [False, True],
        "owner": [None, owner.pk],
    }


def test_patch_leaves_what_it_does_not_name(user_api):
    owner = UserFactory()
    DogFactory(name="Lazy", is_adopted=True, owner=owner)
    user_api.patch("/api/dogs/Lazy", {"name": "Eager"})
    stored = Dog.objects.get()
    assert (stored.name, stored.is_adopted, stored.owner) == ("Eager", True, owner)


@pytest.mark.parametrize("body", [{}, {"name": "Lazy", "is_adopted": True}])
def test_a_change_of_nothing_writes_nothing(user_api, body):
    dog = DogFactory(name="Lazy", is_adopted=True)
    before = Dog.objects.values().get()
    with updates_of(Dog) as updates:
        response = user_api.patch("/api/dogs/Lazy", body)
    assert (response.status_code, response.json()["id"]) == (200, dog.pk)
    assert (updates, Dog.objects.values().get()) == ([], before)
    assert not JournalEntry.objects.filter(model="dogs.Dog").exists()


def test_rename_to_a_taken_or_reserved_name(user_api):
    DogFactory(name="Lazy")
    DogFactory(name="Eager")
    assert_problem(user_api.patch("/api/dogs/Lazy", {"name": "EAGER"}), 409, "dog_name_taken")
    assert_problem(
        user_api.patch("/api/dogs/Lazy", {"name": "is_adopted"}), 400, "invalid", field="name"
    )
    assert_problem(user_api.patch("/api/dogs/Lazy", {"name": "a/b"}), 400, "invalid", field="name")
    assert sorted(Dog.objects.values_list("name", flat=True)) == ["Eager", "Lazy"]


def test_rename_to_another_case_of_itself(user_api):
    DogFactory(name="Lazy")
    assert user_api.patch("/api/dogs/Lazy", {"name": "LAZY"}).json()["name"] == "LAZY"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_if_match(user_api, method):
    dog = DogFactory(name="Lazy")
    tag = user_api.get("/api/dogs/Lazy")["ETag"]
    Dog.objects.filter(pk=dog.pk).update(is_adopted=True)
    call = getattr(user_api, method)
    assert_problem(call("/api/dogs/Lazy", {}, HTTP_IF_MATCH=tag), 412, "precondition_failed")
    assert Dog.objects.filter(is_adopted=True).count() == 1
    fresh = user_api.get("/api/dogs/Lazy")["ETag"]
    assert call("/api/dogs/Lazy", {}, HTTP_IF_MATCH=f'"other", {fresh}').status_code in {200, 204}


def test_the_contract_allows_the_empty_picture_of_a_new_dog():
    schema = SchemaGenerator().get_schema(public=True)["components"]["schemas"]["Dog"]
    picture = schema["properties"]["picture"]
    assert (picture["type"], picture["readOnly"]) == ("string", True)
    assert "format" not in picture


def test_delete(user_api):
    dog = DogFactory(name="Lazy")
    response = user_api.delete("/api/dogs/Lazy")
    assert (response.status_code, response.content) == (204, b"")
    assert Dog.objects.count() == 0
    assert_problem(user_api.delete("/api/dogs/Lazy"), 404, "not_found")
    entry = JournalEntry.objects.get(model="dogs.Dog")
    assert (entry.action, entry.object_id, entry.object_label) == ("delete", str(dog.pk), "Lazy")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_change_of_an_unknown_dog(user_api, method):
    assert_problem(getattr(user_api, method)("/api/dogs/Nobody", {}), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("raw", ["/api/dogs/Rex%2F", "/api/dogs%2FRex", "/api/dogs/Rex%2f/"])
def test_an_encoded_slash_is_no_part_of_an_address(user_api, method, raw):
    DogFactory(name="Rex")
    response = getattr(user_api, method)(unquote(raw), {"name": "Max"}, RAW_URI=raw)
    assert_problem(response, 404, "not_found")
    assert list(Dog.objects.values_list("name", flat=True)) == ["Rex"]


@pytest.mark.parametrize("name", ["Rex%252F", "a%5Cb", "%252e%252e", "50%25"])
def test_what_is_no_slash_after_decoding_is_a_name(user_api, name):
    path = f"/api/dogs/{name}"
    made = user_api.post(path, RAW_URI=path)
    assert (made.status_code, made.json()["name"]) == (201, unquote(name))
    found = user_api.get(made["Location"], RAW_URI=made["Location"])
    assert (found.status_code, found.json()["name"]) == (200, unquote(name))


def test_a_name_that_is_no_utf_8_is_400(user_api):
    for path in ("/api/dogs/Rex%FF", "/api/dogs/%C0%AF"):
        assert_problem(user_api.post(path, RAW_URI=path), 400, "malformed_path")
    assert Dog.objects.count() == 0
