"""The overview's numbers: tiles, the trend, the table of heat. All from the rolled-up tables."""

import datetime as dt
import json
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.cards import address
from stores.figures import answers
from stores.models import DailyFigure, Visit
from stores.overview import words
from stores.overview.scope import Scope

WEEK = dt.timedelta(days=7)
UNASSIGNED = {"coverage": None, "visited": 0, "assigned": 0}


class Tile(NamedTuple):
    """A number: what it is, what it is held against, and where its rows are."""

    name: str
    title: str
    value: str
    note: str = ""
    link: str = ""


class Point(NamedTuple):
    """A day of the trend."""

    day: str
    visits: str
    share: str
    grade: str
    link: str


class Cell(NamedTuple):
    """A cell of the table of heat."""

    value: str
    must_have: str
    grade: str
    link: str


def tiles(scope: Scope) -> list[Tile]:
    """Return the tiles: the last day against the same weekday before, and the whole period."""
    last = scope.period.last
    before = last - WEEK
    days = {row["day"]: row for row in answers.answer(scope.of_visits("day", first=before))}
    sellers = sellers_of(scope, (before, last))
    [whole] = answers.answer(scope.of_visits())
    against = words.day(before)

    def visits(day: dt.date) -> int:
        return int(days.get(day.isoformat(), {}).get("visits", 0))

    return [
        Tile(
            "visits",
            _("Visits on %(day)s") % {"day": words.day(last)},
            words.number(visits(last)),
            f"{against}: {words.number(visits(before))}",
            address(Visit, scope.list_of_day(last)),
        ),
        Tile(
            "sellers",
            _("Sellers with visits on %(day)s") % {"day": words.day(last)},
            words.number(sellers.get(last, 0)),
            f"{against}: {words.number(sellers.get(before, 0))}",
        ),
        Tile(
            "compliance",
            _("Must-haves on the shelf"),
            words.percent(whole["compliance"]),
            _("target: %(share)s")
            % {"share": words.percent(settings.STORES_COMPLIANCE_TARGET / 100)},
        ),
        Tile(
            "effectiveness",
            _("Visits that could be done"),
            words.percent(whole["effectiveness"]),
            _("of %(visits)s") % {"visits": words.number(whole["visits"])},
        ),
        Tile(
            "prompt",
            _("Received within 15 minutes"),
            words.percent(whole["prompt"]),
            _("95 %% within %(delay)s") % {"delay": words.duration(whole["delay_p95"])},
        ),
        Tile(
            "stay",
            _("Time in the establishment, median"),
            words.duration(whole["seconds_median"]),
            ngettext(
                "%(visits)s visit has no usable duration",
                "%(visits)s visits have no usable duration",
                whole["untimed"],
            )
            % {"visits": words.number(whole["untimed"])},
        ),
    ]


def coverage(scope: Scope) -> Tile:
    """Return which share of the assigned establishments was visited, in the last day's month."""
    covered = next(iter(answers.answer(scope.of_coverage())), UNASSIGNED)
    return Tile(
        "coverage",
        _("Assigned establishments visited in %(month)s")
        % {"month": date_format(scope.period.last, "YEAR_MONTH_FORMAT")},
        words.percent(covered["coverage"]),
        _("%(visited)s of %(assigned)s")
        % {
            "visited": words.number(covered["visited"]),
            "assigned": words.number(covered["assigned"]),
        },
    )


def sellers_of(scope: Scope, days: tuple[dt.date, ...]) -> dict[dt.date, int]:
    """Return how many sellers had visits, by day."""
    rows = DailyFigure.objects.filter(day__in=days).order_by()
    for name, value in scope.places.items():
        path, wanted = ("city__startswith", value) if name == "department" else (name, value)
        rows = rows.filter(**{path: wanted})
    return dict(rows.values_list("day").annotate(Count("seller", distinct=True)))


def trend(scope: Scope) -> dict[str, Any]:
    """Return the share of must-haves by day: for a chart with its target, and as a table."""
    found = {row["day"]: row for row in scope.missing("day")}
    shares, points = [], []
    for day in scope.period.days():
        row = found.get(day.isoformat())
        share = words.on_shelf(row) if row else None
        shares.append(None if share is None else round(share * 100, 1))
        if row:
            points.append(
                Point(
                    words.day(day),
                    words.number(row.get("visits", row["must_have"])),
                    words.percent(share),
                    words.grade(share),
                    address(Visit, scope.list_of_day(day)),
                )
            )
    target = settings.STORES_COMPLIANCE_TARGET
    days = [words.day(day) for day in scope.period.days()]
    line = {"displayYAxis": True, "suffixYAxis": "%", "maxTicksXLimit": 10, "spanGaps": True}
    chart = {
        "labels": days,
        "datasets": [
            {
                "label": _("Must-haves on the shelf, %"),
                "data": shares,
                "borderColor": "var(--color-primary-600)",
                "pointStyle": "circle",
                **line,
            },
            {
                "label": _("Target"),
                "data": [target] * len(days),
                "borderColor": "var(--color-base-400)",
                "borderDash": [6, 6],
                **line,
            },
        ],
    }
    return {"chart": json.dumps(chart), "points": points, "target": target}


def heat(scope: Scope, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the share of must-haves by area and typology; the areas of a region are departments.

    ``names`` has the words for codes: region, department and typology.
    """
    narrowed = {"region", "department", "city"} & {*scope.filters}
    area = "department" if narrowed else "region"
    found = {(row[area], row["typology"]): row for row in scope.missing(area, "typology")}
    areas = sorted({key[0] for key in found}, key=lambda code: names[area].get(code, code))
    columns = sorted({key[1] for key in found}, key=lambda code: names["typology"].get(code, code))
    unknown = _("unknown")

    def cell(code: str, typology: str) -> Cell | None:
        row = found.get((code, typology))
        if row is None:
            return None
        share = words.on_shelf(row)
        link = scope.address(**{area: code, "typology": typology}) if code and typology else ""
        must_have = words.number(row["must_have"])
        return Cell(words.percent(share), must_have, words.grade(share), link)

    return {
        "columns": [
            (names["typology"].get(code, code) or unknown, scope.address(typology=code))
            for code in columns
        ],
        "rows": [
            {
                "name": names[area].get(code, code) or unknown,
                "link": scope.address(**{area: code}) if code else "",
                "cells": [cell(code, typology) for typology in columns],
            }
            for code in areas
        ],
        "area": area,
        "legend": words.legend(),
    }
