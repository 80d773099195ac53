"""Figures of cases by day, counted when somebody asks: there are few enough for that.

What happened to a case is in its events, which stay; how many were open when a day ended is how
many are open now, less what was opened and more what ended since. A case is held to the due times
that it has now: waiting and a new priority move them, and one that is reopened has new ones.
"""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from cases.constants import ACTIVE, OVER, WAITING, EventKind, State
from cases.models import Case, CaseEvent
from core.cases import Figures
from core.values import business_day, start_of_business_day

MEDIAN, MOST = 0.5, 0.9
DAY = dt.timedelta(days=1)


def percentile(values: Sequence[int], share: float) -> float | None:
    """Return the value below which a share lies, between the two next ones where it is none."""
    if not values:
        return None
    ordered = sorted(values)
    whole, part = divmod(share * (len(ordered) - 1), 1)
    lower, upper = ordered[int(whole)], ordered[min(int(whole) + 1, len(ordered) - 1)]
    return round(lower + (upper - lower) * part, 1)


class Counted:
    """What became of cases from one day to another, today at the latest; in six queries.

    ``kinds`` narrows to cases of some kinds.
    """

    def __init__(self, first: dt.date, last: dt.date, kinds: Collection[str] | None = None) -> None:
        self.first, self.last = first, min(last, business_day())
        self.start, self.end = start_of_business_day(first), start_of_business_day(self.last + DAY)
        self.kinds = kinds
        of_kinds = {} if kinds is None else {"case__kind__in": kinds}
        moves = CaseEvent.objects.filter(kind=EventKind.MOVED, at__gte=self.start, **of_kinds)
        self.opened = by_day(self.cases(created_at__gte=self.start), "created_at")
        self.reopened = by_day(moves.filter(to_state=State.REOPENED), "at")
        self.ended = by_day(moves.filter(to_state__in=OVER, from_state__in=ACTIVE), "at")
        self.open_now = self.cases(state__in=ACTIVE).count()
        self.minutes = self.responses()
        self.breached = self.breaches()

    def cases(self, *conditions: Q, **fields: Any) -> QuerySet[Case]:
        """Return cases of the kinds."""
        found = Case.objects.filter(*conditions, **fields).order_by()
        return found if self.kinds is None else found.filter(kind__in=self.kinds)

    def responses(self) -> dict[dt.date, list[int]]:
        """Return the minutes of working time until first answers, by the day of the answer."""
        found: dict[dt.date, list[int]] = defaultdict(list)
        answered = self.cases(
            first_responded_at__gte=self.start,
            first_responded_at__lt=self.end,
            first_response_minutes__isnull=False,
        )
        rows = answered.values_list(day_of("first_responded_at"), "first_response_minutes")
        for day, minutes in rows:
            found[day].append(minutes)
        return found

    def breaches(self) -> Counter[dt.date]:
        """Return how many due times passed in vain, by day."""
        until = min(self.end, timezone.now())
        duplicate = CaseEvent.objects.filter(case=OuterRef("pk"), to_state=State.DUPLICATE)
        over_at = Choice(
            When(state=State.DUPLICATE, then=Subquery(duplicate.values("at")[:1])),
            default=F("resolved_at"),
            output_field=DateTimeField(),
        )
        rows = self.cases().annotate(over_at=over_at)
        unanswered = Q(first_responded_at__isnull=True) & (
            Q(over_at__isnull=True) | Q(over_at__gt=F("first_response_due"))
        )
        late_answer = rows.filter(
            unanswered | Q(first_responded_at__gt=F("first_response_due")),
            first_response_due__gte=self.start,
            first_response_due__lt=until,
        )
        stands_still = Q(state__in=WAITING, waiting_since__lte=F("solution_due"))
        late_solution = rows.filter(
            ~stands_still,
            Q(over_at__isnull=True) | Q(over_at__gt=F("solution_due")),
            solution_due__gte=self.start,
            solution_due__lt=until,
        )
        return by_day(late_answer, "first_response_due") + by_day(late_solution, "solution_due")

    def open_after(self, day: dt.date) -> int:
        """Return how many cases were open when a day ended."""
        since = [
            sum(count for other, count in one.items() if other > day)
            for one in (self.opened, self.reopened, self.ended)
        ]
        return self.open_now - since[0] - since[1] + since[2]

    def days(self) -> list[dt.date]:
        """Return the days from the first to the last."""
        count = (self.last - self.first).days + 1
        return [self.first + number * DAY for number in range(count)]

    def of(self, days: Iterable[dt.date], *, is_open: int) -> Figures:
        """Return the figures of some days, after the last of which so many were open."""
        listed = list(days)
        minutes = list(itertools.chain.from_iterable(self.minutes.get(day, []) for day in listed))
        return Figures(
            opened=sum(self.opened[day] for day in listed),
            reopened=sum(self.reopened[day] for day in listed),
            ended=sum(self.ended[day] for day in listed),
            open=is_open,
            answered=sum(len(self.minutes.get(day, [])) for day in listed),
            response_p50=percentile(minutes, MEDIAN),
            response_p90=percentile(minutes, MOST),
            breached=sum(self.breached[day] for day in listed),
        )

    def whole(self) -> Figures:
        """Return the figures of all days together."""
        return self.of(self.days(), is_open=self.open_after(self.last))

    def each_day(self) -> list[tuple[dt.date, Figures]]:
        """Return the figures of each day."""
        is_open = self.open_after(self.last)
        found = []
        for day in reversed(self.days()):
            found.append((day, self.of([day], is_open=is_open)))
            is_open += self.ended[day] - self.opened[day] - self.reopened[day]
        return found[::-1]


def day_of(column: str) -> TruncDate:
    """Return the day of a moment in TIME_ZONE, whoever looks."""
    return TruncDate(column, tzinfo=timezone.get_default_timezone())


def by_day(rows: QuerySet[Any], column: str) -> Counter[dt.date]:
    """Return how many rows have their moment on each day."""
    found = rows.order_by().values_list(day_of(column)).annotate(number=Count("pk"))
    return Counter(dict(found))
