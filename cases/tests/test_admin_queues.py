"""The queues of the desk: what is in each, how it is found, and what that costs."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.admin import case as page_of_cases
from cases.admin import queues
from cases.constants import State
from cases.tests.factories import CaseFactory, SellerFactory
from cases.tests.test_admin_case import LIST, signed_in

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def support():
    return signed_in()


def listed(client, query=""):
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200, (answer.status_code, query)
    return [case.pk for case in answer.context["cl"].result_list]


def test_each_queue_has_its_cases_the_first_due_first(support):
    now = timezone.now()
    later = CaseFactory(solution_due=now + 9 * HOUR, assignee=support.user, state=State.OPEN)
    soon = CaseFactory(solution_due=now + HOUR)
    late = CaseFactory(solution_due=now - HOUR, assignee=SellerFactory(), state=State.REOPENED)
    unanswered = CaseFactory(first_response_due=now + HOUR, solution_due=now + 20 * HOUR)
    waits = CaseFactory(solution_due=now - 9 * HOUR, state=State.WAITING_VENDOR)
    over = CaseFactory(solution_due=now - 99 * HOUR, state=State.RESOLVED)
    assert listed(support) == [one.pk for one in (waits, late, soon, later, unanswered)]
    assert listed(support, "queue=mine") == [later.pk]
    assert listed(support, "queue=unassigned") == [waits.pk, soon.pk, unanswered.pk]
    assert listed(support, "queue=breaching") == [late.pk, soon.pk, unanswered.pk]
    assert listed(support, "queue=all")[0] == over.pk
    assert listed(support, "state__exact=resolved") == [over.pk]
    assert listed(support, "o=-8.1") == [one.pk for one in (unanswered, later, soon, late, waits)]
    tabs = support.get(LIST).context["queues"]
    assert [(tab.name, tab.count, tab.is_current) for tab in tabs] == [
        ("open", 5, True),
        ("mine", 1, False),
        ("unassigned", 3, False),
        ("breaching", 3, False),
    ]


def test_a_case_is_found_by_what_people_know_of_it(support):
    seller = SellerFactory(email="ana@b.co")
    case = CaseFactory(subject="La APP no abre", reporter=seller, request_id="abc-1234.x")
    other = CaseFactory(subject="1234567", state=State.CLOSED)
    for text in (case.number, str(case.pk), "app ABRE", "ANA@b.co", "abc-1234.x", f" c-{case.pk} "):
        assert listed(support, f"q={text}") == [case.pk], text
    assert listed(support, f"q={other.number}") == [other.pk], "also what is over"
    for text in ("9" * 30, "nobody@b.co", "abc-1234", "\u202e", "%", "_"):
        assert listed(support, f"q={text}") == [], text
    assert support.get(f"{LIST}?q=a%00b").status_code == 200


def test_filters_and_odd_addresses(support):
    case = CaseFactory(kind="question", priority=1)
    CaseFactory(kind="wilting", priority=3)
    assert listed(support, "kind=question") == [case.pk]
    assert listed(support, "priority=1") == [case.pk]
    assert listed(support, "priority=9") == []
    assert listed(support, "priority=x") == []
    assert support.get(f"{LIST}?kind=%00").status_code == 400
    assert len(listed(support, "queue=begone")) == 2
    assert support.get(f"{LIST}?search_key__contains=a").status_code == 400
    assert support.get(f"{LIST}?state__exact=%00").status_code == 400


def test_what_a_row_says(support):
    now = timezone.now()
    CaseFactory(
        subject="<b>late</b>",
        solution_due=now - 3 * HOUR,
        priority=1,
        occurrences=500,
        state="open",
    )
    CaseFactory(state=State.WAITING_SELLER)
    html = support.get(LIST).content.decode()
    assert "&lt;b&gt;late&lt;/b&gt;" in html
    assert "3\xa0hours late" in html
    assert "text-red-700" in html
    assert "500" in html
    assert "1 · high" in html
    assert "the clock stands" in html
    assert 'data-queue="breaching"' in html
    assert 'aria-current="page"' in html


def test_a_queue_without_cases_says_so(support):
    assert "No case waits here." in support.get(f"{LIST}?queue=mine").content.decode()


def test_a_long_queue_is_not_counted_to_its_end(support, monkeypatch):
    for module in (queues, page_of_cases):
        monkeypatch.setattr(module, "MAX_COUNTED_ROWS", 2)
    CaseFactory.create_batch(4)
    answer = support.get(LIST)
    assert [tab.count for tab in answer.context["queues"]] == [3, 0, 3, 0]
    assert "more than 2" in answer.content.decode()


def test_the_list_costs_the_same_at_any_length(support):
    counts = []
    listed(support)  # what the menu counts is kept for a while
    for number in (1, 9, 40):
        CaseFactory.create_batch(number, reporter=SellerFactory(), assignee=support.user)
        with CaptureQueriesContext(connection) as caught:
            assert len(listed(support)) <= 50
        counts.append(len(caught))
    assert len(set(counts)) == 1, counts


def test_nobody_adds_changes_or_deletes_cases_by_hand(support):
    boss, case = signed_in("ADMIN"), CaseFactory()
    for client in (support, boss):
        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}{case.pk}/delete/", {"post": "yes"}).status_code == 403
    case.refresh_from_db()
    assert case.state == State.NEW
