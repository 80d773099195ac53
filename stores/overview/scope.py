"""What the overview of the field is about: days and places, as its address says them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import F
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core.api.periods import objection
from core.values import business_day, parse_date, parse_key
from stores.figures import answers
from stores.figures.answers import Row
from stores.figures.checking import Period
from stores.figures.questions import COVERAGE, MISSING, VISITS, Question
from stores.models import City, Department, Product, Region, Typology

DAYS = ("from", "to")
FILTERS = ("region", "department", "city", "typology", "product")
MAX_SHOWN_CHARACTERS = 60  # of what came with the address, in a message about it
type_choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Scope:
    """Days, and to what they are narrowed: filter → value.

    ``names`` has words for the values, and the SKU of a product.
    """

    period: Period
    today: dt.date
    filters: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> dict[str, Any]:
        """Return the filters that are no product."""
        return {name: value for name, value in self.filters.items() if name != "product"}

    @cached_property
    def months(self) -> Question:
        """Return the question of stores, which is asked of whole months."""
        return self.question("establishment")

    @property
    def is_whole(self) -> bool:
        """Tell whether the days are whole months; the current one ends today."""
        return self.months.is_whole(self.today)

    def question(self, *groups: str) -> Question:
        """Return what to ask about must-haves: those of visits, or one product."""
        measure = MISSING if "product" in {*groups, *self.filters} else VISITS
        return Question(self.period, groups, self.filters, measure)

    def of_visits(self, *groups: str, first: dt.date | None = None) -> Question:
        """Return what to ask about visits, whatever product was chosen."""
        period = Period(first or self.period.first, self.period.last)
        return Question(period, groups, self.places)

    def of_coverage(self) -> Question:
        """Return what to ask about coverage: the month of the last day."""
        last = self.period.last
        return Question(Period(last.replace(day=1), last), (), self.places, COVERAGE)

    def missing(self, *groups: str) -> list[Row]:
        """Return, by groups, how many must-haves there were and how many were missing."""
        found = answers.answer(self.question(*groups))
        for row in found:
            row.setdefault("missing", row["must_have"] - row.get("present", 0))
        return found

    def address(self, **changes: Any) -> str:
        """Return the query of the page with other values; None takes a filter away."""
        now = {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            **self.filters,
            **changes,
        }
        return "?" + urlencode({name: value for name, value in now.items() if value is not None})

    def list_of_visits(self, **changes: str) -> dict[str, str]:
        """Return the parameters of the list of the visits that these figures count."""
        return {
            "day_from": self.period.first.isoformat(),
            "day_to": self.period.last.isoformat(),
            "counted": "yes",
            **self.places,
            **({"missing": self.names["sku"]} if "product" in self.filters else {}),
            **changes,
        }

    def list_of_day(self, day: dt.date) -> dict[str, str]:
        """Return the parameters of the list of one day's visits, whatever was missing."""
        text = day.isoformat()
        found = self.list_of_visits(day_from=text, day_to=text)
        return {name: value for name, value in found.items() if name != "missing"}


@dataclass
class Asked:
    """What an address asks for: the scope, or what is wrong with it; and what can be chosen."""

    raw: Mapping[str, str]
    regions: type_choices
    departments: type_choices
    typologies: type_choices
    errors: list[str] = field(default_factory=list)
    scope: Scope | None = None


def read(query: QueryDict) -> Asked:
    """Return what an address asks for."""
    places = list(Department.objects.order_by("name").values_list("code", "name", "region_id"))
    asked = Asked(
        query.dict(),  # type: ignore[arg-type]  # the last value of each
        list(Region.objects.order_by("name").values_list("code", "name")),
        [(code, name) for code, name, _region in places],
        list(Typology.objects.order_by("name").values_list("code", "name")),
    )
    asked.errors += [
        _("There is no filter “%(name)s”.") % {"name": name[:MAX_SHOWN_CHARACTERS]}
        for name in query
        if name not in (*DAYS, *FILTERS)
    ]
    today = business_day()
    last = day_of(asked, "to", today)
    first = day_of(asked, "from", last.replace(day=1) if last else today)
    if first and last and (reason := objection(first, last)) is not None:
        asked.errors.append(reason[0])
    filters, names = filters_of(asked)
    if not asked.errors and first and last:
        asked.scope = Scope(Period(first, last), today, filters, names)
        of_region = filters.get("region")
        asked.departments = [
            (code, name) for code, name, region in places if of_region in (None, region)
        ]
    return asked


def day_of(asked: Asked, name: str, default: dt.date) -> dt.date | None:
    """Return a day of the address; None, and say so, if it spells none."""
    text = asked.raw.get(name)
    if not text:
        return default
    try:
        return parse_date(text)
    except ValueError:
        asked.errors.append(_("“%(text)s” is no day.") % {"text": text[:MAX_SHOWN_CHARACTERS]})
        return None


def filters_of(asked: Asked) -> tuple[dict[str, Any], dict[str, str]]:
    """Return to what the figures are narrowed, with words; say what is unknown."""
    listed = {
        "region": asked.regions,
        "department": asked.departments,
        "typology": asked.typologies,
    }
    filters: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name in FILTERS:
        text = asked.raw.get(name)
        if not text:
            continue
        found = among(listed[name], text) if name in listed else looked_up(name, text)
        if not found:
            message = _("Nothing has the code “%(text)s”.")
            asked.errors.append(message % {"text": text[:MAX_SHOWN_CHARACTERS]})
            continue
        filters[name] = found.pop("code")
        names |= {name: found.pop("name"), **found}
    return filters, names


def among(choices: Iterable[tuple[str, str]], text: str) -> dict[str, Any]:
    """Return the choice that has a code."""
    return next(({"code": code, "name": name} for code, name in choices if code == text), {})


def looked_up(name: str, text: str) -> dict[str, Any]:
    """Return the city or the product that has a key."""
    if name == "city":
        cities = City.objects.filter(code=text) if text.isascii() and text.isdigit() else None
        return {} if cities is None else dict(cities.values("code", "name").first() or {})
    try:
        found = Product.objects.filter(pk=parse_key(text)).values("name", "sku", code=F("pk"))
    except ValueError:
        return {}
    return dict(found.first() or {})
