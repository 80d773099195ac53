"""Cases for tests."""

from datetime import timedelta

import factory
from django.utils import timezone

from cases.constants import RESOLVED, WAITING, State
from cases.models import CalendarException, Case, CaseEvent, Macro, SlaPolicy, WorkCalendar
from core.roles import Role
from users.tests.factories import UserFactory


class SellerFactory(UserFactory):
    role = Role.SELLER


class SupporterFactory(UserFactory):
    role = Role.SUPPORT


class CaseFactory(factory.django.DjangoModelFactory):
    """A case as the services would have left it, without its events."""

    class Meta:
        model = Case

    kind = "question"
    subject = factory.Sequence("Question {}".format)
    created_at = factory.LazyFunction(timezone.now)
    clock_started_at = factory.SelfAttribute("created_at")
    clock_minutes = 1440
    first_response_due = factory.LazyAttribute(lambda made: made.created_at + timedelta(hours=4))
    solution_due = factory.LazyAttribute(lambda made: made.created_at + timedelta(days=2))
    waiting_since = factory.LazyAttribute(
        lambda made: made.created_at if made.state in WAITING else None
    )
    resolved_at = factory.LazyAttribute(
        lambda made: made.created_at if made.state in RESOLVED else None
    )
    resolution = factory.LazyAttribute(lambda made: "answered" if made.state in RESOLVED else "")
    state = State.NEW

    @classmethod
    def samples(cls):
        """Return one in each state."""
        original = cls(reporter=SellerFactory(), assignee=SupporterFactory(), state=State.OPEN)
        states = [one for one in State if one not in (State.OPEN, State.DUPLICATE)]
        duplicate = cls(state=State.DUPLICATE, duplicate_of=original, object_label="dogs.Dog",
                        object_id="3", links={"dogs.Dog": "3"})  # fmt: skip
        return [original, duplicate, *(cls(state=state) for state in states)]


class CaseEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CaseEvent

    case = factory.SubFactory(CaseFactory)
    kind = "noted"
    note = "Looked into it."

    @classmethod
    def samples(cls):
        """Return events of one case, which stay as they are: with and without a move."""
        first = cls()
        return [first, cls(case=first.case, kind="moved", from_state="new", to_state="open")]


class CalendarFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkCalendar

    name = factory.Sequence("Calendar {}".format)


class ExceptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarException

    calendar = factory.SubFactory(CalendarFactory)


class PolicyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SlaPolicy

    kind = "question"
    priority = 2
    first_response = 60
    solution = 120


class MacroFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Macro

    title = factory.Sequence("Macro {}".format)
    reply = "Please send a photo."
