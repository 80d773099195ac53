"""Where most is missing: products, cities and establishments, the worst first."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core.admin.cards import address
from stores.figures import answers, worst
from stores.figures.answers import Row
from stores.figures.questions import MISSING, Question
from stores.models import Visit
from stores.overview import picture, words
from stores.overview.scope import Scope

SHOWN = 20
PLACES_OF_PRODUCT = 3
PRODUCTS_BY_STORE = 8
# How many months of establishments are looked into, times products: the most that 0.1 s allows.
MAX_LOOKS = 40_000
MAX_STORE_MONTHS = 60_000  # that are added up, for the same reason


class Line(NamedTuple):
    """A row of a table: what is missing there, of how much, and where to go on."""

    name: str
    code: str
    must_have: str
    missing: str
    out_of_stock: str
    grade: str
    link: str = ""
    visits_link: str = ""
    cities: tuple[Any, ...] = ()
    stores: tuple[Any, ...] = ()


def line(row: Row, name: str, code: str = "", **more: Any) -> Line:
    """Return a row in words."""
    return Line(
        name or code or _("unknown"),
        code,
        words.number(row["must_have"]),
        words.number(row["missing"]),
        words.percent(row["out_of_stock"]),
        words.grade(words.on_shelf(row)),
        **more,
    )


def has_at_most(scope: Scope, count: int) -> bool:
    """Tell whether there are at most so many months of establishments."""
    return scope.months.rows().values("pk")[: count + 1].count() <= count


def products(scope: Scope) -> dict[str, Any]:
    """Return the must-haves that are missing most, each with its worst cities and stores."""
    question = Question(scope.period, ("product",), scope.filters, MISSING)
    found = [row for row in answers.answer(question) if row["missing"]][:SHOWN]
    keys = [row["product"] for row in found]
    by_city = worst.of_products(
        Question(scope.period, ("product", "city"), scope.filters, MISSING),
        "city",
        keys,
        PLACES_OF_PRODUCT,
    )
    by_store: dict[int, list[Row]] = {}
    first = keys[:PRODUCTS_BY_STORE]
    is_few = has_at_most(scope, MAX_LOOKS // max(len(first), 1))
    if scope.is_whole and is_few:
        of_stores = Question(scope.period, ("product", "establishment"), scope.filters, MISSING)
        by_store = worst.of_products(of_stores, "establishment", first, PLACES_OF_PRODUCT)
    lines = [
        line(
            row,
            row["product_name"],
            row["sku"],
            link=scope.address(product=row["product"]),
            visits_link=address(Visit, scope.list_of_visits(missing=row["sku"])),
            cities=tuple(
                line(one, one["city_name"], one["city"], link=scope.address(city=one["city"]))
                for one in by_city[row["product"]]
            ),
            stores=tuple(
                line(one, one["establishment_name"], one["code"])
                for one in by_store.get(row["product"], ())
            ),
        )
        for row in found
    ]
    return {"lines": lines, "is_few": is_few, "is_whole": scope.is_whole}


def cities(scope: Scope) -> dict[str, Any]:
    """Return the cities where most is missing, and all of them on a map."""
    found = scope.missing("city")
    lines = [
        line(
            row,
            row["city_name"],
            row["city"],
            link=scope.address(city=row["city"]),
            visits_link=address(Visit, scope.list_of_visits(city=row["city"])),
        )
        for row in sorted(found, key=lambda row: (-row["missing"], row["city"]))
        if row["missing"] and row["city"]
    ]
    return {"lines": lines[:SHOWN], "map": picture.of_cities(found)}


def stores(scope: Scope) -> dict[str, Any]:
    """Return the establishments where most is missing; they are counted by whole months."""
    if not scope.is_whole:
        return {"lines": [], "is_whole": False, "is_few": True}
    product = scope.filters.get("product")
    found: list[Row] = []
    is_few = has_at_most(scope, MAX_LOOKS if product else MAX_STORE_MONTHS)
    if is_few and product:
        found = worst.of_products(scope.months, "establishment", [product], SHOWN)[product]
    elif is_few:
        found = worst.first(scope.months, "establishment", SHOWN)
    lines = [
        line(
            row,
            row["establishment_name"],
            row["code"],
            visits_link=address(Visit, {**scope.list_of_visits(), "q": row["code"]}),
        )
        for row in found
    ]
    return {"lines": lines, "is_whole": True, "is_few": is_few}
