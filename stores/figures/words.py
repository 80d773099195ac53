"""The statements that count figures, in the words of the database at hand."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection

from stores.constants import PROMPT_MINUTES, ItemState
from stores.figures.dialects import word
from stores.figures.histograms import BUCKETS, buckets_of_visit
from stores.models.sums import Sums

# What a phone could not name and nobody else has; what is no product does not count.
UNNAMED = ", ".join(f"'{state.value}'" for state in (ItemState.OPEN, ItemState.UNREADABLE))
ITEMS_OF_VISIT = "SELECT COUNT(*) FROM stores_unrecognised item WHERE item.visit_id = v.id"
OPEN_ITEMS = f"({ITEMS_OF_VISIT} AND item.state IN ({UNNAMED}))"
COLUMNS = tuple(field.name for field in Sums._meta.fields)


def asked(**columns: str) -> str:
    """Return a table of what is asked for, by its columns' types; one parameter has its rows."""
    if connection.vendor == "postgresql":
        listed = [f"{name} {kind}" for name, kind in columns.items()]
    else:
        listed = [f"json_extract(value, '$.{name}') AS {name}" for name in columns]
    return word("asked", ", ".join(listed))


def as_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return the parameter of :func:`asked`."""
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()


def sums_of_visits() -> str:
    """Return the columns of :class:`Sums`, counted from visits ``v`` that have their buckets."""
    counted = {
        "visits": "COUNT(*)",
        "done": "COUNT(*) FILTER (WHERE v.outcome = 'done')",
        "flagged": "COUNT(*) FILTER (WHERE v.state = 'flagged')",
        "audited": "COUNT(*) FILTER (WHERE v.must_have > 0)",
        "must_have": "COALESCE(SUM(v.must_have), 0)",
        "present": "COALESCE(SUM(v.present), 0)",
        "compliance_sum": f"COALESCE(SUM({word('number', 'ROUND(v.compliance * 10000)')}), 0)",
        "seen": "SUM(v.seen_count)",
        "unrecognised": "SUM(v.unrecognised)",
        "timed": "COUNT(v.stay)",
        "seconds": "COALESCE(SUM(v.seconds) FILTER (WHERE v.stay IS NOT NULL), 0)",
        "prompt": f"COUNT(*) FILTER (WHERE v.delay <= {PROMPT_MINUTES})",
    }
    return ", ".join(f"{counted[name]} AS {name}" for name in COLUMNS)


def facts_of_visit() -> str:
    """Return what is counted of each visit ``v`` first, as columns."""
    seen = word("length", "v.seen")
    return f"{seen} AS seen_count, {OPEN_ITEMS} AS unrecognised, {buckets_of_visit()}"


def sums_of_sums(table: str) -> str:
    """Return the columns of :class:`Sums` and histograms, added up from rows that have them."""
    return ", ".join(f"SUM({table}.{name}) AS {name}" for name in (*COLUMNS, *BUCKETS))


def products_of(base: str, key: str) -> str:
    """Return the CTEs by which ``product_sums`` has, per key and product, must_have and missing.

    ``base`` is a CTE of visits with the columns ``key``, day, version, must_have and missing. A
    visit that counted its whole list had every product of it as a must-have; of any other one those
    are left out that were inactive on its day.
    """
    whole = f"b.must_have = {word('length', 'list.product_ids')}"
    on_day = f"CASE WHEN NOT {whole} THEN b.day END"  # without it visits of a list are one row
    same = " AND ".join(f"gone.{name} = must.{name}" for name in key.split(", "))
    ours = ", ".join(f"must.{name}" for name in key.split(", "))
    return f"""
    lists AS (
        SELECT {key}, {on_day} AS on_day, b.version, {whole} AS is_whole, COUNT(*) AS visits
        FROM {base} b JOIN stores_portfolioversion list ON list.id = b.version
        WHERE b.must_have > 0 GROUP BY {key}, {on_day}, b.version, {whole}
    ),
    must AS (
        SELECT {key}, product.id AS product, SUM(lists.visits) AS must_have
        FROM lists JOIN stores_portfolioversion list ON list.id = lists.version
        CROSS JOIN {word("each", "list.product_ids", "listed")}
        JOIN stores_product product ON product.id = {word("number", "listed.value")}
        WHERE lists.is_whole OR product.inactive_on IS NULL OR product.inactive_on > lists.on_day
        GROUP BY {key}, product.id
    ),
    gone AS (
        SELECT {key}, {word("number", "item.value")} AS product, COUNT(*) AS missing
        FROM {base} b CROSS JOIN {word("each", "b.missing", "item")}
        WHERE b.must_have > 0 GROUP BY {key}, {word("number", "item.value")}
    ),
    product_sums AS (
        SELECT {ours}, must.product, must.must_have, COALESCE(gone.missing, 0) AS missing
        FROM must LEFT JOIN gone ON gone.product = must.product AND {same}
    )"""  # noqa: S608 - our own names


def execute(sql: str, *parameters: Any) -> int:
    """Run a statement; return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a query; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def month_of(day: dt.date) -> dt.date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def month_after(month: dt.date) -> dt.date:
    """Return the first day of the next month."""
    return month_of(month.replace(day=28) + dt.timedelta(days=4))
