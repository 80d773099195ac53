"""Answers to questions about figures: rows of sums and of ratios of sums."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.db.models import F, Min, Sum
from django.utils import timezone

from stores.figures import coverage
from stores.figures.dialects import word
from stores.figures.histograms import BUCKETS, percentiles
from stores.figures.questions import COVERAGE, DISTRIBUTION, MAX_ROWS, MISSING, Question
from stores.figures.words import COLUMNS, month_of, rows
from stores.models import (
    City,
    Department,
    DirtyDay,
    Establishment,
    FigureMark,
    Product,
    StoreMonth,
)

Row = dict[str, Any]
NO_PERCENTILES = {"seconds_median": None, "delay_p95": None}


class TooMany(Exception):
    """There are more rows than one answer has."""


def ratio(part: int, whole: int) -> float | None:
    """Return a share with four decimals; None of nothing."""
    return round(part / whole, 4) if whole else None


def answer(question: Question) -> list[Row]:
    """Return the rows of an answer, in the order of their groups; what is missing most, first.

    Raises:
        TooMany: there are more than ``MAX_ROWS``.
    """
    if question.measure == COVERAGE:
        found = coverage.rows_of(question)
    elif question.measure == DISTRIBUTION:
        found = [distribution(row) for row in sums(question, ("audited", "showing"))]
    elif question.measure == MISSING and question.source is StoreMonth:
        found = [missing(row) for row in missing_by_store(question)]
    elif question.measure == MISSING:
        found = [missing(row) for row in sums(question, ("must_have", "missing"))]
    else:
        # A store has too few visits in a month for percentiles.
        names = COLUMNS if question.source is StoreMonth else (*COLUMNS, *BUCKETS)
        found = [of_visits(row) for row in sums(question, names)]
    if len(found) > MAX_ROWS:
        raise TooMany
    if question.measure == MISSING:
        found.sort(key=lambda row: -row["missing"])
    return labelled(found)


def sums(question: Question, names: Iterable[str]) -> list[Row]:
    """Return the sums of each group."""
    columns = question.columns()
    if "product" in question.groups:
        columns["by_product"] = F("product")
    totals = {f"sum_{name}": Sum(name) for name in names}
    keys = [f"by_{name}" for name in question.groups]
    found = question.rows().values(**columns).annotate(**totals).order_by(*keys)
    if not question.groups:
        total = question.rows().aggregate(**totals)
        return [{name[4:]: value or 0 for name, value in total.items()}]
    return [
        {
            **{name: plain(row[f"by_{name}"]) for name in question.groups},
            **{name[4:]: row[name] for name in totals},
        }
        for row in found[: MAX_ROWS + 1]
    ]


def plain(value: Any) -> Any:
    """Return a group's value as JSON and CSV have it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def missing_by_store(question: Question) -> list[Row]:
    """Return the sums of products in months of stores, which keep them as documents."""
    documents = question.rows().values(**question.columns(), documents=F("products"))
    inner, parameters = documents.query.sql_with_params()
    product = word("number", word("key", "item"))
    by = {f"by_{name}": f'f."by_{name}"' for name in question.groups} | {"by_product": product}
    groups = [by[f"by_{name}"] for name in question.groups] or ["1"]
    wanted = question.filters.get("product")
    of_one = f"WHERE {product} = {int(wanted)}" if wanted else ""
    totals = [f"SUM({word('part', 'item', place)})" for place in "01"]
    found = rows(
        f"""
        SELECT {", ".join([*groups, *totals])} FROM ({inner}) f
        CROSS JOIN {word("pairs", "f.documents", "item")} {of_one}
        GROUP BY {", ".join(groups)} ORDER BY {", ".join(groups)} LIMIT {MAX_ROWS + 1}""",  # noqa: S608 - our own names, and a number
        *parameters,
    )
    return [
        {
            **{name: plain(value) for name, value in zip(question.groups, row, strict=False)},
            "must_have": int(row[-2]),
            "missing": int(row[-1]),
        }
        for row in found
    ]


def of_visits(row: Row) -> Row:
    """Return sums of visits with their ratios."""
    counted = {**row}
    of_histograms = percentiles(counted) if BUCKETS[0] in row else NO_PERCENTILES
    mean, seconds = counted.pop("compliance_sum"), counted.pop("seconds")
    timed, prompt = counted.pop("timed"), counted.pop("prompt")
    known = row["seen"] + row["unrecognised"]
    return {
        **counted,
        "effectiveness": ratio(row["done"], row["visits"]),
        "compliance": ratio(row["present"], row["must_have"]),
        "compliance_mean": ratio(mean, 10_000 * row["audited"]),
        "out_of_stock": ratio(row["must_have"] - row["present"], row["must_have"]),
        "recognition": ratio(row["seen"], known),
        "untimed": row["visits"] - timed,
        "seconds_mean": ratio(seconds, timed),
        "seconds_median": of_histograms["seconds_median"],
        "prompt": ratio(prompt, row["visits"]),
        "delay_p95": of_histograms["delay_p95"],
    }


def missing(row: Row) -> Row:
    """Return in how many visits products were must-haves and missing, with the share."""
    return {**row, "out_of_stock": ratio(row["missing"], row["must_have"])}


def distribution(row: Row) -> Row:
    """Return in how many establishments products were shown last, with the share."""
    return {**row, "distribution": ratio(row["showing"], row["audited"])}


# -- words for codes and ids -----------------------------------------------------------------------
LABELS: Mapping[str, tuple[type[models.Model], dict[str, str]]] = {
    "product": (Product, {"sku": "sku", "product_name": "name"}),
    "establishment": (Establishment, {"code": "code", "establishment_name": "name"}),
    "city": (City, {"city_name": "name"}),
    "department": (Department, {"department_name": "name"}),
}


def labelled(found: list[Row]) -> list[Row]:
    """Return the rows with what people call products, establishments, cities and departments."""
    for group, (model, names) in LABELS.items():
        if not found or group not in found[0]:
            continue
        keys = {row[group] for row in found}
        known = {
            row[0]: row[1:]
            for row in model._default_manager.filter(pk__in=keys).values_list("pk", *names.values())
        }
        for row in found:
            row |= dict(zip(names, known.get(row[group], [""] * len(names)), strict=True))
    return found


def freshness(question: Question) -> tuple[dt.datetime, int]:
    """Return since when visits may be uncounted, now if none waits; and how many days wait."""
    first, last = question.period
    waiting = DirtyDay.objects.filter(day__range=(first, last)).aggregate(
        number=models.Count("pk"), first=Min("marked_at")
    )
    marks = FigureMark.objects.filter(day__range=(month_of(first), last))
    moments = [waiting["first"], marks.aggregate(first=Min("marked_at"))["first"]]
    oldest = min((one for one in moments if one is not None), default=timezone.now())
    return oldest, waiting["number"]
