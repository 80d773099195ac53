"""The journal keeps every object's history and cannot be changed."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import context
from core.audit import journal
from core.models import Action, JournalEntry
from core.roles import Role
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_entry_says_who_what_and_in_which_request():
    user = UserFactory(email="ada@example.com")
    who = context.Actor("user", 7, "boss@example.com", Role.ADMIN)
    with context.acting_as(who, request="request-1"):
        entry = journal.record(Action.USE, user, reason="because", count=3)
    entry.refresh_from_db()
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("user", 7, "boss@example.com")
    assert (entry.request_id, entry.action, entry.model) == ("request-1", "use", "users.User")
    assert (entry.object_id, entry.object_label) == (str(user.pk), "ada@example.com")
    assert (entry.reason, entry.count, entry.changes) == ("because", 3, {})


def test_changes_have_both_values_and_secrets_none():
    user = UserFactory(name="Ada")
    before = journal.snapshot(user)
    user.name = "Grace"
    user.password = "other"
    changes = journal.diff(before, user)
    assert changes == {"name": ["Ada", "Grace"], "password": None}
    assert journal.initial(user)["password"] is None
    assert journal.initial(user)["name"] == [None, "Grace"]


def test_what_a_save_computes_is_no_change():
    user = UserFactory()
    before = journal.snapshot(user)
    assert "updated_at" not in before
    user.save()
    assert journal.diff(before, user) == {}
    assert journal.initial(user)["updated_at"] == [None, user.updated_at.isoformat()]


def test_a_change_is_stored_and_returned_and_only_its_columns_are_written():
    user = UserFactory(name="Ada", last_name="Byron")
    stale, moment = User.objects.get(), user.updated_at
    User.objects.update(last_name="Lovelace")
    assert journal.change(stale, {"name": "Grace", "last_name": "Byron"}) == {
        "name": ["Ada", "Grace"]
    }
    user.refresh_from_db()
    assert (user.name, user.last_name) == ("Grace", "Lovelace")
    assert user.updated_at > moment


def test_a_change_of_nothing_is_not_written():
    user = UserFactory(name="Ada")
    with CaptureQueriesContext(connection) as queries:
        assert journal.change(user, {"name": "Ada"}) == {}
        assert journal.save_changes(user, journal.snapshot(user)) == {}
    assert [query["sql"] for query in queries] == []


def test_a_changed_secret_is_stored_and_not_shown():
    user = UserFactory()
    before = journal.snapshot(user)
    user.set_unusable_password()
    assert journal.save_changes(user, before) == {"password": None}
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_long_values_are_clipped():
    user = UserFactory(name="Ada")
    before = journal.snapshot(user)
    user.name = "x" * 1000
    assert journal.diff(before, user)["name"][1] == "x" * 499 + "…"


def test_texts_from_outside_are_made_storable():
    entry = journal.record(
        Action.REFUSED, User, object_id="a\x00" + "b" * 99, reason="x\x00y\ud800"
    )
    entry.refresh_from_db()
    assert (entry.object_id, entry.reason) == ("a" + "b" * 63, "xy")
    journal.record_each(Action.REFUSED, User, ["c\x00\ud800"])
    assert JournalEntry.objects.latest("id").object_id == "c"


def test_entry_about_a_list():
    entry = journal.record(Action.READ, User, count=50)
    assert (entry.model, entry.object_id, entry.object_label) == ("users.User", "", "")


def test_bulk_entries_take_one_statement():
    users = UserFactory.create_batch(20)
    with CaptureQueriesContext(connection) as queries:
        journal.record_many(journal.entry(Action.EXPORT, user) for user in users)
    assert [query["sql"].partition(" ")[0] for query in queries] == ["INSERT"]
    assert JournalEntry.objects.filter(action="export").count() == 20


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement", ["UPDATE core_journalentry SET reason = 'x'", "DELETE FROM core_journalentry"]
)
def test_the_database_refuses_to_change_it(statement):
    journal.record(Action.READ, User)
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert JournalEntry.objects.get().reason == ""


def test_unknown_action_is_refused():
    with pytest.raises(DatabaseError), transaction.atomic():
        journal.record("vanish", User)
    assert JournalEntry.objects.count() == 0


def test_write_and_entry_are_one_transaction(admin_api, monkeypatch):
    admin_api.raise_request_exception = False
    monkeypatch.setattr("core.audit.journal.record", lambda *_args, **_kwargs: 1 / 0)
    before = User.objects.count()
    assert admin_api.post("/api/users", {"name": "A", "email": "a@example.com"}).status_code == 500
    assert User.objects.count() == before


# -- the route -----------------------------------------------------------------------------------
def test_route_lists_newest_first_and_filters(admin_api):
    JournalEntry.objects.all()
    first = journal.record(Action.READ, User, object_id=1)
    second = journal.record(Action.USE, User, object_id=2)
    body = admin_api.get("/api/journal").json()
    assert [row["id"] for row in body["results"]][:2] == [second.pk, first.pk]
    body = admin_api.get("/api/journal?action=use&model=users.User&object_id=2").json()
    assert [row["id"] for row in body["results"]] == [second.pk]
    assert admin_api.get(f"/api/journal/{first.pk}").json()["action"] == "read"
    assert admin_api.get("/api/journal?action=vanish").status_code == 400


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINICIAN, Role.SELLER, Role.USER])
def test_route_is_for_administrators(client_for, role):
    assert client_for(role).get("/api/journal").status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_route_offers_no_way_to_change(admin_api, method):
    entry = journal.record(Action.READ, User)
    assert getattr(admin_api, method)(f"/api/journal/{entry.pk}", {}).status_code == 405
    assert JournalEntry.objects.filter(pk=entry.pk).exists()


def test_route_costs_the_same_at_1_10_and_50_rows(admin_api):
    counts = []
    for size in (1, 9, 40):
        journal.record_many(journal.entry(Action.READ, User) for _ in range(size))
        with CaptureQueriesContext(connection) as queries:
            assert admin_api.get("/api/journal").status_code == 200
        counts.append(len(queries))
    assert counts == [2, 2, 2]


@pytest.mark.parametrize("offset", ["%2B23:59", "-23:59", "%2B16:00", "-15:59", "Z"])
@pytest.mark.parametrize("moment", ["1900-01-01T00:00:00", "2200-12-31T23:59:59"])
def test_a_time_with_any_offset_is_compared(admin_api, moment, offset):
    journal.record(Action.READ, User)
    found = admin_api.get(f"/api/journal?at__gte={moment}{offset}")
    assert found.status_code == 200
    assert bool(found.json()["results"]) == moment.startswith("1900")


@pytest.mark.parametrize("spelling", ["{}_0", "0{}", " {}", "{} ", "+{}", "-{}", "0x{}", "٣"])
def test_an_entry_has_one_address(admin_api, spelling):
    entries = [journal.record(Action.READ, User) for _time in range(40)]
    answer = admin_api.get("/api/journal/" + spelling.format(entries[0].pk))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert admin_api.get(f"/api/journal/{entries[0].pk}").status_code == 200


# -- the admin -----------------------------------------------------------------------------------
@pytest.fixture
def admin_page(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    return client


def test_admin_shows_the_history_of_an_object(admin_page):
    user = UserFactory(name="Ada")
    before = journal.snapshot(user)
    user.name, user.password = "Grace", "sekret"
    journal.record(Action.CHANGE, user, changes=journal.diff(before, user), reason="ticket 7")
    page = admin_page.get(f"/admin/users/user/{user.pk}/history/").content.decode()
    assert "Ada → Grace" in page
    assert "ticket 7" in page
    assert "sekret" not in page


def test_the_history_is_in_the_readers_words_and_time(admin_page):
    user = UserFactory()
    changes = {
        "role": ["USER", "ADMIN"],
        "is_active": [True, False],
        "last_login": [None, "2026-03-01T02:00:00+00:00"],
        "updated_at": ["soon", 5],
        "password": None,
        "gone": [["a"], "b"],
    }
    journal.record(Action.CHANGE, user, changes=changes)
    page = admin_page.get(
        f"/admin/users/user/{user.pk}/history/", headers={"accept-language": "es"}
    ).content.decode()
    for line in (
        "rol: Usuario → Administrador",
        "activo: sí → no",
        "último inicio de sesión: — → 2026-02-28 21:00:00 -05",
        "actualizado: soon → 5",
        "contraseña: cambiado (secreto)",
        "gone: a → b",
    ):
        assert line in page


def test_the_journal_is_searched_by_what_an_index_knows(admin_page):
    ana, other = UserFactory(email="ana@plaza.test"), UserFactory()
    with context.acting_as(context.Actor("user", ana.pk, "ana@plaza.test"), request="r-1"):
        first = journal.record(Action.CHANGE, other)
    with context.acting_as(context.Actor("task", ana.pk, "tasks.tidy"), request=str(other.pk)):
        second = journal.record(Action.USE, ana)
    for text, expected in (
        ("r-1", [first]),
        (str(other.pk), [second, first]),
        ("ANA@plaza.test", [first]),
        ("r-", []),
        ("plaza.test", []),
        ("nobody@plaza.test", []),
        ("x" * 10_000, []),
    ):
        found = admin_page.get("/admin/core/journalentry/", {"q": text}).context["cl"]
        assert list(found.queryset) == expected, text


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["r-1", "7", "ana@plaza.test"])
def test_no_search_of_the_journal_reads_all_of_it(admin_page, text):
    UserFactory(email="ana@plaza.test")
    found = admin_page.get("/admin/core/journalentry/", {"q": text}).context["cl"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = found.queryset.explain()
    assert "Seq Scan" not in plan
    assert "journal_" in plan


def test_a_long_history_leads_to_the_journal(admin_page):
    user = UserFactory()
    link = f"/admin/core/journalentry/?model=users.User&amp;q={user.pk}"
    journal.record_many(journal.entry(Action.READ, user) for _number in range(199))
    path = f"/admin/users/user/{user.pk}/history/"
    assert link not in admin_page.get(path).content.decode()
    journal.record(Action.READ, user)
    assert link in admin_page.get(path).content.decode()


def test_admin_offers_no_way_to_change(admin_page):
    entry = journal.record(Action.READ, User)
    assert admin_page.get("/admin/core/journalentry/").status_code == 200
    assert admin_page.get(f"/admin/core/journalentry/{entry.pk}/change/").status_code == 200
    for path in (f"{entry.pk}/delete/", "add/"):
        assert (
            admin_page.post(f"/admin/core/journalentry/{path}", {"post": "yes"}).status_code == 403
        )
    assert JournalEntry.objects.filter(pk=entry.pk).exists()
