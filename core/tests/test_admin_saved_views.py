"""Views of a list that somebody keeps: what they hold, who sees them, and what they never break."""

from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.admin.saved_views import MAX_VIEWS
from core.models import JournalEntry, SavedView
from core.roles import Role
from users import services
from users.admin import UserAdmin
from users.tests.factories import UserFactory
from users.tests.helpers_signed_in import signed_in

pytestmark = pytest.mark.django_db
USERS, SESSIONS = "/admin/users/user/", "/admin/users/session/"
VIEWS = f"{USERS}saved-views/"
SELLERS = {"role__exact": "SELLER", "o": "-1"}


@pytest.fixture
def support():
    return signed_in()


@pytest.fixture
def boss():
    return signed_in(Role.ADMIN)


def keep(client, name="Sellers", asked=None, page=VIEWS, **data):
    """Keep what an address of a list says; return the view."""
    query = urlencode(SELLERS if asked is None else asked)
    answer = client.post(page, {"name": name, "query": query, **data})
    assert answer.status_code == 302, answer.context["form"].errors
    view = SavedView.objects.latest("pk")
    assert answer["Location"] == f"{page}{view.pk}/"
    return view


def view_of(client, **fields):
    """Store a view that no form would take."""
    given = {"owner_id": client.user.pk, "model": "users.User", "name": "Old", "query": "o=1"}
    return SavedView.objects.create(**{**given, **fields})


def tabs(client, page=USERS, **asked):
    """Return title and address of what is above a list, and the title of what is shown."""
    answer = client.get(page, asked)
    assert answer.status_code == 200
    groups = answer.context["tab_list"] or [{"items": []}]
    [items] = [group["items"] for group in groups]
    active = [str(item["title"]) for item in items if item.get("active")]
    return [(str(item["title"]), item["link"]) for item in items], active


def notices(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def refused(client, path=VIEWS, **data):
    """Send a form that is refused; return what it says, by field."""
    before = list(SavedView.objects.order_by("pk").values())
    lines = JournalEntry.objects.filter(model="core.SavedView").count()
    answer = client.post(path, {"query": urlencode(SELLERS), **data})
    assert answer.status_code == 200
    assert list(SavedView.objects.order_by("pk").values()) == before
    assert JournalEntry.objects.filter(model="core.SavedView").count() == lines
    return {name: list(said) for name, said in answer.context["form"].errors.items()}


# -- keeping and opening -----------------------------------------------------------------------
def test_filters_search_and_order_are_kept_and_opened(support):
    assert tabs(support) == ([], [])
    asked = {**SELLERS, "q": "ana maría", "p": "3", "_facets": "1", "all": ""}
    [_all, save], _active = tabs(support, **asked)
    assert save[0] == "Save this view"
    form = support.get(save[1]).content.decode()
    assert "Who else sees it" not in form
    view = keep(support, "  Ana  sellers ", {**asked, "role__exact": "SELLER"})
    assert (view.name, view.owner_id, view.model, view.shared_with) == (
        *("Ana  sellers", support.user.pk),
        *("users.User", ""),
    )
    assert view.query == "o=-1&q=ana+mar%C3%ADa&role__exact=SELLER"
    opened = support.get(f"{VIEWS}{view.pk}/")
    assert (opened.status_code, opened["Location"]) == (302, f"{USERS}?{view.query}")
    shown, active = tabs(support, **{**asked, "p": "0"})
    assert shown == [
        ("All", USERS),
        (view.name, f"{VIEWS}{view.pk}/"),
        ("Saved views", VIEWS),
    ]
    assert active == [view.name]
    assert tabs(support)[1] == ["All"]
    assert tabs(support, SESSIONS) == ([], [])


def test_the_page_says_when_there_is_none(support):
    text = support.get(VIEWS).content.decode()
    assert "No view is kept yet." in text
    assert 'name="query"' not in text


def test_a_popup_has_no_views(support):
    keep(support)
    assert "saved-views" not in support.get(USERS, {"_popup": "1"}).content.decode()


def test_it_is_renamed_and_removed(support):
    view = keep(support)
    edit = f"{VIEWS}{view.pk}/edit/"
    assert 'value="Sellers"' in support.get(edit).content.decode()
    assert support.post(edit, {"name": "Field", "query": "q=x"})["Location"] == VIEWS
    view.refresh_from_db()
    assert (view.name, view.query) == ("Field", "o=-1&role__exact=SELLER")
    assert support.post(edit, {"name": "", "remove": "1"})["Location"] == VIEWS
    assert not SavedView.objects.exists()
    lines = JournalEntry.objects.filter(model="core.SavedView").order_by("pk")
    assert [(line.action, line.actor_id, line.object_label) for line in lines] == [
        (action, support.user.pk, f"saved view {view.pk}")
        for action in ("create", "change", "delete")
    ]
    assert [line.changes.get("name", 0) for line in lines] == [None, None, 0]
    assert "SELLER" not in str([line.changes for line in lines])


# -- what is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["", "  ", "x" * 61, "a\x00b", "a\u202eb", "\u200b"],
    ids=["empty", "blank", "long", "nul", "direction", "invisible"],
)
def test_a_name_that_is_none_is_refused(support, name):
    assert list(refused(support, name=name)) == ["name"]


def test_a_name_that_there_is_already_is_refused_in_words(support):
    view, other = keep(support, "Straße"), keep(support, "Other", {"o": "2"})
    said = {"name": ["There is a view of this name already."]}
    assert refused(support, name="STRASSE") == said
    assert refused(support, f"{VIEWS}{other.pk}/edit/", name=" straße") == said
    keep(support, "Straße", {"o": "1"}, f"{SESSIONS}saved-views/")
    keep(signed_in(), "Straße")
    with pytest.raises(IntegrityError), transaction.atomic():
        view_of(support, name=view.name.upper())


def test_twenty_views_of_a_list_are_enough(support):
    for number in range(MAX_VIEWS):
        view_of(support, name=f"View {number}")
    said = refused(support, name="One more")
    assert said == {"__all__": ["You have 20 views of this list: remove one first."]}
    keep(support, "One more", {"o": "1"}, f"{SESSIONS}saved-views/")
    last = SavedView.objects.filter(model="users.User").latest("pk")
    assert support.post(f"{VIEWS}{last.pk}/edit/", {"name": "Renamed"}).status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        *("", "p=3", "role__exact=", "password__startswith=md5", "nothing=1", "attention=nothing"),
        *("created_at__gte=x", "created_at__gte=0001-01-01T00:00:00%2B05:00", "q=%00"),
        *("attention__gte=1", "o=" + "1." * 1001),
    ],
    ids=lambda query: query[:25] or "empty",
)
def test_what_the_list_does_not_take_is_not_kept(support, query):
    assert refused(support, name="View", query=query)


def test_what_is_too_long_is_not_kept(support):
    said = {"__all__": ["This is too long to be kept."]}
    assert refused(support, name="View", query="q=" + "é" * 400) == said
    assert keep(support, asked={"q": "é" * 300}).query.startswith("q=%C3%A9")


def test_a_query_of_too_many_parts_is_refused(support):
    answer = support.post(VIEWS, {"name": "View", "query": "&".join(["a=1"] * 1001)})
    assert answer.status_code == 413
    assert not SavedView.objects.exists()


# -- who sees it -------------------------------------------------------------------------------
def test_only_administrators_share_and_no_search_goes_along(boss, support):
    own = keep(support, shared_with="SUPPORT")
    assert own.shared_with == ""
    view = keep(boss, "For all", {**SELLERS, "q": "ana"}, shared_with="SUPPORT")
    assert (view.shared_with, view.query) == ("SUPPORT", "o=-1&role__exact=SELLER")
    titles = [title for title, _link in tabs(support)[0]]
    assert titles == ["All", "For all", "Sellers", "Saved views"]
    assert [title for title, _link in tabs(boss)[0]] == ["All", "For all", "Saved views"]
    assert support.get(f"{VIEWS}{view.pk}/")["Location"] == f"{USERS}?{view.query}"
    assert support.get(f"{VIEWS}{view.pk}/edit/").status_code == 404
    assert support.post(f"{VIEWS}{view.pk}/edit/", {"remove": "1"}).status_code == 404
    assert "For all" not in support.get(VIEWS).content.decode()
    assert refused(boss, name="X", shared_with="SELLER") == {
        "shared_with": ["Select a valid choice. SELLER is not one of the available choices."]
    }


def test_a_view_that_is_shared_later_loses_its_search(boss):
    view = keep(boss, asked={**SELLERS, "q": "ana"})
    only = keep(boss, "Ana", {"q": "ana"})
    boss.post(f"{VIEWS}{view.pk}/edit/", {"name": view.name, "shared_with": "ANALYST"})
    view.refresh_from_db()
    assert (view.query, view.shared_with) == ("o=-1&role__exact=SELLER", "ANALYST")
    said = refused(boss, f"{VIEWS}{only.pk}/edit/", name="Ana", shared_with="SUPPORT")
    assert said == {"__all__": ["There is no filter and no order in it that could be kept."]}


def test_administrators_change_what_others_share_and_not_what_they_keep(boss):
    other = signed_in(Role.ADMIN)
    shared, own = keep(other, shared_with="SUPPORT"), keep(other, "Own", {"o": "1"})
    page = boss.get(VIEWS).content.decode()
    assert f"{VIEWS}{shared.pk}/edit/" in page
    assert "shared with the role Support" in page
    assert boss.get(f"{VIEWS}{own.pk}/edit/").status_code == 404
    data = {"name": "Sellers", "shared_with": ""}
    assert boss.post(f"{VIEWS}{shared.pk}/edit/", data).status_code == 302
    shared.refresh_from_db()
    assert (shared.shared_with, shared.owner_id) == ("", other.user.pk)


def test_whose_list_it_is_not_sees_no_views():
    analyst = signed_in(Role.ANALYST)
    view = view_of(analyst)
    for path in (VIEWS, f"{VIEWS}{view.pk}/", f"{VIEWS}{view.pk}/edit/"):
        assert analyst.get(path).status_code == 404
        assert Client().get(path)["Location"] == f"/admin/login/?next={path}"
    assert analyst.post(VIEWS, {"name": "x", "query": "o=1"}).status_code == 404
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("key", ["0", "99999999999999999999999"])
def test_a_view_that_is_none_is_not_there(support, key):
    assert support.get(f"{VIEWS}{key}/").status_code == 404
    assert support.get(f"{VIEWS}{key}/edit/").status_code == 404


def test_a_view_of_another_list_is_not_there(support):
    view = keep(support)
    assert support.get(f"{SESSIONS}saved-views/{view.pk}/").status_code == 404


# -- what is kept of people --------------------------------------------------------------------
def test_a_list_whose_looks_are_recorded_keeps_no_search(support, monkeypatch):
    monkeypatch.setattr(UserAdmin, "has_looks", True)
    view = keep(support, asked={**SELLERS, "q": "ana"})
    assert view.query == "o=-1&role__exact=SELLER"
    assert "A search is not kept here" in support.get(f"{VIEWS}?o=1").content.decode()
    assert refused(support, name="Ana", query="q=ana")
    assert [title for title, _link in tabs(support, q="ana")[0]] == [
        "All",
        "Sellers",
        "Saved views",
    ]


def test_views_go_with_their_owner(boss):
    own, shared, other = (
        keep(boss),
        keep(boss, "All", {"o": "1"}, shared_with="SUPPORT"),
        signed_in(),
    )
    left = keep(other)
    UserFactory(role=Role.ADMIN)
    services.remove_user(user=boss.user)
    assert list(SavedView.objects.values_list("pk", flat=True)) == [left.pk]
    gone = JournalEntry.objects.filter(model="core.SavedView", action="delete").order_by("pk")
    assert [line.object_id for line in gone] == [str(own.pk), str(shared.pk)]


# -- what it never breaks ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "left", "names"),
    [
        ("o=-1&picture_state=old&role__exact=SELLER", "o=-1&role__exact=SELLER", "picture state"),
        ("attention=gone&role__exact=SELLER", "role__exact=SELLER", "needs attention"),
        ("created_at__gte=x", "", "created"),
        ("password__startswith=md5&nothing=1", "", "nothing, password"),
        ("q=%00&created_at__year=0", "", "created"),
    ],
    ids=lambda value: value[:20] or "nothing",
)
def test_a_filter_that_is_gone_is_left_out_and_said(support, query, left, names):
    view = view_of(support, query=query)
    opened = support.get(f"{VIEWS}{view.pk}/")
    assert opened["Location"] == (f"{USERS}?{left}" if left else USERS)
    said = f"The list has no such filter any more and is shown without it: {names}."
    assert notices(opened) == [said]
    assert support.get(opened["Location"]).status_code == 200


def test_views_of_a_list_cost_it_one_query(support):
    counts = []
    for number in range(MAX_VIEWS):
        if number in {0, 1, MAX_VIEWS - 1}:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                support.get(USERS)
            counts.append(len(queries))
        view_of(support, name=f"View {number}")
    assert len(set(counts)) == 1
