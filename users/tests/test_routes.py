import pytest

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_writes import updates_of
from users.models import User
from users.tests.factories import PASSWORD, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = "another good phrase"


def as_json(user):
    names = ("id", "name", "last_name", "email", "role")
    return {name: getattr(user, name) for name in names}


def code_of(response):
    return response.status_code, response.json()["code"]


# --- creating ----------------------------------------------------------------------------------


def test_an_administrator_creates_a_user(admin_api, api):
    body = {"name": "Ana", "last_name": "Soto", "email": "ANA@Example.com", "password": PASSWORD}
    response = admin_api.post("/api/users", body)
    user = User.objects.get(email="ana@example.com")
    assert response.status_code == 201
    assert response.json() == {
        "id": user.pk,
        "name": "Ana",
        "last_name": "Soto",
        "email": "ana@example.com",
        "role": "USER",
    }
    assert response["Location"] == f"/api/users/{user.pk}"
    signed_in = api.post("/api/auth/token", {"email": user.email, "password": PASSWORD})
    assert signed_in.status_code == 200


def test_the_fields_of_the_brief_are_enough(admin_api):
    response = admin_api.post("/api/users/", {"name": "A", "last_name": "B", "email": "a@b.co"})
    assert response.status_code == 201
    assert not User.objects.get(email="a@b.co").has_usable_password()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "   "),
        ("name", 7),
        ("name", "x" * 101),
        ("name", "a\u202eb"),
        ("name", ["a"]),
        ("last_name", None),
        ("last_name", {}),
        ("last_name", "x" * 101),
        ("email", None),
        ("email", ""),
        ("email", "no-at-sign"),
        ("email", "a@b"),
        ("email", "a b@example.com"),
        ("email", f"{'x' * 250}@example.com"),
        ("email", True),
        ("role", "BOSS"),
        ("role", "admin"),
        ("role", None),
        ("role", 1),
        ("password", None),
        ("password", ""),
        ("password", "short"),
        ("password", "password123"),
        ("password", "x" * 1001),
        ("password", 12345678901),
        ("password", "ana@example.com"),
    ],
)
def test_a_bad_field_is_400_names_it_and_stores_nothing(admin_api, field, value):
    body = {"name": "Ana", "last_name": "Soto", "email": "ana@example.com", field: value}
    before = User.objects.count()
    response = admin_api.post("/api/users", body)
    assert response.status_code == 400
    assert field in [error["field"] for error in response.json()["errors"]]
    assert User.objects.count() == before


@pytest.mark.parametrize("email", ["taken@example.com", "TAKEN@EXAMPLE.COM", " Taken@example.com"])
def test_a_taken_address_is_409_in_any_case(admin_api, email):
    UserFactory(email="taken@example.com")
    response = admin_api.post("/api/users", {"name": "A", "last_name": "B", "email": email})
    assert code_of(response) == (409, "email_taken")
    other = UserFactory()
    response = admin_api.patch(f"/api/users/{other.pk}", {"email": email})
    assert code_of(response) == (409, "email_taken")
    assert User.objects.filter(email="taken@example.com").count() == 1


def test_what_nobody_may_set_is_left_alone(admin_api):
    columns = {field.name: 1 for field in User._meta.concrete_fields}
    body = {**columns, "name": "A", "last_name": "B", "email": "a@b.co", "role": "USER"}
    del body["password"]
    body |= {"is_staff": True, "is_superuser": True, "anonymised_at": "2026-01-01T00:00:00Z"}
    response = admin_api.post("/api/users", body)
    assert response.status_code == 201
    user = User.objects.get(email="a@b.co")
    assert user.pk != 1
    assert (user.is_active, user.anonymised_at, user.last_login) == (True, None, None)


# --- reading -----------------------------------------------------------------------------------


def test_a_user_sees_itself_and_nobody_else(user_api):
    other = UserFactory()
    for path in ("/api/users/me", f"/api/users/{user_api.user.pk}", "/api/users/me/"):
        response = user_api.get(path)
        assert (response.status_code, response.json()) == (200, as_json(user_api.user))
    assert code_of(user_api.get(f"/api/users/{other.pk}")) == (404, "not_found")


@pytest.mark.parametrize(
    "key", ["0", "999999", "9" * 18, "9" * 30, "zz", "-1", "1.0", "%00", "1e3"]
)
def test_an_unknown_id_is_404(admin_api, key):
    for method in ("get", "delete"):
        response = getattr(admin_api, method)(f"/api/users/{key}")
        assert code_of(response) == (404, "not_found")


def test_a_user_has_one_address(user_api):
    assert code_of(user_api.get(f"/api/users/0{user_api.user.pk}")) == (404, "not_found")
    assert user_api.get(f"/api/users/{user_api.user.pk}").status_code == 200


def test_the_list_filters_searches_and_orders(admin_api):
    admin = admin_api.user
    ana = UserFactory(name="Ana", last_name="Soto", email="zz@example.com")
    bea = UserFactory(name="Bea", last_name="Paz", email="ana@example.org", role=Role.SUPPORT)
    UserFactory(name="Ana", is_active=False, anonymised_at="2026-01-01T00:00:00Z")

    def ids(query=""):
        response = admin_api.get(f"/api/users{query}")
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]

    assert ids() == [admin.pk, ana.pk, bea.pk]
    assert ids("?ordering=-id") == [bea.pk, ana.pk, admin.pk]
    assert ids("?role=SUPPORT") == [bea.pk]
    assert ids("?search=ana") == [ana.pk, bea.pk]
    assert ids("?search=soto") == [ana.pk]
    assert ids("?limit=1") == [admin.pk]
    body = admin_api.get("/api/users?count=true&role=USER").json()
    assert body == {"count": 1, "next": None, "previous": None, "results": [as_json(ana)]}


@pytest.mark.parametrize("query", ["role=BOSS", "ordering=password", "nope=1", "limit=0"])
def test_a_bad_query_is_400(admin_api, query):
    assert admin_api.get(f"/api/users?{query}").status_code == 400


def test_the_list_costs_the_same_at_any_length(admin_api, django_assert_num_queries):
    admin_api.get("/api/users")
    for more in (0, 9, 40):
        UserFactory.create_batch(more)
        with django_assert_num_queries(2):  # who calls, the page
            rows = admin_api.get("/api/users").json()["results"]
    assert len(rows) == 50


def test_one_user_costs_two_queries(user_api, django_assert_num_queries):
    with django_assert_num_queries(2):
        user_api.get("/api/users/me")


# --- changing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/{id}"])
def test_a_user_changes_its_own_names(user_api, path):
    path = path.format(id=user_api.user.pk)
    response = user_api.patch(path, {"name": "  Zo\u00eb  "})
    assert (response.status_code, response.json()["name"]) == (200, "Zo\u00eb")
    full = {**response.json(), "last_name": ""}
    assert user_api.put(path, full).json() == full
    assert JournalEntry.objects.filter(model="users.User", action="change").count() == 2
    assert JournalEntry.objects.filter(model="users.User").first().actor_id == user_api.user.pk


def test_a_change_of_nothing_writes_nothing(user_api):
    before = User.objects.values().get()
    with updates_of(User) as updates:
        response = user_api.patch("/api/users/me", {"name": before["name"]})
    assert (response.status_code, response.json()["name"]) == (200, before["name"])
    assert (updates, User.objects.values().get()) == ([], before)
    assert not JournalEntry.objects.filter(model="users.User").exists()


def test_a_put_that_leaves_out_a_required_field_is_400(user_api):
    response = user_api.put("/api/users/me", {"name": "Zoe"})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["email"]


def test_a_user_cannot_change_its_role(user_api):
    response = user_api.patch("/api/users/me", {"role": "ADMIN", "name": "Boss"})
    assert code_of(response) == (403, "only_admin")
    user_api.user.refresh_from_db()
    assert user_api.user.role == Role.USER
    assert user_api.user.name != "Boss"


def test_a_user_cannot_change_or_remove_another(user_api):
    other = UserFactory(name="Other")
    for response in (
        user_api.patch(f"/api/users/{other.pk}", {"name": "X"}),
        user_api.put(f"/api/users/{other.pk}", {"name": "X", "email": "x@y.co"}),
        user_api.delete(f"/api/users/{other.pk}"),
    ):
        assert code_of(response) == (404, "not_found")
    other.refresh_from_db()
    assert (other.name, other.is_active) == ("Other", True)


@pytest.mark.parametrize(
    "current",
    [{}, {"current_password": None}, {"current_password": "wrong"}, {"current_password": 7}],
)
def test_the_own_password_needs_the_current_one(user_api, current):
    response = user_api.patch("/api/users/me", {"password": NEW, **current})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["current_password"]
    user_api.user.refresh_from_db()
    assert user_api.user.check_password(PASSWORD)
    assert user_api.get("/api/users/me").status_code == 200


def test_the_current_password_cannot_be_guessed(user_api):
    body = {"password": NEW, "current_password": "wrong"}
    codes = [user_api.patch("/api/users/me", body).status_code for _time in range(7)]
    assert codes == [400] * 5 + [429] * 2
    body["current_password"] = PASSWORD
    assert user_api.patch("/api/users/me", body).status_code == 429


def test_a_new_password_revokes_the_own_session_too(user_api, api):
    user = user_api.user
    response = user_api.patch("/api/users/me", {"password": NEW, "current_password": PASSWORD})
    assert (response.status_code, response.json()) == (200, as_json(user))
    assert user_api.get("/api/users/me").status_code == 401
    answers = [
        api.post("/api/auth/token", {"email": user.email, "password": password}).status_code
        for password in (PASSWORD, NEW)
    ]
    assert answers == [401, 200]


def test_an_administrator_sets_role_and_password_of_others(admin_api, api):
    session = SessionFactory()
    path = f"/api/users/{session.user_id}"
    response = admin_api.patch(path, {"role": "SELLER", "password": NEW})
    assert (response.status_code, response.json()["role"]) == (200, "SELLER")
    session.refresh_from_db()
    assert session.revoked_at is not None
    session.user.refresh_from_db()
    assert session.user.check_password(NEW)
    assert NEW not in str(list(JournalEntry.objects.values()))


def test_a_stale_entity_tag_is_412_and_changes_nothing(user_api):
    etag = user_api.get("/api/users/me")["ETag"]
    assert user_api.get("/api/users/me", HTTP_IF_NONE_MATCH=etag).status_code == 304
    first = user_api.patch("/api/users/me", {"name": "One"}, HTTP_IF_MATCH=etag)
    assert first.status_code == 200
    assert user_api.patch("/api/users/me", {"name": "Two"}, HTTP_IF_MATCH=etag).status_code == 412
    again = user_api.patch("/api/users/me", {"name": "Two"}, HTTP_IF_MATCH=first["ETag"])
    assert again.json()["name"] == "Two"


def test_a_repeated_key_creates_one_user(admin_api):
    body = {"name": "A", "last_name": "B", "email": "a@b.co"}
    first = admin_api.post("/api/users", body, HTTP_IDEMPOTENCY_KEY="key-1")
    again = admin_api.post("/api/users", body, HTTP_IDEMPOTENCY_KEY="key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert User.objects.filter(email="a@b.co").count() == 1


# --- removing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/{id}"])
def test_a_user_removes_itself(user_api, admin_api, path):
    user = user_api.user
    response = user_api.delete(path.format(id=user.pk), {"current_password": PASSWORD})
    assert (response.status_code, response.content) == (204, b"")
    assert user_api.get("/api/users/me").status_code == 401
    for method in ("get", "delete"):
        assert code_of(getattr(admin_api, method)(f"/api/users/{user.pk}")) == (404, "not_found")
    body = {"name": "New", "last_name": "", "email": user.email}
    assert admin_api.post("/api/users", body).status_code == 201


def test_the_last_administrator_cannot_go(admin_api):
    for response in (
        admin_api.delete("/api/users/me", {"current_password": PASSWORD}),
        admin_api.patch("/api/users/me", {"role": "USER"}),
        admin_api.delete(f"/api/users/{admin_api.user.pk}", {"current_password": PASSWORD}),
    ):
        assert code_of(response) == (409, "last_admin")
    admin_api.user.refresh_from_db()
    assert (admin_api.user.role, admin_api.user.is_active) == (Role.ADMIN, True)
