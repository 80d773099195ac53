from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import signals
from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_writes import updates_of
from users.auth import limits
from users.models import ApiToken, LoginBucket, Session, User
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
MODELS = ("user", "session", "apitoken", "loginbucket")
NEW = "another good phrase"


def page(model, action="changelist", *args):
    return reverse(f"admin:users_{model}_{action}", args=args)


def staff(role):
    client = Client()
    client.user = UserFactory(role=role)
    client.force_login(client.user)
    return client


@pytest.fixture
def boss(db):
    return staff(Role.ADMIN)


@pytest.fixture
def support(db):
    return staff(Role.SUPPORT)


def act(client, model, action, rows, **extra):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **extra}
    return client.post(page(model), data, follow=True)


def notices(response):
    return [str(message) for message in response.context["messages"]]


def make_one_of_each():
    session = SessionFactory()
    token = ApiTokenFactory(user=session.user)
    bucket = LoginBucket.objects.create(
        key="k" * 64,
        account=limits.account_key("ana@example.com"),
        attempts=5,
        window_ends_at=timezone.now() + timedelta(minutes=10),
    )
    return {"user": session.user, "session": session, "apitoken": token, "loginbucket": bucket}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPPORT])
@pytest.mark.parametrize("model", MODELS)
def test_staff_see_every_list_page_and_history_but_no_secret(role, model):
    made = make_one_of_each()
    client = staff(role)
    paths = [
        page(model),
        page(model) + "?q=ana@example.com",
        page(model, "change", made[model].pk),
        page(model, "history", made[model].pk),
    ]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        text = response.content.decode()
        assert made["user"].password not in text
        assert made["apitoken"].digest not in text
        assert "md5$" not in text


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SELLER, Role.USER])
def test_nobody_else_gets_in(role):
    response = staff(role).get(page("user"))
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_at_any_length(boss, model, django_assert_max_num_queries):
    make_one_of_each()
    boss.get(page(model))
    with django_assert_max_num_queries(12) as few:
        boss.get(page(model))
    for _time in range(10):
        ApiTokenFactory(user=SessionFactory().user)
    with django_assert_max_num_queries(len(few)):
        boss.get(page(model))


def form_of(**changes):
    return {
        "name": "Ana",
        "last_name": "Soto",
        "email": "ANA@example.com",
        "role": "USER",
        "is_active": "on",
        "new_password": "",
        **changes,
    }


def test_an_administrator_makes_a_user_who_can_sign_in(boss, api):
    response = boss.post(page("user", "add"), form_of(new_password=PASSWORD))
    assert response.status_code == 302
    user = User.objects.get(email="ana@example.com")
    entry = JournalEntry.objects.get(model="users.User")
    assert (entry.action, entry.actor_id, entry.object_id) == ("create", boss.user.pk, str(user.pk))
    body = {"email": user.email, "password": PASSWORD}
    assert api.post("/api/auth/token", body).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "TAKEN@example.com"}, "email"),
        ({"email": "zz"}, "email"),
        ({"new_password": "short"}, "new_password"),
        ({"role": "BOSS"}, "role"),
        ({"name": ""}, "name"),
    ],
)
def test_a_bad_form_is_shown_again_and_stores_nothing(boss, changes, field):
    UserFactory(email="taken@example.com")
    response = boss.post(page("user", "add"), form_of(**changes))
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert list(errors) == [field]
    assert User.objects.count() == 2


def test_changing_goes_through_the_service(boss):
    session = SessionFactory(user=UserFactory(name="Old"))
    user = session.user
    path = page("user", "change", user.pk)
    data = form_of(email=user.email, last_name=user.last_name)
    assert boss.post(path, data).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.check_password(PASSWORD)) == ("Ana", True)
    entry = JournalEntry.objects.get(model="users.User")
    assert entry.changes == {"name": ["Old", "Ana"]}
    with updates_of(User) as updates:
        assert boss.post(path, data).status_code == 302
    assert (updates, JournalEntry.objects.get(model="users.User")) == ([], entry)
    assert boss.post(path, {**data, "new_password": NEW}).status_code == 302
    user.refresh_from_db()
    session.refresh_from_db()
    assert user.check_password(NEW)
    assert session.revoked_at is not None
    assert NEW not in str(list(JournalEntry.objects.values()))


def test_deactivating_revokes_the_sessions(boss):
    session = SessionFactory()
    data = form_of(email=session.user.email)
    del data["is_active"]
    assert boss.post(page("user", "change", session.user_id), data).status_code == 302
    session.refresh_from_db()
    assert session.revoked_reason == "The user was deactivated."


def test_what_a_service_refuses_becomes_a_message(boss):
    data = form_of(email=boss.user.email, role="USER")
    paths = ((page("user", "change", boss.user.pk), data),)
    for path, body in paths:
        response = boss.post(path, body, follow=True)
        assert "The last active administrator" in notices(response)[0]
    response = boss.post(page("user", "delete", boss.user.pk), {"post": "yes"}, follow=True)
    assert "another administrator, or by the API" in notices(response)[0]
    response = act(boss, "user", "delete_selected", [boss.user], post="yes")
    assert "another administrator, or by the API" in notices(response)[0]
    boss.user.refresh_from_db()
    assert (boss.user.role, boss.user.is_active) == (Role.ADMIN, True)


def test_deleting_anonymises(boss):
    user = SessionFactory().user
    shown = boss.get(page("user", "delete", user.pk))
    assert shown.status_code == 200
    assert boss.post(page("user", "delete", user.pk), {"post": "yes"}).status_code == 302
    user.refresh_from_db()
    assert user.anonymised_at is not None
    assert Session.objects.get(user=user).revoked_at is not None
    assert user.email not in boss.get(page("user")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_selected_users_are_removed_in_a_transaction_each():
    users = UserFactory.create_batch(2)
    steps = []

    def note(*, user_id, **_):
        steps.append(("removed", user_id))
        transaction.on_commit(lambda: steps.append(("committed", user_id)))

    signals.user_removed.connect(note)
    try:
        act(staff(Role.ADMIN), "user", "delete_selected", users, post="yes")
    finally:
        signals.user_removed.disconnect(note)
    assert steps == [(step, user.pk) for user in users for step in ("removed", "committed")]


def test_support_may_look_and_revoke_but_not_take_over(support):
    made = make_one_of_each()
    before = list(User.objects.order_by("pk").values())
    for path in (
        page("user", "add"),
        page("user", "delete", made["user"].pk),
        page("apitoken", "add"),
        page("session", "add"),
        page("loginbucket", "delete", made["loginbucket"].pk),
    ):
        assert support.get(path).status_code == 403
        assert support.post(path, form_of()).status_code == 403
    changed = support.post(page("user", "change", made["user"].pk), form_of(role="ADMIN"))
    assert changed.status_code == 403
    assert list(User.objects.order_by("pk").values()) == before


def test_support_ends_sessions_and_tokens(support):
    first, second, other = SessionFactory(), SessionFactory(), SessionFactory()
    SessionFactory(user=second.user)
    token = ApiTokenFactory(user=second.user)
    assert notices(act(support, "apitoken", "revoke", [token])) == ["1 token revoked."]
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert notices(act(support, "session", "revoke", [first])) == ["1 session ended."]
    assert notices(act(support, "user", "end_sessions", [second.user])) == ["2 sessions ended."]
    assert list(Session.objects.filter(revoked_at=None, kind="api")) == [other]
    entries = JournalEntry.objects.filter(model="users.Session", action="change")
    assert {entry.actor_id for entry in entries} == {support.user.pk}
    assert entries.count() == 3


def test_an_api_token_is_shown_once_and_stored_nowhere(boss, api):
    user = UserFactory()
    data = {"name": "ci", "user": user.pk, "expires_at_0": "", "expires_at_1": ""}
    response = boss.post(page("apitoken", "add"), data)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    plaintext = response.context["plaintext"]
    assert plaintext in response.content.decode()
    answer = api.get("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {plaintext}")
    assert answer.json()["id"] == user.pk
    assert plaintext not in str(response.cookies)
    assert plaintext not in str(dict(boss.session))
    assert plaintext not in str([*ApiToken.objects.values(), *JournalEntry.objects.values()])
    token = ApiToken.objects.get()
    for path in (page("apitoken"), page("apitoken", "change", token.pk)):
        assert plaintext not in boss.get(path).content.decode()
    assert notices(act(boss, "apitoken", "revoke", [token])) == ["1 token revoked."]
    answer = api.get("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {plaintext}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2020-01-01", "This time is over."),
        ("0001-01-01", "This time is over."),
        ("9999-12-31", "No token lives that long."),
        ("2201-01-02", "No token lives that long."),
    ],
)
def test_a_token_that_expires_when_none_can_is_not_made(boss, day, said):
    user = UserFactory()
    data = {"name": "ci", "user": user.pk, "expires_at_0": day, "expires_at_1": "23:59:59"}
    response = boss.post(page("apitoken", "add"), data)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == {"expires_at": [said]}
    assert ApiToken.objects.count() == 0
    response = boss.post(page("apitoken", "add"), {**data, "expires_at_0": "2200-12-30"})
    assert "plaintext" in response.context
    assert boss.get(page("apitoken")).status_code == 200


def test_unlocking_needs_a_reason(support):
    bucket = make_one_of_each()["loginbucket"]
    assert notices(act(support, "loginbucket", "unlock", [bucket])) == [
        "Say why: the reason is required."
    ]
    assert LoginBucket.objects.exists()
    act(support, "loginbucket", "unlock", [bucket], reason="called in")
    assert not LoginBucket.objects.exists()
    entry = JournalEntry.objects.get(model="users.LoginBucket")
    assert (entry.reason, entry.actor_id) == ("called in", support.user.pk)


def test_buckets_are_found_by_the_whole_address(support):
    make_one_of_each()
    found = support.get(page("loginbucket") + "?q=ANA@example.com").context["cl"].result_list
    assert len(found) == 1
    assert not support.get(page("loginbucket") + "?q=ana").context["cl"].result_list
