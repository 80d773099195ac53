"""An object's pages in the admin, in every app: tabs, name, id, and how it stands."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from allies.tests.factories import AllyFactory
from cases.tests.factories import CaseFactory
from clinic.tests.factories import PatientFactory, StudyFactory
from core.audit import journal
from core.roles import Role
from dogs.tests.factories import DogFactory
from stores.tests.factories import ProductFactory
from users.auth import limits
from users.models import LoginBucket
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    return client


def address(obj, page="change"):
    options = obj._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=[obj.pk])


def tabs_in(answer):
    [group] = answer.context["tab_list"]
    return [str(tab["title"]) for tab in group["items"]]


def labels_in(answer):
    return [(str(label.text), label.colour) for label in answer.context["header"]["labels"]]


def locked_user():
    user = UserFactory(role=Role.SELLER)
    LoginBucket.objects.create(
        account=limits.account_key(user.email),
        attempts=1000,
        window_ends_at=timezone.now() + timedelta(minutes=5),
    )
    return user


@pytest.mark.parametrize(
    ("make", "tabs"),
    [
        (UserFactory, ["Data", "Related", "Changes", "Cases"]),
        (DogFactory, ["Data", "Changes", "Cases"]),
        (AllyFactory, ["Data", "Changes", "Cases"]),
        (PatientFactory, ["Data", "Versions", "Changes", "Who looked", "Cases"]),
        (ProductFactory, ["Data", "Changes", "Cases"]),
    ],
)
def test_the_tabs_of_an_object_are_on_all_its_pages(boss, make, tabs):
    obj = make()
    page, history = boss.get(address(obj)), boss.get(address(obj, "history"))
    assert tabs_in(page) == tabs
    assert tabs_in(history) == tabs
    for answer in (page, history):
        text = answer.content.decode()
        assert f'<code id="object-id">{obj.pk}</code>' in text
        assert f'href="{address(obj)}#cases"' in text
    assert 'id="cases-group"' in page.content.decode()


def test_a_journal_entry_has_no_cases(boss):
    line = journal.record(journal.Action.CHANGE, UserFactory())
    assert tabs_in(boss.get(address(line))) == ["Data", "Changes"]


@pytest.mark.parametrize("make", [DogFactory, StudyFactory, AllyFactory])
def test_cases_about_an_object_are_on_its_page(boss, make):
    obj, other = make(), make()
    case = CaseFactory(object_label=obj._meta.label, object_id=str(obj.pk))
    CaseFactory(object_label=obj._meta.label, object_id=str(other.pk))
    CaseFactory(object_label="users.User", object_id=str(obj.pk))
    [panel] = [one for one in boss.get(address(obj)).context["panels"] if one.tab == "cases"]
    assert [one.link for one in panel.found] == [address(case)]


@pytest.mark.parametrize(
    ("make", "labels"),
    [
        (
            lambda: UserFactory(role=Role.SELLER),
            [("Field seller", ""), ("active", "success")],
        ),
        (
            lambda: UserFactory(role=Role.USER, is_active=False),
            [("User", ""), ("deactivated", "danger")],
        ),
        (SessionFactory, [("in force", "success")]),
        (lambda: SessionFactory(revoked_at=timezone.now()), [("revoked", "danger")]),
        (
            lambda: ApiTokenFactory(
                created_at=timezone.now() - timedelta(days=2),
                expires_at=timezone.now() - timedelta(days=1),
            ),
            [("expired", "warning")],
        ),
        (
            lambda: DogFactory(is_adopted=False, picture_status="failed"),
            [("to be adopted", "info"), ("picture: failed", "danger")],
        ),
        (lambda: PatientFactory(archived=True), [("archived", "warning")]),
        (StudyFactory, [("present", "success")]),
        (
            lambda: AllyFactory(is_active=False),
            [("inactive", "danger"), ("without credentials", "warning")],
        ),
        (ProductFactory, [("active", "success")]),
    ],
)
def test_how_an_object_stands(boss, make, labels):
    assert labels_in(boss.get(address(make()))) == labels


def test_a_locked_account_is_red_on_its_page_and_in_the_list(boss):
    user = locked_user()
    answer = boss.get(address(user))
    [(text, colour)] = labels_in(answer)[2:]
    assert (text.startswith("locked until "), colour) == (True, "danger")
    bucket = LoginBucket.objects.get()
    assert labels_in(boss.get(address(bucket))) == [("locked", "danger")]
    listed = boss.get("/admin/users/loginbucket/").content.decode()
    assert "bg-red-100" in listed
    LoginBucket.objects.update(window_ends_at=timezone.now())
    assert labels_in(boss.get(address(bucket))) == [("not locked", "success")]
    assert len(labels_in(boss.get(address(user)))) == 2


@pytest.mark.parametrize(
    ("make", "label", "text", "done"),
    [
        (PatientFactory, "Archive", "All of it can be restored from the archive.", "archived"),
        (StudyFactory, "Archive", "The study leaves every list.", "archived"),
        (UserFactory, "Remove for good", "This is final: nobody can undo it.", "removed for good"),
    ],
)
def test_a_removal_says_what_it_is(boss, make, label, text, done):
    obj = make()
    page = boss.get(address(obj)).content.decode()
    assert f'href="{address(obj, "delete")}">{label}</a>' in page
    assert f"Delete {obj._meta.verbose_name}" not in page
    question = boss.get(address(obj, "delete")).content.decode()
    assert text in question
    assert "Are you sure you want to delete" not in question
    answer = boss.post(address(obj, "delete"), {"post": "yes"}, follow=True)
    assert f"{obj}: {done}" in answer.content.decode()
    selected = dict(answer.context["action_form"].fields["action"].choices)["delete_selected"]
    assert "Delete" not in str(selected)


def test_what_is_deleted_is_called_that(boss):
    dog = DogFactory()
    assert "Delete dog" in " ".join(boss.get(address(dog)).content.decode().split())
    assert "Are you sure you want to delete" in boss.get(address(dog, "delete")).content.decode()


def test_who_may_not_remove_is_offered_nothing(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    for obj in (PatientFactory(), UserFactory()):
        assert address(obj, "delete") not in client.get(address(obj)).content.decode()


def test_names_are_text(boss):
    user = UserFactory(email="<b>x@plaza.test")
    text = boss.get(address(user)).content.decode()
    assert "&lt;b&gt;x@plaza.test" in text
    assert "<b>x@plaza.test" not in text


def test_a_page_costs_the_same_whatever_cases_there_are(boss):
    dog, costs = DogFactory(), []
    boss.get(address(dog))
    for size in (1, 9, 40):
        for _number in range(size):
            CaseFactory(object_label="dogs.Dog", object_id=str(dog.pk), state="closed")
        with CaptureQueriesContext(connection) as queries:
            boss.get(address(dog))
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]
