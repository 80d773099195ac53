"""What is missing most, and where: the first rows of an answer that as a whole would be too long.

The numbers are those of :func:`stores.figures.answers.answer`; the database orders and cuts.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Sum, Window
from django.db.models.functions import RowNumber

from stores.figures.answers import Row, labelled, missing
from stores.figures.dialects import word
from stores.figures.questions import Question
from stores.figures.words import rows
from stores.models import StoreMonth


def first(question: Question, group: str, count: int) -> list[Row]:
    """Return the places of one group where most must-haves of visits were missing."""
    found: Any = question.rows().values(place=F(group))
    found = found.annotate(
        visits_sum=Sum("visits"), must=Sum("must_have"), gone=Sum("must_have") - Sum("present")
    )
    found = found.filter(gone__gt=0).order_by("-gone", "place")[:count]
    return labelled(
        [
            missing(
                {
                    group: row["place"],
                    "visits": row["visits_sum"],
                    "must_have": row["must"],
                    "missing": row["gone"],
                }
            )
            for row in found
        ]
    )


def of_products(
    question: Question, group: str, products: Sequence[int], count: int
) -> dict[int, list[Row]]:
    """Return for each product the places of one group where it was missing most.

    ``question`` is of :data:`stores.figures.questions.MISSING` by product and this group.
    """
    if not products:
        return {}
    by_store = question.source is StoreMonth
    found = (
        in_documents(question, group, products, count)
        if by_store
        else (in_rows(question, group, products, count))
    )
    places = [
        missing({"product": product, group: place, "must_have": int(must), "missing": int(gone)})
        for product, place, must, gone in found
    ]
    named: dict[int, list[Row]] = {product: [] for product in products}
    for row in labelled(places):
        named[row.pop("product")].append(row)
    return named


def in_rows(
    question: Question, group: str, products: Sequence[int], count: int
) -> list[tuple[Any, ...]]:
    """Return product, place and sums, from rows that have them."""
    by: Any = question.rows().filter(product__in=products)
    by = by.values("product", by_place=question.expression(group)).annotate(
        must=Sum("must_have"), gone=Sum("missing")
    )
    place = Window(RowNumber(), partition_by="product", order_by=[F("gone").desc(), F("by_place")])
    found = by.filter(gone__gt=0).annotate(place=place).filter(place__lte=count)
    return list(
        found.order_by("product", "place").values_list("product", "by_place", "must", "gone")
    )


def in_documents(
    question: Question, group: str, products: Sequence[int], count: int
) -> list[tuple[Any, ...]]:
    """Return the same from months of stores, which keep their products as documents."""
    documents = question.rows().values(by_place=question.expression(group), documents=F("products"))
    inner, parameters = documents.query.sql_with_params()
    key = word("key", "item")
    asked = ", ".join(f"'{int(product)}'" for product in products)
    must, gone = (f"SUM({word('part', 'item', place)})" for place in "01")
    return rows(
        f"""
        SELECT product, by_place, must, gone FROM (
            SELECT {word("number", key)} AS product, f.by_place, {must} AS must, {gone} AS gone,
                ROW_NUMBER() OVER (
                    PARTITION BY {word("number", key)} ORDER BY {gone} DESC, f.by_place
                ) AS place
            FROM ({inner}) f CROSS JOIN {word("pairs", "f.documents", "item")}
            WHERE {key} IN ({asked}) GROUP BY {word("number", key)}, f.by_place
        ) ranked WHERE place <= {int(count)} AND gone > 0
        ORDER BY product, place""",  # noqa: S608 - our own names, and numbers
        *parameters,
    )
