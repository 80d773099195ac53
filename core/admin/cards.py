"""What the admin's home page shows of each app: rows that wait for a person, and figures.

An app says it in its ``cards.py``, as lists ``ATTENTION`` and ``FIGURES``; an app that is off has
no card. A card is shown to whoever may see its model in the admin. It costs at most
``CARD_SECONDS`` of the database's time, and is counted anew every ``FRESH_SECONDS``: one that
fails or takes longer says so, and the page stands.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache as cache_for_ever
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.cache import cache
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language

from core import plugs
from core.db import time_limit
from core.roles import Role
from core.values import business_day, start_of_business_day

logger = logging.getLogger("plaza.admin")

CARD_SECONDS = 1.0
FRESH_SECONDS = 30
KEPT_SECONDS = 600  # for the menu, which counts nothing itself
MAX_COUNTED_ROWS = 1_000
PARAMETER = "attention"
FIGURE_ROLES = frozenset({Role.ADMIN, Role.ANALYST})


class Waiting(NamedTuple):
    """How many rows wait, at most one more than ``MAX_COUNTED_ROWS``, and since or until when."""

    number: int
    moment: dt.datetime | None


class Point(NamedTuple):
    """One bar of a figure: what it is of, how much, and the address of its rows, if any."""

    label: str
    value: int
    link: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    """Rows that somebody should look at.

    ``rows`` returns them; ``moment`` is the column that says since when each waits, or with
    ``is_deadline`` until when there is time. A card is urgent when its first moment is further
    back, or nearer, than ``urgent``.
    """

    name: str
    title: Any
    rows: Callable[[], models.QuerySet[Any]]
    moment: str
    urgent: dt.timedelta = dt.timedelta(hours=4)
    is_deadline: bool = False

    @property
    def model(self) -> type[models.Model]:
        """Return the model whose rows wait."""
        return self.rows().model

    @property
    def link(self) -> str:
        """Return the address of the list of exactly these rows."""
        return address(self.model, {PARAMETER: self.name})

    def count(self) -> Waiting:
        """Return how many rows wait; the database looks at no more than it must."""
        first = self.rows().order_by(self.moment)[: MAX_COUNTED_ROWS + 1]
        found = first.aggregate(number=models.Count("pk"), moment=models.Min(self.moment))
        return Waiting(found["number"], found["moment"])

    def is_urgent(self, waiting: Waiting) -> bool:
        """Tell whether the first row waits too long, or has little time left."""
        if waiting.moment is None:
            return False
        ahead = waiting.moment - timezone.now()
        return ahead < self.urgent if self.is_deadline else -ahead > self.urgent


@dataclass(frozen=True, slots=True)
class Figure:
    """Numbers beside each other, of which ``points`` returns the bars.

    With ``is_daily`` each is a day and the last one is today, whose number is shown large.
    """

    name: str
    title: Any
    model: Callable[[], type[models.Model]]
    points: Callable[[], list[Point]]
    is_daily: bool = False


@dataclass(slots=True)
class Card:
    """A card as the page shows it; ``failed`` says that its question got no answer."""

    source: Attention | Figure
    waiting: Waiting | None = None
    points: list[Point] = field(default_factory=list)
    failed: bool = False

    @property
    def is_urgent(self) -> bool:
        """Tell whether what waits is urgent."""
        attention = self.source
        return (
            isinstance(attention, Attention)
            and self.waiting is not None
            and attention.is_urgent(self.waiting)
        )

    @property
    def is_more(self) -> bool:
        """Tell whether more rows wait than were counted."""
        return self.waiting is not None and self.waiting.number > MAX_COUNTED_ROWS

    @property
    def bars(self) -> list[dict[str, Any]]:
        """Return the bars with their share of the largest one, in percent."""
        top = max((point.value for point in self.points), default=0)
        return [
            {**point._asdict(), "percent": round(100 * point.value / top) if top else 0}
            for point in self.points
        ]

    @property
    def latest(self) -> int:
        """Return today's number."""
        return self.points[-1].value if self.points else 0


def address(model: type[models.Model], parameters: Mapping[str, str]) -> str:
    """Return the address of a model's list in the admin, filtered."""
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{page}?{urlencode(parameters)}" if parameters else page


def daily(
    rows: Callable[[], models.QuerySet[Any]], column: str, days: int = 7
) -> Callable[[], list[Point]]:
    """Return what counts rows by the day of a column of times, for so many days until today."""

    def points() -> list[Point]:
        today = business_day()
        first = today - dt.timedelta(days=days - 1)
        begin = start_of_business_day(first)
        found = (
            rows()
            .filter(**{f"{column}__gte": begin})
            .order_by()
            .values_list(models.functions.TruncDate(column, tzinfo=begin.tzinfo))
            .annotate(models.Count("pk"))
        )
        counted = dict(found)
        return [
            Point(str(day), counted.get(day, 0), day_link(rows().model, column, day))
            for day in (first + dt.timedelta(days=number) for number in range(days))
        ]

    return points


def day_link(model: type[models.Model], column: str, day: dt.date) -> str:
    """Return the address of the rows of a day, as the filter of Django's admin by dates writes it.

    Empty where the list has no such filter.
    """
    registered = admin.site._registry.get(model)  # noqa: SLF001 - Django offers no other way
    if registered is None or column not in registered.list_filter:
        return ""
    begin, end = start_of_business_day(day), start_of_business_day(day + dt.timedelta(days=1))
    return address(model, {f"{column}__gte": str(begin), f"{column}__lt": str(end)})


def of_apps(name: str) -> Iterator[Any]:
    """Yield the cards of a list of all apps that run."""
    for app in plugs.enabled():
        yield from getattr(app.part("cards"), name, ())


def attention() -> list[Attention]:
    """Return what may wait for a person, in all apps that run."""
    return list(of_apps("ATTENTION"))


@cache_for_ever
def attention_by_model() -> dict[type[models.Model], list[Attention]]:
    """Return what may wait for a person, by the model whose rows do."""
    found: dict[type[models.Model], list[Attention]] = {}
    for one in attention():
        found.setdefault(one.model, []).append(one)
    return found


def listed(label: str) -> type[models.Model] | None:
    """Return the model with this label if it has a list in the admin."""
    for model in admin.site._registry:  # noqa: SLF001 - Django offers no other way
        if model._meta.label == label:
            return model
    return None


def may_see(request: HttpRequest, model: type[models.Model]) -> bool:
    """Tell whether somebody may see a model's list in the admin."""
    registered = admin.site._registry.get(model)  # noqa: SLF001 - Django offers no other way
    return registered is not None and registered.has_view_permission(request)


def cards_of(sources: Sequence[Attention | Figure]) -> list[Card]:
    """Return cards with their answers, each found now or a few seconds ago."""
    kept = cache.get_many([key_of(source) for source in sources])
    now = time.time()
    cards = []
    for source in sources:
        counted_at, answer = kept.get(key_of(source), (0.0, None))
        is_fresh = now - FRESH_SECONDS < counted_at <= now
        cards.append(filled(source, answer) if is_fresh else counted(source))
    return cards


def kept_cards(sources: Sequence[Attention]) -> list[Card]:
    """Return the cards of which an answer is kept, maybe some minutes old; nothing is counted."""
    kept = cache.get_many([key_of(source) for source in sources])
    found = ((source, kept.get(key_of(source))) for source in sources)
    return [filled(source, answer[1]) for source, answer in found if answer is not None]


def key_of(source: Attention | Figure) -> str:
    """Return the key under which the answer of a card is kept: a figure's has words in it."""
    language = f".{get_language()}" if isinstance(source, Figure) else ""
    return f"admin.card.{source.name}{language}"


def counted(source: Attention | Figure) -> Card:
    """Return a card with the answer that is found now; it is kept."""
    try:
        with time_limit(CARD_SECONDS):
            answer = source.count() if isinstance(source, Attention) else source.points()
    except DatabaseError as error:
        logger.warning("card failed", extra={"card": source.name, "error": str(error)[:200]})
        return Card(source, failed=True)
    cache.set(key_of(source), (time.time(), answer), KEPT_SECONDS)
    return filled(source, answer)


def filled(source: Attention | Figure, answer: Any) -> Card:
    """Return a card with an answer, which a cache may have made plain."""
    if isinstance(source, Attention):
        return Card(source, waiting=Waiting(*answer))
    return Card(source, points=[Point(*point) for point in answer])


def linked(request: HttpRequest, card: Card) -> Card:
    """Return a figure's card, without links to rows that somebody may not see."""
    if isinstance(card.source, Figure) and not may_see(request, card.source.model()):
        card.points = [point._replace(link="") for point in card.points]
    return card


def order(card: Card) -> tuple[bool, bool]:
    """Return what puts urgent cards first and those on which nothing waits last."""
    return not card.is_urgent, card.waiting is not None and not card.waiting.number


def seen_by(request: HttpRequest) -> list[Attention]:
    """Return what may wait among rows that somebody may see."""
    return [one for one in attention() if may_see(request, one.model)]


def waiting_for(request: HttpRequest) -> list[Card]:
    """Return the cards of what waits that somebody may see, the most urgent ones first."""
    return sorted(cards_of(seen_by(request)), key=order)


def figures_for(request: HttpRequest) -> list[Card]:
    """Return the cards of figures that somebody may see."""
    if getattr(request.user, "role", "") not in FIGURE_ROLES:
        return []
    return [linked(request, card) for card in cards_of(list(of_apps("FIGURES")))]
