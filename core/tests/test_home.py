"""The admin's home page: what waits for a person, figures, and what oneself did last."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import gettext

from core.admin import cards
from core.admin.cards import Attention, Figure, Point, Waiting
from core.audit import journal
from core.db import time_limit
from core.models import StoredAnswer
from core.roles import Role
from core.tests.caches import forget_cache
from users.models import ApiToken
from users.tests.factories import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db
HOME = "/admin/"
FOREVER = {
    "postgresql": "SELECT pg_sleep(30)",
    "sqlite": (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    ),
}


@pytest.fixture(autouse=True)
def uncounted():
    forget_cache()
    cards.attention_by_model.cache_clear()
    yield
    forget_cache()
    cards.attention_by_model.cache_clear()


def as_role(client, role):
    user = UserFactory(role=role)
    client.force_login(user)
    return user


def by_name(response, part="attention"):
    return {card.source.name: card for card in response.context[part]}


def ending(days, **fields):
    return ApiTokenFactory(expires_at=timezone.now() + dt.timedelta(days=days), **fields)


@pytest.fixture
def only(monkeypatch):
    """Let these cards be the only ones there are."""

    def set_cards(*sources):
        kinds = {
            "ATTENTION": [one for one in sources if isinstance(one, Attention)],
            "FIGURES": [one for one in sources if isinstance(one, Figure)],
        }
        monkeypatch.setattr(cards, "of_apps", lambda name: iter(kinds.get(name, [])))

    return set_cards


def test_a_card_counts_its_rows_and_names_the_first_moment(client):
    as_role(client, Role.SUPPORT)
    soon, later = ending(3), ending(10)
    ending(20)
    ending(5, revoked_at=timezone.now())
    card = by_name(client.get(HOME))["users.tokens_ending"]
    assert card.waiting == Waiting(2, soon.expires_at)
    assert (card.is_urgent, card.is_more, card.failed) == (False, False, False)
    assert later.expires_at > soon.expires_at


def test_a_cards_link_leads_to_exactly_its_rows(client):
    as_role(client, Role.SUPPORT)
    mine, _other = ending(3), ending(20)
    card = by_name(client.get(HOME))["users.tokens_ending"]
    page = client.get(card.source.link)
    assert page.status_code == 200
    assert list(page.context["cl"].queryset) == [mine]


@pytest.mark.parametrize("name", ["nothing.of_that_name", "", "a" * 10_000, "dogs.pictures_failed"])
def test_a_name_that_no_card_of_the_list_has_finds_nothing(client, name):
    as_role(client, Role.SUPPORT)
    ending(3)
    page = client.get("/admin/users/apitoken/", {"attention": name})
    assert page.status_code == 200
    assert list(page.context["cl"].queryset) == []


def test_what_is_urgent_comes_first_and_what_nobody_waits_for_last(client, only):
    as_role(client, Role.SUPPORT)
    ending(1)
    only(
        Attention("no.rows", "None", ApiToken.objects.none, "created_at"),
        Attention("some", "Some", ApiToken.objects.all, "expires_at", is_deadline=True),
        Attention("hurry", "Hurry", ApiToken.objects.all, "expires_at", dt.timedelta(days=2), True),
    )
    response = client.get(HOME)
    assert [card.source.name for card in response.context["attention"]] == [
        "hurry",
        "some",
        "no.rows",
    ]
    assert [card.is_urgent for card in response.context["attention"]] == [True, False, False]


def test_more_rows_than_are_counted_are_said_to_be_more(client, only, monkeypatch):
    as_role(client, Role.SUPPORT)
    monkeypatch.setattr(cards, "MAX_COUNTED_ROWS", 2)
    for days in (3, 4, 5, 6):
        ending(days)
    only(Attention("many", "Many", ApiToken.objects.all, "expires_at"))
    response = client.get(HOME)
    card = by_name(response)["many"]
    assert (card.waiting.number, card.is_more) == (3, True)
    assert "more than 2" in response.content.decode()


def broken():
    raise OperationalError("relation does not exist")


def slow():
    with connection.cursor() as cursor:
        cursor.execute(FOREVER[connection.vendor])
    return []


@pytest.mark.parametrize("question", [broken, slow])
def test_a_card_without_an_answer_says_so_and_the_page_stands(client, only, monkeypatch, question):
    as_role(client, Role.ADMIN)
    monkeypatch.setattr(cards, "CARD_SECONDS", 0.2)
    ending(3)
    only(
        Figure("bad", "Bad", lambda: ApiToken, question),
        Attention("good", "Good", ApiToken.objects.all, "expires_at"),
    )
    response = client.get(HOME)
    assert response.status_code == 200
    assert by_name(response, "figures")["bad"].failed
    assert by_name(response)["good"].waiting.number == 1
    assert "could not be counted" in response.content.decode()
    assert cache.get("admin.card.bad") is None  # asked again at once


def limit_of_queries():
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()


def test_after_a_time_limit_the_connection_has_the_one_that_it_had():
    before = limit_of_queries()
    with pytest.raises(OperationalError), time_limit(0.2):
        slow()
    with time_limit(5):
        assert before is None or limit_of_queries() == ("5s",)
    assert limit_of_queries() == before
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 99999)"
            " SELECT count(*) FROM n"
        )
        assert cursor.fetchone() == (99_999,)  # long enough for SQLite to look at its limit


def test_a_number_is_kept_for_some_seconds(client, only):
    as_role(client, Role.SUPPORT)
    ending(3)
    only(Attention("kept", "Kept", ApiToken.objects.all, "expires_at"))
    assert by_name(client.get(HOME))["kept"].waiting.number == 1
    ending(4)
    assert by_name(client.get(HOME))["kept"].waiting.number == 1
    forget_cache()
    assert by_name(client.get(HOME))["kept"].waiting.number == 2


def test_figures_are_for_administrators_and_each_bar_leads_to_its_rows(client, only):
    days = cards.daily(StoredAnswer.objects.all, "created_at", 3)
    tokens = cards.daily(ApiToken.objects.all, "created_at", 3)
    only(
        Figure("answers", "Answers", lambda: StoredAnswer, days, is_daily=True),
        Figure("tokens", "Tokens", lambda: ApiToken, tokens, is_daily=True),
    )
    as_role(client, Role.SUPPORT)
    assert client.get(HOME).context["figures"] == []
    as_role(client, Role.ADMIN)
    made = ending(3)
    card = by_name(client.get(HOME), "figures")["tokens"]
    assert card.latest == 1
    assert [bar["percent"] for bar in card.bars] == [0, 0, 100]
    today = client.get(card.bars[-1]["link"])
    assert list(today.context["cl"].queryset) == [made]
    yesterday = client.get(card.bars[-2]["link"])
    assert list(yesterday.context["cl"].queryset) == []


def test_a_figure_of_nothing_has_no_bar_to_divide_by():
    figure = Figure("none", "None", lambda: ApiToken, lambda: [Point("a", 0)])
    card = cards.counted(figure)
    assert card.bars == [{"label": "a", "value": 0, "link": "", "percent": 0}]


def test_one_sees_what_oneself_worked_with_and_did(client):
    me, other = as_role(client, Role.SUPPORT), UserFactory()
    mine, theirs = ending(30), ending(30)
    for who, token in ((me, mine), (other, theirs)):
        entry = journal.entry(journal.Action.CHANGE, token)
        entry.actor_kind, entry.actor_id = "user", who.pk
        entry.save()
    response = client.get(HOME)
    link = f"/admin/users/apitoken/{mine.pk}/change/"
    assert [one.link for one in response.context["recent"]] == [link]
    assert [(entry.object_id, one.link) for entry, one in response.context["actions"]] == [
        (str(mine.pk), link)
    ]


def test_the_home_page_costs_the_same_whatever_waits(client):
    as_role(client, Role.ADMIN)
    with CaptureQueriesContext(connection) as few:
        client.get(HOME)
    for days in range(1, 12):
        ending(days)
    forget_cache()
    with CaptureQueriesContext(connection) as many:
        client.get(HOME)
    assert len(many) == len(few)
    with CaptureQueriesContext(connection) as kept:
        client.get(HOME)
    assert len(kept) == 4  # the session, its user, their second factor, their own entries


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_who_is_not_of_the_staff_gets_no_home_page(client, role):
    as_role(client, role)
    response = client.get(HOME)
    assert response.status_code == 302
    assert response["Location"] == "/admin/login/?next=/admin/"


def test_a_figures_words_are_those_of_its_reader(client, only):
    only(Figure("dogs", "Dogs", lambda: ApiToken, lambda: [Point(gettext("Home"), 1)]))
    as_role(client, Role.ADMIN)
    for language, word in (("en", "Home"), ("es", "Inicio"), ("en", "Home")):
        page = client.get(HOME, headers={"accept-language": language})
        assert by_name(page, "figures")["dogs"].bars[0]["label"] == word
