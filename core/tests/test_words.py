"""The journal in words: kinds, tasks, models, and where somebody looked."""

import pytest
from django.utils.translation import override

from core.admin import words
from core.audit import history, journal
from core.context import KINDS, Actor, acting_as
from core.models import Action, JournalEntry
from core.plugs import enabled
from core.roles import Role
from users.models import ApiToken
from users.tests.factories import UserFactory

JOURNAL = "/admin/core/journalentry/"


def test_every_kind_of_actor_and_every_task_has_words_in_both_languages():
    parts = [app.part("tasks") for app in enabled()]
    names = [
        f"{part.__name__}.{name}"
        for part in parts
        if part is not None
        for name, found in vars(part).items()
        if hasattr(found, "apply_async") and not isinstance(found, type)
    ]
    assert "users.tasks.mail_link" in names
    for known, say in ((KINDS, words.kind_of_actor), (names, words.task)):
        english = {name: say(name) for name in known}
        with override("es"):
            spanish = {name: say(name) for name in known}
        for name in known:
            assert english[name], name
            assert spanish[name] not in {"", english[name]}


@pytest.mark.parametrize(
    ("kind", "label", "said"),
    [
        ("user", "ana@plaza.test", "ana@plaza.test"),
        ("user", "", "person"),
        ("task", "users.tasks.mail_link", "background work: sends a one-time link"),
        ("task", "users.tasks.gone", "background work"),
        ("task", "gone.tasks.gone", "background work"),
        ("command", "prepare", "command: prepare"),
        ("anonymous", "", "nobody signed in"),
        ("another", "", "another"),
    ],
)
def test_who_acted(kind, label, said):
    assert words.actor(kind, label) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", ""),
        ("GET /api/users/7", "User · record · API"),
        ("GET /api/users (search, cursor)", "Users · list · API · searched"),
        ("GET /api/users/ (role)", "Users · list · API · filtered"),
        ("404 PATCH /api/users/7", "User · change · API · 404"),
        (
            "GET /admin/users/user/ (p, q, role)",
            "Users · list · administration · searched · filtered",
        ),
        ("GET /admin/users/user/7/change/", "User · page · administration"),
        ("POST /admin/users/user/7/unlock/", "User · Unlock · administration"),
        ("GET /admin/", "administration"),
        ("GET /nowhere/at/all", "GET /nowhere/at/all"),
        ("GET of patients", "GET of patients"),
        ("admin", "administration"),
        ("admin: CSV", "administration · CSV"),
        ("prepare", "command · prepare"),
        ("ticket 12 %(x)s", "ticket 12 %(x)s"),
    ],
)
def test_why_and_where(reason, said):
    assert words.reason(reason) == said


def test_models_are_called_by_their_names():
    assert words.model("users.User") == "User"
    assert words.model("gone.Thing") == "gone.Thing"
    with override("es"):
        assert words.model("users.User") == "Usuario"
        assert words.reason("GET /api/users/7") == "Usuario · ficha · API"
        assert words.reason("import") == "importación"


@pytest.mark.django_db
def test_the_journal_shows_no_word_of_code(client):
    boss = UserFactory(role=Role.ADMIN)
    client.force_login(boss)
    with acting_as(Actor("task", label="users.tasks.mail_link"), request="r-1"):
        changes = {"role": ["USER", "ADMIN"], "password": None}
        line = journal.record(Action.CHANGE, boss, changes=changes, reason="GET /api/users/7")
    listed = client.get(JOURNAL, {"q": "r-1"}).content.decode()
    page = client.get(f"{JOURNAL}{line.pk}/change/").content.decode()
    for text in (listed, page):
        assert "background work: sends a one-time link" in text
        assert '<span title="GET /api/users/7">User · record · API</span>' in text
        assert "users.tasks" not in text
    assert "<p>role: User → Administrator</p><p>password: — → changed (secret)</p>" in page
    filters = client.get(JOURNAL).content.decode()
    assert "?actor_kind=task" in filters
    assert client.get(JOURNAL, {"actor_kind": "task"}).context["cl"].result_count == 1


@pytest.mark.django_db
def test_changes_stand_by_request_and_name_what_a_relation_leads_to():
    user = UserFactory(email="ana@plaza.test")
    with acting_as(Actor("user", user.pk, "boss@plaza.test"), request="r-1"):
        journal.record(Action.CHANGE, user, changes={"name": ["A", "B"]})
        journal.record(Action.USE, user)
    with acting_as(Actor("user", user.pk, "boss@plaza.test"), request="r-2"):
        journal.record(Action.CHANGE, user, changes={"name": ["B", ""]})
    found = history.steps(history.history_of(user))
    assert [(one.first.request_id, len(one.entries)) for one in found] == [("r-2", 1), ("r-1", 2)]
    assert found[0].first.lines == [("first name", ["B", "—"])]
    line = JournalEntry(changes={"name": ["A", "B"], "search_key": None})
    history.tell_changes([line], type(user))
    assert line.lines == [("first name", ["A", "B"])]  # the key follows the name
    line = JournalEntry(changes={"user": [None, user.pk], "gone": [["a", "b"], {"c": True}]})
    history.tell_changes([line], ApiToken)
    assert line.lines == [("user", ["—", "ana@plaza.test"]), ("gone", ["a, b", "c: yes"])]
