"""What staff do because of a case: named on the page, noted with what was done."""

import pytest
from django.db import transaction
from django.utils import timezone

from core import cases, context
from core.admin.forms import ReasonActionForm, ReasonForm
from core.audit import journal
from core.models import JournalEntry, StoredAnswer
from core.roles import Role
from core.tests.keepers import notes
from users.models import LoginBucket, OneTimeLink, User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
BUCKETS = "/admin/users/loginbucket/"
ACTION = {"action": "unlock", "label": "users.LoginBucket"}


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    client.raise_request_exception = False
    return client


def locked(count=2):
    later = timezone.now()
    keys = [str(number) * 64 for number in range(count)]
    rows = [LoginBucket(key=key, account=key, attempts=5, window_ends_at=later) for key in keys]
    return LoginBucket.objects.bulk_create(rows)


def unlock(client, rows, **data):
    keys = [str(row.pk) for row in rows]
    body = {"action": "unlock", "_selected_action": keys, "reason": "called in", **data}
    answer = client.post(BUCKETS, body, follow=True)
    return [str(said) for said in answer.context["messages"]]


@pytest.mark.parametrize("spelled", ["C-1007", "1007", " c-1007 ", "C-1007 · <yoghurt>"])
def test_an_action_on_rows_is_one_event_with_their_number(support, keeper, spelled):
    assert unlock(support, locked(2), case=spelled) == ["Unlocked."]
    assert LoginBucket.objects.count() == 0
    assert notes() == [{"case": 7, **ACTION, "object_id": "", "count": 2, "text": "called in"}]


def test_an_action_on_one_row_names_it(support, keeper):
    (row,) = locked(1)
    assert unlock(support, [row], case="C-1007") == ["Unlocked."]
    assert notes() == [
        {"case": 7, **ACTION, "object_id": str(row.pk), "count": 1, "text": "called in"}
    ]


def test_an_action_on_all_pages_counts_them(support, keeper):
    rows = locked(3)
    assert unlock(support, rows[:1], case="C-1007", select_across="1") == ["Unlocked."]
    assert notes() == [{"case": 7, **ACTION, "object_id": "", "count": 3, "text": "called in"}]


@pytest.mark.parametrize(
    "spelled",
    [
        "C-1008",
        "1006",
        "7",
        "C-",
        "-1007",
        "1007.0",
        "\N{ARABIC-INDIC DIGIT SEVEN}",
        "9" * 19,
        "9" * 400,
        "a\x00b",
        "1" * 64,
    ],
)
def test_a_case_that_is_none_changes_nothing(support, keeper, spelled):
    signed_in = JournalEntry.objects.count()
    told = unlock(support, locked(2), case=spelled)
    assert len(told) == 1
    assert told[0] in {"No open case has this number.", "Null characters are not allowed."}
    assert (LoginBucket.objects.count(), notes()) == (2, [])
    assert JournalEntry.objects.count() == signed_in


def test_no_case_is_noted_where_none_is_named(support, keeper):
    assert unlock(support, locked(2), case=" ") == ["Unlocked."]
    assert unlock(support, locked(2)) == ["Unlocked."]
    assert notes() == []


def test_nothing_is_noted_of_what_is_refused(support, keeper):
    assert unlock(support, locked(2), case="C-1007", reason=" ") == [
        "Say why: the reason is required."
    ]
    assert notes() == []


def test_the_next_request_has_nothing_to_do_with_the_case(support, keeper):
    unlock(support, locked(1), case="C-1007")
    assert context.admin_action.get() is None
    unlock(support, locked(1))
    assert len(notes()) == 1


def test_a_page_that_fails_leaves_nothing_behind(support, keeper, monkeypatch):
    def fail(**_given):
        raise RuntimeError

    monkeypatch.setattr("users.services.unlock", fail)
    rows = locked(1)
    body = {"action": "unlock", "_selected_action": [rows[0].pk], "reason": "x", "case": "1007"}
    assert support.post(BUCKETS, body).status_code == 500
    assert (context.admin_action.get(), notes()) == (None, [])


def test_a_page_about_one_object_notes_it_once(support, keeper):
    seller = UserFactory(role=Role.SELLER)
    page = f"/admin/users/user/{seller.pk}/link/"
    assert support.post(page, {"reason": "new", "show": "", "case": "C-1007"}).status_code == 200
    assert OneTimeLink.objects.count() == 1
    note = {"action": "link", "label": "users.User", "object_id": str(seller.pk), "count": 1}
    assert notes() == [{"case": 7, **note, "text": "new"}]


def test_a_form_says_which_case_is_none(support, keeper):
    seller = UserFactory(role=Role.SELLER)
    page = f"/admin/users/user/{seller.pk}/link/"
    answer = support.post(page, {"reason": "new", "show": "", "case": "C-1008"})
    assert answer.context["form"].errors == {"case": ["No open case has this number."]}
    assert (OneTimeLink.objects.count(), notes()) == (0, [])


def test_open_cases_are_suggested(support, keeper):
    page = support.get(f"/admin/users/user/{UserFactory(role=Role.SELLER).pk}/link/")
    assert '<option value="C-1007 · &lt;yoghurt&gt;"></option>' in page.content.decode()
    assert keeper.asked == [""]
    locked(1)
    assert '<option value="C-1007 · &lt;yoghurt&gt;">' in support.get(BUCKETS).content.decode()


def test_where_nobody_keeps_cases_there_is_no_field(support, monkeypatch):
    monkeypatch.setattr(cases, "keeper", lambda: None)
    assert list(ReasonForm().fields) == ["reason"]
    assert "case" not in ReasonActionForm().fields
    assert unlock(support, locked(2), case="C-1007") == ["Unlocked."]
    assert (LoginBucket.objects.count(), notes()) == (0, [])
    assert cases.suggestions() == []


# -- the kernel's part -----------------------------------------------------------------------------
def mending(**given):
    return context.AdminAction("mend", "users.User", case_id=7, reason="because", **given)


def said(**given):
    note = {"action": "mend", "label": "users.User", "object_id": "", "count": 1, "text": "because"}
    return {"case": 7, **note, **given}


def test_what_is_rolled_back_is_noted_again(keeper):
    with context.doing(mending(count=2)):
        with transaction.atomic():
            journal.record(journal.Action.CHANGE, User, object_id=1)
            assert notes() == [said(count=2)]
            transaction.set_rollback(True)
        assert notes() == []
        with transaction.atomic():
            journal.record(journal.Action.CHANGE, User, object_id=2)
        with transaction.atomic():
            journal.record(journal.Action.CHANGE, User, object_id=3)
    assert notes() == [said(count=2)]


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_is_noted_once(keeper):
    with context.doing(mending()):
        for number in range(3):
            with transaction.atomic():
                journal.record(journal.Action.CHANGE, User, object_id=number)
    assert notes() == [said()]


@pytest.mark.django_db(transaction=True)
def test_a_line_without_a_transaction_is_noted_too(keeper):
    with context.doing(mending()):
        journal.record(journal.Action.CHANGE, User, object_id=1)
        journal.record(journal.Action.CHANGE, User, object_id=2)
    assert notes() == [said()]


def test_a_page_about_a_list_counts_its_lines(keeper):
    entries = [journal.entry(journal.Action.CHANGE, User, object_id=n) for n in range(4)]
    with context.doing(mending(count=None)):
        journal.record_many([])
        journal.record_each(journal.Action.CHANGE, User, [])
        journal.record_many(entries)
    with context.doing(mending(count=None)):
        journal.record_each(journal.Action.CHANGE, User, [1, 2, 3])
    assert notes() == [said(count=4), said(count=3)]


@pytest.mark.parametrize(
    ("action", "reason", "count"),
    [("read", "POST /admin", 0), ("export", "", 0), ("read", "log analysed: because", 1)],
)
def test_a_look_is_noted_where_it_gives_the_reason(keeper, action, reason, count):
    with context.doing(mending()):
        journal.record(journal.Action(action), User, reason=reason)
    assert len(notes()) == count


def test_nothing_is_asked_where_no_case_is_named(keeper, django_assert_num_queries):
    with django_assert_num_queries(1):
        journal.record(journal.Action.CHANGE, User, object_id=1)
    with context.doing(context.AdminAction("mend", "users.User")), django_assert_num_queries(1):
        journal.record(journal.Action.CHANGE, User, object_id=1)
    assert (StoredAnswer.objects.count(), keeper.asked) == (0, [])
