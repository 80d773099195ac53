"""Allies over HTTP."""

import pytest

from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from core.roles import Role
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db

RECORD = {
    "id": "store-1",
    "name": "Young-Wolf",
    "brand_owner": "Wolf S.A.S.",
    "tags": ["finanzas", "movilidad"],
    "discount": "12.50",
    "min_amount": 50000,
    "max_amount": 2000000,
    "allowed_origins": ["https://wolf.example.com"],
    "is_active": True,
}


@pytest.fixture
def support(client_for):
    return client_for(Role.SUPPORT)


def test_create_retrieve_and_history(support):
    response = support.post("/api/allies", RECORD)
    assert (response.status_code, response.json()) == (201, RECORD)
    assert response["Location"] == "/api/allies/store-1"
    assert support.get(response["Location"]).json() == RECORD
    entry = history().get()
    assert (entry.action, entry.model, entry.object_id) == ("create", "allies.Ally", "store-1")
    assert entry.changes["tags"] == [None, ["finanzas", "movilidad"]]


def test_an_ally_without_an_id_gets_one(support):
    response = support.post("/api/allies", {"name": "X", "tags": {"tag2": "B", "tag1": "a"}})
    assert response.status_code == 201
    assert len(response.json()["id"]) == 36
    assert response.json()["tags"] == ["a", "b"]
    assert Ally.objects.get().pk == response.json()["id"]


def test_a_taken_id_is_a_conflict(support):
    AllyFactory(id="store-1", name="First")
    response = support.post("/api/allies", RECORD)
    assert (response.status_code, response.json()["code"]) == (409, "ally_id_taken")
    assert Ally.objects.get().name == "First"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 1}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"name": "a\u202e"}, "name"),
        ({"id": "a/b"}, "id"),
        ({"id": "tags"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"tags": "finanzas"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"tags": {"x": "a"}}, "tags"),
        ({"tags": None}, "tags"),
        ({"discount": 101}, "discount"),
        ({"discount": -1}, "discount"),
        ({"discount": "12.345"}, "discount"),
        ({"discount": True}, "discount"),
        ({"discount": "NaN"}, "discount"),
        ({"min_amount": -1}, "min_amount"),
        ({"min_amount": 1.5}, "min_amount"),
        ({"min_amount": 10**17}, "min_amount"),
        ({"min_amount": "5"}, "min_amount"),
        ({"max_amount": 49999}, "max_amount"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": "https://a.b"}, "allowed_origins"),
        ({"is_active": "yes"}, "is_active"),
    ],
)
def test_bad_fields_are_named(support, change, field):
    response = support.post("/api/allies", {**RECORD, **change})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert Ally.objects.count() == 0


def test_patch_leaves_what_it_does_not_name(support):
    support.post("/api/allies", RECORD)
    response = support.patch("/api/allies/store-1", {"name": "Old-Wolf"})
    assert (response.status_code, response.json()) == (200, {**RECORD, "name": "Old-Wolf"})
    entry = history().last()
    assert entry.changes == {"name": ["Young-Wolf", "Old-Wolf"]}


def test_a_change_of_nothing_writes_nothing(support):
    support.post("/api/allies", RECORD)
    before = Ally.objects.values().get()
    with updates_of(Ally) as updates:
        response = support.patch("/api/allies/store-1", RECORD)
    assert (response.status_code, response.json()) == (200, RECORD)
    assert (updates, Ally.objects.values().get()) == ([], before)
    assert history().count() == 1


def test_amounts_are_held_against_what_is_stored(support):
    support.post("/api/allies", RECORD)
    response = support.patch("/api/allies/store-1", {"min_amount": 2000001})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "max_amount"
    assert Ally.objects.get().min_amount == 50000


def test_the_id_stays(support):
    AllyFactory(id="store-1")
    response = support.patch("/api/allies/store-1", {"id": "store-2"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "id"
    assert support.put("/api/allies/store-1", {"id": "store-1", "name": "B"}).status_code == 200


def test_if_match(support):
    AllyFactory(id="a", name="A")
    etag = support.get("/api/allies/a")["ETag"]
    assert support.patch("/api/allies/a", {"name": "B"}, HTTP_IF_MATCH=etag).status_code == 200
    assert support.patch("/api/allies/a", {"name": "C"}, HTTP_IF_MATCH=etag).status_code == 412
    assert Ally.objects.get().name == "B"


def test_delete_takes_the_credentials_along_and_the_history_stays(support):
    with_credentials(AllyFactory(id="a"), times=2)
    assert support.delete("/api/allies/a").status_code == 204
    assert support.get("/api/allies/a").status_code == 404
    assert AllyCredential.objects.count() == 0
    deleted = history().filter(action="delete").values_list("model", "object_label")
    assert sorted(deleted)[1:] == [
        ("allies.AllyCredential", "a v1"),
        ("allies.AllyCredential", "a v2"),
    ]


def test_filter_by_tag_and_search(support):
    AllyFactory(id="a", name="Wolf", tags=["finanzas", "salud"])
    AllyFactory(id="b", name="Owl", tags=["salud"])
    AllyFactory(id="c", name="Fox", tags=[], is_active=False)

    def ids(query):
        return [row["id"] for row in support.get(f"/api/allies?{query}").json()["results"]]

    assert ids("tag=salud") == ["a", "b"]
    assert ids("tag=SALUD&ordering=name") == ["b", "a"]
    assert ids("tag=sal") == []
    assert ids("is_active=false") == ["c"]
    assert ids("search=wol") == ["a"]
    assert support.get("/api/allies?tag=").status_code == 400
    assert support.get("/api/allies?tags=x").status_code == 400
    assert support.get("/api/allies?tag=a%00").status_code == 400


def test_tag_counts(support):
    AllyFactory(tags=["b", "a"])
    AllyFactory(tags=["b"])
    AllyFactory(tags=["ñ", "a"])
    AllyFactory(tags=[])
    response = support.get("/api/allies/tags")
    assert response.status_code == 200
    assert response.json() == [
        {"tag": "a", "allies": 2},
        {"tag": "b", "allies": 2},
        {"tag": "ñ", "allies": 1},
    ]


@pytest.mark.parametrize("path", ["/api/allies", "/api/allies/tags", "/api/allies?tag=finanzas"])
def test_lists_cost_the_same_at_any_length(support, path, django_assert_num_queries):
    made = 0
    for count in (1, 10, 50):
        while made < count:
            AllyFactory(id=f"ally-{made}")
            made += 1
        with django_assert_num_queries(2):  # the token and the list
            assert support.get(path).status_code == 200


def test_no_answer_holds_credentials(support):
    with_credentials(AllyFactory(id="a"))
    assert "user-1" not in support.get("/api/allies/a").content.decode()
    assert set(support.get("/api/allies/a").json()) == set(RECORD)
