"""The admin's pages of a forgotten password, of links that support makes, of second factors."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from core.models import JournalEntry
from core.roles import Role
from users.auth import links, second_factor
from users.models import LinkMail, OneTimeLink, SecondFactor, Session
from users.tasks import mail_link
from users.tests.factories import PASSWORD, UserFactory
from users.tests.test_second_factor import Clock

pytestmark = pytest.mark.django_db
NEW = "another good phrase"
FORGOTTEN = "/admin/password-reset/"
CONFIRM = "/admin/password-reset/confirm/"
SECOND = "/admin/second-factor/"


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def browser_of(role):
    client = Client()
    client.user = UserFactory(role=role)
    client.force_login(client.user)
    return client


@pytest.fixture
def support():
    return browser_of(Role.SUPPORT)


@pytest.fixture
def boss():
    return browser_of(Role.ADMIN)


def text(response):
    return response.content.decode()


# --- a forgotten password ----------------------------------------------------------------------
def test_the_sign_in_page_leads_to_the_forgotten_password(client):
    assert f'href="{FORGOTTEN}"' in text(client.get("/admin/login/"))


@pytest.mark.parametrize("path", ["/admin/", "/admin/users/user/"])
def test_whoever_signs_in_comes_to_the_page_that_they_asked_for(client, path):
    user = UserFactory(role=Role.SUPPORT)
    address = "/admin/login/" if path == "/admin/" else f"/admin/login/?next={path}"
    asked = re.search(r'name="next" value="([^"]*)"', text(client.get(address)))[1]
    data = {"username": user.email, "password": PASSWORD, "next": asked}
    assert client.post(address, data)["Location"] == path


def test_a_person_gets_a_link_and_sets_a_password(client):
    user = UserFactory(email="ana@example.com")
    known = client.post(FORGOTTEN, {"email": "Ana@example.com"})
    unknown = client.post(FORGOTTEN, {"email": "nobody@example.com"})
    bodies = [re.sub(r'value="[^"]*"|nonce="[^"]*"', "", text(page)) for page in (known, unknown)]
    assert bodies[0] == bodies[1]
    assert 'id="asked"' in bodies[0]
    for pk in LinkMail.objects.values_list("pk", flat=True):
        mail_link(pk=pk)
    (message,) = mail.outbox
    path, _, token = re.search(r"http://[^/]*(/admin/\S+)", message.body)[1].partition("#")
    for _scan in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
    assert OneTimeLink.objects.get().used_at is None, "looking uses nothing up"
    data = {"token": token, "password": NEW, "again": "something else"}
    assert client.post(path, data).context["form"].errors["again"] == [
        "The two passwords are different."
    ]
    page = client.post(path, {**data, "password": "short", "again": "short"})
    assert list(page.context["form"].errors) == ["password"]
    assert 'id="done"' in text(client.post(path, {**data, "again": NEW}))
    user.refresh_from_db()
    assert user.check_password(NEW)
    page = client.post(path, {**data, "again": NEW})
    assert page.context["form"].non_field_errors() == [
        "This link is not valid, or no longer. Ask for another one."
    ]


def test_who_is_signed_in_stays_so_when_they_open_anothers_link(support):
    user = UserFactory()
    _link, token = links.make_link(user=user)
    page = support.post(CONFIRM, {"token": token, "password": NEW, "again": NEW})
    assert 'id="done"' in text(page)
    assert support.get("/admin/users/user/").status_code == 200
    support.user.refresh_from_db()
    assert support.user.check_password(PASSWORD)


def test_forms_want_the_token_against_forgery():
    client = Client(enforce_csrf_checks=True)
    for path in (FORGOTTEN, CONFIRM):
        assert client.post(path, {"email": "ana@example.com"}).status_code == 403
    assert not LinkMail.objects.exists()


def test_a_platform_without_mail_says_whom_to_ask(client, settings):
    settings.MAIL_ENABLED = False
    assert "sends no mail" in text(client.get(FORGOTTEN))
    assert client.post(FORGOTTEN, {"email": "ana@example.com"}).status_code == 200
    assert not LinkMail.objects.exists()


@pytest.mark.parametrize("path", [FORGOTTEN, CONFIRM, SECOND])
def test_the_pages_speak_spanish_and_take_two_methods(path, boss):
    page = boss.get(path, HTTP_ACCEPT_LANGUAGE="es")
    assert '<html lang="es"' in text(page)
    assert boss.put(path).status_code == 405
    assert boss.head(path).status_code == 200


# --- links of support --------------------------------------------------------------------------
def page_of(user):
    return f"/admin/users/user/{user.pk}/link/"


def test_support_shows_a_link_once_with_a_reason(support, api):
    user = UserFactory(role=Role.SELLER)
    assert f'href="{page_of(user)}"' in text(support.get(f"/admin/users/user/{user.pk}/change/"))
    assert not OneTimeLink.objects.exists()
    assert f"One-time link: {user.email}" in text(support.get(page_of(user)))
    page = support.post(page_of(user), {"reason": "", "show": ""})
    assert list(page.context["form"].errors) == ["reason"]
    assert not OneTimeLink.objects.exists()
    page = support.post(page_of(user), {"reason": "called in", "show": ""}, HTTP_HOST="localhost")
    address = page.context["address"]
    assert address.startswith("http://127.0.0.1:9050/admin/password-reset/confirm/#")
    assert address in text(page)
    assert "no-store" in page["Cache-Control"]
    token = address.partition("#")[2]
    entry = JournalEntry.objects.get(model="users.OneTimeLink")
    assert (entry.reason, entry.actor_id, entry.action) == (
        "called in",
        support.user.pk,
        "create",
    )
    stored = str([*JournalEntry.objects.values(), *OneTimeLink.objects.values()])
    assert token not in stored + str(dict(support.session)) + str(page.cookies)
    assert token not in text(support.get("/admin/users/onetimelink/"))
    answer = api.post("/api/auth/password-reset/confirm", {"token": token, "password": NEW})
    assert answer.status_code == 204


def test_a_user_without_a_password_is_invited_for_an_hour(support):
    user = UserFactory(password=None)
    assert "Invites" in text(support.get(page_of(user)))
    support.post(page_of(user), {"reason": "new", "show": ""})
    link = OneTimeLink.objects.get()
    assert (link.purpose, link.expires_at - link.created_at) == (
        "invitation",
        timedelta(hours=1),
    )


def test_support_may_have_a_link_mailed(support):
    user = UserFactory(password=None, role=Role.CLINICIAN)
    response = support.post(page_of(user), {"reason": "new", "mail": ""}, follow=True)
    assert [str(note) for note in response.context["messages"]] == [
        f"The mail is on its way to {user.email}."
    ]
    mail_link(pk=LinkMail.objects.get().pk)
    assert mail.outbox[0].subject == "Your account at Plaza"
    entry = JournalEntry.objects.get(model="users.User")
    assert (entry.object_id, entry.reason) == (str(user.pk), "A link is mailed: new")


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (Role.ADMIN, "show"),
        (Role.ADMIN, "mail"),
        (Role.SUPPORT, "show"),
        (Role.CLINICIAN, "show"),
    ],
)
def test_support_makes_no_link_for_who_may_do_more(support, boss, of, kind):
    user = UserFactory(role=of)
    page = support.post(page_of(user), {"reason": "please", kind: ""})
    assert page.context["form"].non_field_errors() == ["Only an administrator may make this link."]
    assert not OneTimeLink.objects.exists()
    assert not LinkMail.objects.exists()
    answer = boss.post(page_of(user), {"reason": "please", kind: ""})
    assert answer.status_code == (200 if kind == "show" else 302)
    assert OneTimeLink.objects.count() + LinkMail.objects.count() == 1


def test_a_link_without_an_address_or_a_mailbox_replaces_nothing(support, settings):
    user = UserFactory()
    links.make_link(user=user)
    settings.MAIL_ENABLED = False
    page = support.post(page_of(user), {"reason": "please", "mail": ""})
    assert page.context["form"].non_field_errors() == ["No mail is sent: EMAIL_URL is not set."]
    settings.PUBLIC_URL = ""
    page = support.post(page_of(user), {"reason": "please", "show": ""})
    assert page.context["form"].non_field_errors() == [
        "PUBLIC_URL is not set, so no link can be made."
    ]
    assert OneTimeLink.objects.filter(ended_at__isnull=True).count() == 1


def test_a_deactivated_users_link_is_refused_on_the_page(support):
    user = UserFactory(is_active=False)
    page = support.post(page_of(user), {"reason": "please", "show": ""})
    assert page.context["form"].non_field_errors() == [
        "This link is not valid, or no longer. Ask for another one."
    ]
    assert support.get("/admin/users/user/987654/link/").status_code == 404


def test_the_lists_show_what_happened(support):
    user = UserFactory()
    links.make_link(user=user)
    support.post(page_of(user), {"reason": "new", "mail": ""})
    for model in ("onetimelink", "linkmail", "secondfactor"):
        assert support.get(f"/admin/users/{model}/?q={user.email}").status_code == 200
    assert user.email in text(support.get("/admin/users/linkmail/"))


# --- the second factor -------------------------------------------------------------------------
def set_up(client, clock):
    page = client.post(SECOND, {"step": "begin", "password": PASSWORD})
    assert page.context["secret"] in text(page)
    assert "<svg" in text(page)
    assert "no-store" in page["Cache-Control"]
    code = clock.code(SecondFactor.objects.get(user=client.user))
    page = client.post(SECOND, {"step": "confirm", "otp": code})
    clock.now += 60
    return page.context["codes"]


def log_in(user, **data):
    client = Client()
    form = {"username": user.email, "password": PASSWORD, **data}
    return client, client.post(reverse("admin:login"), form)


def test_a_second_factor_is_set_up_and_asked_for_and_removed(support, clock):
    assert "one-time-code" not in text(Client().get("/admin/login/"))
    assert f'href="{SECOND}"' in text(support.get("/admin/")), "in the menu of one's account"
    page = support.post(SECOND, {"step": "begin", "password": "a guess"})
    assert list(page.context["form"].errors) == ["password"]
    assert not SecondFactor.objects.exists()
    codes = set_up(support, clock)
    assert "10 recovery codes are left" in text(support.get(SECOND))
    assert codes[0] not in text(support.get(SECOND))
    assert "one-time-code" in text(Client().get("/admin/login/"))
    _client, page = log_in(support.user)
    assert page.context["form"].non_field_errors() == [
        "Type a code of your authenticator app, or a recovery code."
    ]
    _client, page = log_in(support.user, otp="000000x")
    assert page.context["form"].non_field_errors() == ["This code is not valid, or no longer."]
    assert Session.objects.filter(kind="admin").count() == 1
    client, page = log_in(support.user, otp=codes[0])
    assert (page.status_code, client.get("/admin/").status_code) == (302, 200)
    factor = SecondFactor.objects.get()
    for data in ({"password": PASSWORD, "otp": "no"}, {"password": "no", "otp": codes[1]}):
        page = support.post(SECOND, {"step": "remove", **data})
        assert page.context["form"].errors
    assert SecondFactor.objects.exists()
    data = {"password": PASSWORD, "otp": clock.code(factor)}
    assert support.post(SECOND, {"step": "remove", **data}).context["removed"] is True
    assert not SecondFactor.objects.exists()
    assert support.get("/admin/").status_code == 200
    assert client.get("/admin/").status_code == 302, "other sessions end"
    entries = JournalEntry.objects.filter(model="users.SecondFactor").order_by("pk")
    assert [entry.action for entry in entries] == ["create", "change", "delete"]
    assert entries[2].reason == "Removed by its owner."


def test_too_many_codes_are_refused_in_the_form_and_on_the_page(support, clock):
    set_up(support, clock)
    for _time in range(10):
        log_in(support.user, otp="no code")
    _client, page = log_in(support.user, otp=clock.code(SecondFactor.objects.get()))
    said = ["Too many attempts to sign in. Try again in 60 minutes."]
    assert page.context["form"].non_field_errors() == said
    data = {"step": "remove", "password": PASSWORD, "otp": clock.code(SecondFactor.objects.get())}
    assert support.post(SECOND, data).context["form"].non_field_errors() == said
    assert SecondFactor.objects.exists()


def test_a_wrong_first_code_may_be_typed_again(support, clock):
    support.post(SECOND, {"step": "begin", "password": PASSWORD})
    page = support.post(SECOND, {"step": "confirm", "otp": "no code"})
    assert page.context["started"] is True
    assert list(page.context["form"].errors) == ["otp"]
    code = clock.code(SecondFactor.objects.get())
    assert support.post(SECOND, {"step": "confirm", "otp": code}).context["codes"]


@pytest.mark.parametrize("data", [{}, {"step": "x"}, {"step": "begin"}, {"step": "confirm"}])
def test_odd_steps_change_nothing(support, data):
    assert support.post(SECOND, data).status_code == 200
    assert not SecondFactor.objects.exists()


def test_strangers_and_users_have_no_such_page(client):
    assert client.get(SECOND).status_code == 302
    assert browser_of(Role.USER).get(SECOND).status_code == 302


def test_where_it_is_required_nothing_else_works_until_it_is_there(clock, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    user = UserFactory(role=Role.ADMIN)
    client, page = log_in(user)
    client.user = user
    assert page.status_code == 302
    for path in ("/admin/", "/admin/users/user/", "/admin/password_change/"):
        page = client.get(path)
        assert (page.status_code, page["Location"]) == (302, SECOND)
    page = client.post("/admin/users/user/", {"action": "end_sessions"})
    assert (page.status_code, page["Location"]) == (302, SECOND)
    assert "Staff must have a second factor here" in text(client.get(SECOND))
    set_up(client, clock)
    assert client.get("/admin/users/user/").status_code == 200
    data = {"password": PASSWORD, "otp": clock.code(SecondFactor.objects.get())}
    client.post(SECOND, {"step": "remove", **data})
    assert client.get("/admin/users/user/").status_code == 302
    assert client.post("/admin/logout/").status_code == 200


def test_who_has_one_and_is_signed_in_goes_on_when_it_becomes_required(
    support, clock, settings, django_assert_num_queries
):
    set_up(support, clock)
    session = support.session
    session.pop("users.second_factor")
    session.save()
    settings.STAFF_SECOND_FACTOR = "required"
    assert support.get("/admin/users/user/").status_code == 200
    assert support.session["users.second_factor"] is True


def test_admin_removes_a_lost_one_and_signs_its_owner_out(boss, support, clock):
    set_up(support, clock)
    factor = SecondFactor.objects.get()
    page = "/admin/users/secondfactor/"
    data = {"action": "remove", "_selected_action": [str(factor.pk)], "reason": "lost phone"}
    support.post(page, data)
    assert SecondFactor.objects.exists(), "SUPPORT may not"
    boss.post(page, {**data, "reason": ""})
    assert SecondFactor.objects.exists(), "not without a reason"
    boss.post(page, data)
    assert not SecondFactor.objects.exists()
    assert support.get("/admin/users/user/").status_code == 302
    entry = JournalEntry.objects.get(model="users.SecondFactor", action="delete")
    assert (entry.reason, entry.actor_id) == ("lost phone", boss.user.pk)


def test_ones_own_is_removed_with_a_code_only(boss, clock):
    set_up(boss, clock)
    factor = SecondFactor.objects.get()
    data = {"action": "remove", "_selected_action": [str(factor.pk)], "reason": "mine"}
    boss.post("/admin/users/secondfactor/", data)
    assert SecondFactor.objects.exists()


def test_the_secret_of_the_page_makes_the_codes(support, clock):
    from base64 import b32decode

    page = support.post(SECOND, {"step": "begin", "password": PASSWORD})
    secret = b32decode(page.context["secret"])
    assert secret == second_factor.opened(SecondFactor.objects.get())
    assert page.context["address"].startswith("otpauth://totp/Plaza:")
    code = clock.code(SecondFactor.objects.get())
    assert support.post(SECOND, {"step": "confirm", "otp": code}).context["codes"]
    assert page.context["secret"] not in text(support.get(SECOND))
