from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session as DjangoSession
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_writes import updates_of
from users import services
from users.auth.api_tokens import create_api_token
from users.constants import DEVICE_COOKIE
from users.models import Session, User
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = "another good phrase"
ENDED = (302, "/admin/login/")
USERS = "/admin/users/user/"


@pytest.fixture
def support(db):
    client = Client()
    client.user = UserFactory(role=Role.SUPPORT)
    client.force_login(client.user)
    return client


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("admin:login"), {"username": email, "password": password})


def test_the_form_counts_attempts_and_says_how_long_to_wait():
    user = UserFactory(role=Role.SUPPORT)
    for _time in range(5):
        assert sign_in(Client(), user.email, "wrong").status_code == 200
    response = sign_in(Client(), user.email)
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [
        "Too many attempts to sign in. Try again in 15 minutes."
    ]


def test_a_browser_that_signed_in_once_is_known():
    user = UserFactory(role=Role.SUPPORT)
    browser = Client()
    assert sign_in(browser, user.email.upper()).status_code == 302
    assert browser.cookies[DEVICE_COOKIE]["httponly"] is True
    for _time in range(5):
        sign_in(Client(), user.email, "wrong")
    assert sign_in(Client(), user.email).status_code == 200
    browser.post(reverse("admin:logout"))
    assert sign_in(browser, user.email).status_code == 302


def test_a_stolen_browser_session_is_no_way_to_guess_the_password(support):
    form = {"new_password1": NEW, "new_password2": NEW}
    page = reverse("admin:password_change")
    for _time in range(5):
        answer = support.post(page, {**form, "old_password": "a guess"})
        assert list(answer.context["form"].errors) == ["old_password"]
    answer = support.post(page, {**form, "old_password": PASSWORD})
    assert answer.context["form"].errors["old_password"] == [
        "Too many attempts to sign in. Try again in 15 minutes."
    ]
    support.user.refresh_from_db()
    assert support.user.check_password(PASSWORD)
    assert sign_in(Client(), support.user.email).status_code == 302


def test_deactivation_and_a_new_password_end_the_browser_session(support):
    assert support.get(USERS).status_code == 200
    support.user.set_password(NEW)
    support.user.save()
    assert support.get(USERS).status_code == 302
    support.force_login(support.user)
    User.objects.filter(pk=support.user.pk).update(is_active=False)
    assert support.get(USERS).status_code == 302


def test_a_new_password_revokes_every_token_whoever_sets_it(client_for, monkeypatch):
    def by_page(user):
        browser = Client()
        browser.force_login(user)
        form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        assert browser.post(reverse("admin:password_change"), form).status_code == 302
        assert browser.get(reverse("admin:index")).status_code == 200

    def by_command(user):
        monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: NEW)
        call_command("changepassword", user.email)

    for change in (by_page, by_command):
        user = UserFactory(role=Role.SUPPORT)
        caller = client_for(user)
        token, text = create_api_token(user=user, name="nightly")
        change(user)
        user.refresh_from_db()
        assert user.check_password(NEW)
        assert caller.get("/api/users/me").status_code == 401
        caller.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        assert caller.get("/api/users/me").status_code == 401
        token.refresh_from_db()
        assert token.revoked_at is not None
        history = JournalEntry.objects.filter(
            model="users.User", object_id=user.pk, action="change"
        )
        assert history.get().changes == {"password": None}


# --- the browser's session ---------------------------------------------------------------------


def answer(browser):
    response = browser.get(USERS)
    return response.status_code, response.get("Location", "").partition("?")[0]


def act(browser, page, action, *rows):
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(page, data, follow=True)


def test_a_sign_in_opens_a_session_that_signing_out_ends():
    user = UserFactory(role=Role.SUPPORT)
    browser = Client(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox")
    assert sign_in(browser, user.email).status_code == 302
    session = Session.objects.get()
    assert (session.kind, session.user, session.user_agent) == ("admin", user, "Firefox")
    assert session.address == "192.0.2.7"
    assert session.expires_at - session.created_at == timedelta(hours=12)
    assert 12 * 3600 - 10 <= browser.cookies["sessionid"]["max-age"] <= 12 * 3600
    entry = JournalEntry.objects.get(model="users.Session")
    assert (entry.action, entry.actor_id) == ("create", user.pk)
    browser.post(reverse("admin:logout"))
    session.refresh_from_db()
    assert session.revoked_reason == "Signed out."
    assert answer(browser) == ENDED


def test_signing_in_again_leaves_one_session(support):
    support.force_login(support.user)
    assert list(
        Session.objects.order_by("created_at").values_list("revoked_reason", flat=True)
    ) == [
        "Signed in again.",
        "",
    ]
    assert answer(support)[0] == 200


def test_end_all_sessions_signs_the_browsers_out(support):
    boss = Client()
    boss.force_login(UserFactory(role=Role.ADMIN))
    second = Client()
    sign_in(second, support.user.email)
    assert (answer(support)[0], answer(second)[0]) == (200, 200)
    response = act(boss, USERS, "end_sessions", support.user)
    assert [str(message) for message in response.context["messages"]] == ["2 sessions ended."]
    assert (answer(support), answer(second)) == (ENDED, ENDED)
    assert answer(boss)[0] == 200
    assert sign_in(second, support.user.email).status_code == 302
    assert answer(second)[0] == 200


def test_one_browser_is_ended_alone(support):
    second = Client()
    sign_in(second, support.user.email)
    mine = Session.objects.earliest("created_at")
    act(second, "/admin/users/session/", "revoke", mine)
    assert (answer(support), answer(second)[0]) == (ENDED, 200)


@pytest.mark.parametrize(
    "change",
    [
        {"password": NEW},
        {"is_active": False},
        {"email": "new@example.com"},
        {"role": Role.SELLER},
    ],
    ids=str,
)
def test_what_ends_access_by_the_api_or_a_service_ends_the_browser(support, change):
    services.update_user(user=User.objects.get(pk=support.user.pk), **change)
    assert answer(support) == ENDED
    # Not even when all is as it was before: the session itself is over.
    User.objects.update(is_active=True, role=Role.SUPPORT, password=support.user.password)
    assert answer(support) == ENDED


def test_a_removed_user_is_signed_out(support):
    services.remove_user(user=User.objects.get(pk=support.user.pk))
    assert answer(support) == ENDED


def test_a_working_day_is_the_longest_however_busy(support):
    now = timezone.now()
    Session.objects.update(
        created_at=now - timedelta(hours=12, seconds=1), expires_at=now - timedelta(seconds=1)
    )
    assert answer(support) == ENDED


def test_no_page_extends_the_day(support):
    until = Session.objects.get().expires_at
    act(support, USERS, "end_sessions", UserFactory())  # a message is written into the session
    assert DjangoSession.objects.get().expire_date == until
    assert Session.objects.get(kind="admin").expires_at == until


def test_an_idle_hour_signs_out_and_a_page_counts_as_use(support):
    def idle(**ago):
        Session.objects.update(rotated_at=timezone.now() - timedelta(**ago))
        return answer(support)

    assert idle(minutes=59)[0] == 200
    assert timezone.now() - Session.objects.get().rotated_at < timedelta(minutes=1)
    assert idle(minutes=60) == ENDED


def test_a_page_is_noted_once_a_minute(support):
    ago = timezone.now() - timedelta(seconds=50)
    Session.objects.update(rotated_at=ago)
    with updates_of(Session) as updates:
        assert answer(support)[0] == 200
    assert updates == []
    Session.objects.update(rotated_at=timezone.now() - timedelta(seconds=61))
    with updates_of(Session) as updates:
        assert answer(support)[0] == 200
    assert len(updates) == 1


def test_a_cookie_of_a_session_that_names_no_row_is_nobodys(support):
    kept = support.session
    for key in (None, str(uuid4())):
        support.force_login(support.user)
        kept = support.session
        del kept["users.session"]
        if key:
            kept["users.session"] = key
        kept.save()
        assert answer(support) == ENDED


def test_the_own_password_page_keeps_this_browser_and_ends_the_others(support):
    second = Client()
    sign_in(second, support.user.email)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert support.post(reverse("admin:password_change"), form).status_code == 302
    assert (answer(support)[0], answer(second)) == (200, ENDED)
    alive = Session.objects.alive(timezone.now()).get()
    assert (alive.kind, alive.user) == ("admin", support.user)


# --- one's own account -------------------------------------------------------------------------


@pytest.fixture
def boss(db):
    client = Client()
    client.user = UserFactory(role=Role.ADMIN, name="Boss")
    client.force_login(client.user)
    return client


def own_form(user, **changes):
    names = ("name", "last_name", "email", "role")
    return {name: getattr(user, name) for name in names} | {"is_active": "on"} | changes


@pytest.mark.parametrize("change", [{"email": "new@example.com"}, {"new_password": NEW}], ids=str)
def test_ones_own_address_and_password_take_the_present_password(boss, change):
    page = f"{USERS}{boss.user.pk}/change/"
    before = User.objects.values().get()
    for proof in ({}, {"current_password": "wrong"}):
        response = boss.post(page, own_form(boss.user, **change, **proof))
        assert response.status_code == 200
        errors = response.context["adminform"].form.errors
        assert errors == {"current_password": ["This is not the current password."]}
        assert User.objects.values().get() == before
    second = Client()
    sign_in(second, boss.user.email)
    proof = {"current_password": PASSWORD}
    assert boss.post(page, own_form(boss.user, **change, **proof)).status_code == 302
    assert (answer(boss)[0], answer(second)) == (200, ENDED)


def test_ones_own_name_takes_none_and_tries_are_counted(boss):
    page = f"{USERS}{boss.user.pk}/change/"
    assert boss.post(page, own_form(boss.user, name="Chief")).status_code == 302
    assert User.objects.get().name == "Chief"
    taken = own_form(boss.user, email="new@example.com")
    for _time in range(10):
        assert boss.post(page, taken).status_code == 200
    response = boss.post(page, taken | {"current_password": PASSWORD})
    assert response.context["adminform"].form.errors == {
        "current_password": ["Too many tries to change this account. Try again later."]
    }
    assert User.objects.get().email == boss.user.email


def test_the_form_of_another_asks_for_no_password(boss):
    other = UserFactory()
    page = f"{USERS}{other.pk}/change/"
    assert "current_password" not in boss.get(page).content.decode()
    assert boss.post(page, own_form(other, email="new@example.com")).status_code == 302
    other.refresh_from_db()
    assert other.email == "new@example.com"


def test_a_page_shows_what_lets_the_user_in(support):
    user = UserFactory(email="ana+1@example.com")
    SessionFactory(user=user, user_agent="<b>Phone</b>", address="192.0.2.7")
    SessionFactory(user=user, user_agent="over", revoked_at=timezone.now())
    token = ApiTokenFactory(user=user, name="nightly", read_only=True)
    text = support.get(f"{USERS}{user.pk}/change/").content.decode()
    assert "&lt;b&gt;Phone&lt;/b&gt;" in text
    assert "192.0.2.7" in text
    assert "over" not in text.partition("192.0.2.7")[2].partition("nightly")[0]
    assert f"/admin/users/apitoken/{token.pk}/change/" in text
    assert "/admin/users/session/?q=ana%2B1%40example.com" in text
    found = support.get("/admin/users/session/?q=ana%2B1%40example.com").context["cl"].result_list
    assert len(found) == 2


def test_a_page_costs_the_same_whatever_lets_the_user_in(support, django_assert_num_queries):
    user = UserFactory()
    page = f"{USERS}{user.pk}/change/"
    support.get(page)
    with CaptureQueriesContext(connection) as few:
        support.get(page)
    SessionFactory.create_batch(30, user=user)
    ApiTokenFactory.create_batch(30, user=user)
    with django_assert_num_queries(len(few)):
        support.get(page)


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_who_is_signed_in_and_may_not_come_in_is_told_so(client, role):
    said = "but are not authorized to access this page"
    assert said not in client.get(reverse("admin:login")).content.decode()
    user = UserFactory(role=role)
    client.force_login(user)
    page = client.get("/admin/", follow=True).content.decode()
    assert f"You are authenticated as {user}, {said}" in page
    assert client.get(USERS).status_code == 302
