"""What happens at once: of two who want the same, one gets it, and nobody waits for ever."""

import pytest
from rest_framework.test import APIClient

from cases.constants import State
from cases.errors import CaseTaken, DuplicateOfItself
from cases.models import Case, CaseEvent
from cases.services import duplicates, opening, upkeep, work
from cases.tests.factories import CaseFactory, SellerFactory, SupporterFactory
from cases.tests.helpers_kinds import report_of
from core import context
from core.tests.helpers_threads import together
from users.auth.tokens import AccessToken
from users.services import remove_user
from users.tests.factories import SessionFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def client_of(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.of(SessionFactory(user=user))}")
    return client


def test_a25_of_those_who_take_a_case_at_once_one_gets_it():
    case, users = CaseFactory(), SupporterFactory.create_batch(4)
    clients = [client_of(user) for user in users]

    def take(number):
        answer = clients[number].post(f"/api/cases/{case.pk}/take")
        return answer.status_code, answer.json().get("code")

    answers = together(4, take)
    assert sorted(answers, key=str) == [(200, None)] + [(409, "case_taken")] * 3
    case.refresh_from_db()
    assert case.assignee == users[answers.index((200, None))]
    assert CaseEvent.objects.count() == 1


def test_reports_of_one_object_at_once_make_one_case(yoghurts):
    made = together(6, lambda number: opening.report(report_of("7", occurrences=number + 1)).pk)
    case = Case.objects.get()
    assert made == [case.pk] * 6
    assert case.occurrences == 6
    assert CaseEvent.objects.filter(kind="opened").count() == 1


def test_two_that_are_made_duplicates_of_each_other_make_no_circle():
    for _ in range(5):
        first, second = CaseFactory(), CaseFactory()
        pairs = [(first, second), (second, first)]

        def mark(number, pairs=pairs):
            case, of = pairs[number]
            duplicates.mark_duplicate(case=case, of_id=of.pk)

        errors = [one for one in together(2, mark) if one is not None]
        assert [type(one) for one in errors] == [DuplicateOfItself]
        states = Case.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)
        assert sorted(states) == ["duplicate", "new"]


def test_an_original_is_answered_while_its_duplicates_are_reported_and_moved(yoghurts):
    original, other = CaseFactory(), CaseFactory()
    for value in ("7", "8"):
        case = opening.report(report_of(value))
        duplicates.mark_duplicate(case=case, of_id=original.pk)
    acts = [
        lambda: work.reply(case=original, text="Soon."),
        lambda: opening.report(report_of("7", occurrences=9)),
        lambda: duplicates.mark_duplicate(case=original, of_id=other.pk),
        lambda: opening.report(report_of("8", occurrences=9)),
        lambda: work.reply(case=other, text="Solved."),
    ]
    results = together(len(acts), lambda number: acts[number]())
    refused = [one for one in results if isinstance(one, Exception)]
    assert [type(one).__name__ for one in refused] in ([], ["CaseState"])
    ends = Case.objects.filter(state="duplicate").values_list("duplicate_of", flat=True)
    assert set(ends) == {other.pk}


def test_an_answer_and_the_end_of_waiting_at_once_are_one_or_the_other(clock):
    now = clock("2026-12-01T19:00")
    reporter = SellerFactory()
    case = CaseFactory(
        state="waiting_seller", waiting_since=now.replace(day=1, month=11), reporter=reporter
    )

    def act(number):
        if number:
            return upkeep.end_what_waits(now)
        return work.answer(case=case, author_id=reporter.pk, text="Here.")

    answered, ended = together(2, act)
    state = Case.objects.get(pk=case.pk).state
    if isinstance(answered, Exception):
        assert (state, ended) == ("resolved", 1)
    else:
        assert (state, ended) == ("open", 0)


def test_two_workers_remind_once(clock):
    now = clock("2026-11-27T10:00")
    CaseFactory.create_batch(5, first_response_warn=now)
    assert sum(together(3, lambda _number: upkeep.remind(now))) == 5
    assert CaseEvent.objects.count() == 5


def test_a_reporter_leaves_while_they_write_and_support_answers():
    for _ in range(5):
        person = SellerFactory()
        case = CaseFactory(reporter=person, state="waiting_seller")
        writer, support = client_of(person), client_of(SupporterFactory())
        path = f"/api/cases/{case.pk}/reply"
        acts = [
            lambda writer=writer, path=path: writer.post(path, {"text": "I am Ana."}).status_code,
            lambda person=person: remove_user(user=person),
            lambda support=support, path=path: support.post(path, {"text": "Hello."}).status_code,
        ]
        results = together(3, lambda number, acts=acts: acts[number]())
        assert results[0] in (200, 401, 404)
        assert not isinstance(results[1], Exception), results[1]
        assert results[2] == 200
        assert not CaseEvent.objects.filter(case=case, note="I am Ana.").exists()


def test_a_case_is_taken_while_its_new_owner_leaves():
    owner, case = SupporterFactory(), CaseFactory()
    boss = client_of(SupporterFactory())
    path = f"/api/cases/{case.pk}/assign"
    acts = [
        lambda: boss.post(path, {"assignee": owner.pk}).status_code,
        lambda: remove_user(user=owner),
    ]
    results = together(2, lambda number: acts[number]())
    assert results[0] in (200, 400)
    assert not isinstance(results[1], Exception), results[1]
    assert Case.objects.get(pk=case.pk).assignee is None


def test_take_and_wait_by_one_of_two_services():
    case, users = CaseFactory(), SupporterFactory.create_batch(2)

    def act(number):
        user = users[number]
        with context.acting_as(context.Actor("user", user.pk)):
            if number:
                return work.wait(case=case, to=State.WAITING_VENDOR)
            return work.take(case=case, user_id=user.pk)

    results = together(2, act)
    case.refresh_from_db()
    taken_late = isinstance(results[0], CaseTaken)
    assert case.state == "waiting_vendor"
    assert case.assignee_id == users[1 if taken_late else 0].pk
