"""How each table of figures is counted: SELECTs of whole rows from what they are sums of.

Each takes one parameter, the JSON of what is asked for (:func:`stores.figures.words.as_rows`).
The same statement writes the rows and holds the written ones against the truth.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection, models

from stores.constants import VisitState
from stores.figures.dialects import word
from stores.figures.histograms import BUCKETS, counts_of_visits
from stores.figures.words import (
    COLUMNS,
    asked,
    facts_of_visit,
    products_of,
    sums_of_sums,
    sums_of_visits,
)
from stores.models import (
    AreaDay,
    CoverageMonth,
    DailyFigure,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
)

COUNTS = f"v.state <> '{VisitState.VOID.value}'"
PAIR = ("day", "seller")
AREA = ("day", "region", "typology")
SELLER_MONTH = ("month", "until", "seller")
MONTH = ("month", "region", "typology")
WHOLE_MONTH = ("month", "until")


@dataclass(frozen=True)
class Table:
    """One table: what a unit of counting is made of, which of its rows are the unit's, and how."""

    model: type[models.Model]
    asked: dict[str, str]
    own: str  # the rows ``f`` of an asked unit
    columns: tuple[str, ...]
    select: Callable[[], str]

    @property
    def name(self) -> str:
        """Return the table's name."""
        return self.model._meta.db_table

    def stored(self) -> str:
        """Return the query of the rows that are stored."""
        listed = ", ".join(f"f.{name}" for name in self.columns)
        return f"SELECT {listed} FROM {asked(**self.asked)} JOIN {self.name} f ON {self.own}"  # noqa: S608 - our own names

    def delete(self) -> str:
        """Return the statement that removes them."""
        keys = f"SELECT f.id FROM {asked(**self.asked)} JOIN {self.name} f ON {self.own}"  # noqa: S608 - our own names
        return f"DELETE FROM {self.name} WHERE id IN ({keys})"  # noqa: S608 - our own names

    def insert(self) -> str:
        """Return the statement that counts and stores them."""
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) {self.select()}"


def daily() -> str:
    """Count the days of sellers."""
    key = "day, seller_id, city, region, typology, version"
    return f"""
    WITH base AS MATERIALIZED (
        SELECT v.day, v.seller_id, v.city, v.region, v.typology,
            COALESCE(v.portfolio_version_id, 0) AS version, v.outcome, v.state, v.must_have,
            v.present, v.compliance, v.seconds, v.occurred_at, {facts_of_visit()}
        FROM {asked(**DAILY.asked)}
        JOIN stores_visit v ON v.day = asked.day AND v.seller_id = asked.seller
        WHERE {COUNTS}
    )
    SELECT {key}, MIN(v.occurred_at), {sums_of_visits()}, {counts_of_visits()}
    FROM base v GROUP BY {key}"""  # noqa: S608 - our own names


def areas() -> str:
    """Add up the days of sellers by area."""
    return f"""
    SELECT f.day, f.region, f.typology, SUBSTR(f.city, 1, 2), {sums_of_sums("f")}
    FROM {asked(**AREAS.asked)}
    JOIN stores_dailyfigure f
        ON f.day = asked.day AND f.region = asked.region AND f.typology = asked.typology
    GROUP BY f.day, f.region, f.typology, SUBSTR(f.city, 1, 2)"""  # noqa: S608 - our own names


def regions() -> str:
    """Add up the areas of a region."""
    return f"""
    SELECT f.day, f.region, f.typology, {sums_of_sums("f")}
    FROM {asked(**REGIONS.asked)}
    JOIN stores_areaday f ON {AREA_OWN} GROUP BY f.day, f.region, f.typology"""  # noqa: S608 - our own names


def products_of_days() -> str:
    """Count the products of areas."""
    key = "day, region, typology, city"
    return f"""
    WITH base AS (
        SELECT v.day, v.region, v.typology, v.city, v.portfolio_version_id AS version,
            v.must_have, v.missing
        FROM {asked(**AREAS.asked)}
        JOIN stores_visit v
            ON v.day = asked.day AND v.region = asked.region AND v.typology = asked.typology
        WHERE {COUNTS}
    ), {products_of("base", key)}
    SELECT {key}, product, must_have, missing FROM product_sums"""  # noqa: S608 - our own names


def store_months() -> str:
    """Count the months of sellers in their establishments."""
    key = "month, seller_id, establishment_id, city, region, typology"
    same = " AND ".join(f"{{0}}.{name} = s.{name}" for name in key.split(", "))
    products = word("object", "product", "must_have", "missing")
    return f"""
    WITH base AS (
        SELECT asked.month, v.seller_id, v.establishment_id, v.city, v.region, v.typology, v.day,
            v.portfolio_version_id AS version, v.must_have, v.present, v.missing, v.seen,
            v.compliance, v.outcome, v.state, v.seconds, v.occurred_at, {facts_of_visit()},
            ROW_NUMBER() OVER (
                PARTITION BY asked.month, v.seller_id, v.establishment_id, v.city, v.region,
                    v.typology
                ORDER BY CASE WHEN v.must_have > 0 THEN 0 ELSE 1 END, v.occurred_at DESC, v.id
            ) AS place
        FROM {asked(**STORE_MONTHS.asked)}
        JOIN stores_visit v
            ON v.seller_id = asked.seller AND v.day >= asked.month AND v.day < asked.until
        WHERE v.establishment_id IS NOT NULL AND {COUNTS}
    ), {products_of("base", key)},
    documents AS (SELECT {key}, {products} AS products FROM product_sums GROUP BY {key}),
    last AS (SELECT {key}, seen, occurred_at FROM base WHERE place = 1 AND must_have > 0),
    sums AS (SELECT {key}, {sums_of_visits()} FROM base v GROUP BY {key})
    SELECT {", ".join(f"s.{name}" for name in (*key.split(", "), *COLUMNS))},
        COALESCE(documents.products, {word("empty")}), last.seen, last.occurred_at
    FROM sums s
    LEFT JOIN documents ON {same.format("documents")}
    LEFT JOIN last ON {same.format("last")}"""  # noqa: S608 - our own names


def products_of_months() -> str:
    """Count the establishments of a month that show a product.

    Where an establishment's last visit was is decided among all typologies of the region; only then
    are the documents of the asked ones opened: all of a large region's at once take too long.
    """
    key = "month, region, typology, city"
    same = " AND ".join(f"{{0}}.{name} = {{1}}.{name}" for name in key.split(", "))
    of_places, of_shown = same.format("places", "listed"), same.format("shown", "listed")
    found = ", ".join(f"listed.{name}" for name in key.split(", "))
    return f"""
    WITH unit AS (
        SELECT asked.month, asked.region, asked.typology FROM {asked(**PRODUCT_MONTHS.asked)}
    ),
    ranked AS (
        SELECT f.id, f.month, f.region, f.typology, ROW_NUMBER() OVER (
            PARTITION BY f.month, f.region, f.establishment_id
            ORDER BY f.last_at DESC, f.seller_id, f.typology, f.city
        ) AS place
        FROM (SELECT DISTINCT month, region FROM unit) of_region
        JOIN stores_storemonth f ON f.month = of_region.month AND f.region = of_region.region
        WHERE f.last_at IS NOT NULL
    ),
    last AS (
        SELECT f.* FROM ranked
        JOIN unit ON unit.month = ranked.month AND unit.region = ranked.region
            AND unit.typology = ranked.typology
        JOIN stores_storemonth f ON f.id = ranked.id
        WHERE ranked.place = 1
    ),
    places AS (SELECT {key}, COUNT(*) AS audited FROM last GROUP BY {key}),
    shown AS (
        SELECT {key}, {word("number", "item.value")} AS product, COUNT(*) AS showing
        FROM last CROSS JOIN {word("each", "last.last_seen", "item")}
        GROUP BY {key}, {word("number", "item.value")}
    ),
    listed AS (
        SELECT {key}, product FROM shown
        UNION
        SELECT {key}, {word("number", word("key", "item"))} AS product
        FROM last CROSS JOIN {word("keys", "last.products", "item")}
    )
    SELECT {found}, listed.product, places.audited, COALESCE(shown.showing, 0)
    FROM listed
    JOIN places ON {of_places}
    JOIN stores_product product ON product.id = listed.product
    LEFT JOIN shown ON {of_shown} AND shown.product = listed.product"""  # noqa: S608 - our own names


def coverage_of_months() -> str:
    """Count the assigned establishments of a month, and those of them that were visited."""
    return f"""
    WITH unit AS (SELECT asked.month, asked.until FROM {asked(**COVERAGE.asked)}),
    given AS (
        SELECT DISTINCT unit.month, a.establishment_id
        FROM unit JOIN stores_assignment a ON a.valid_from < unit.until
        WHERE (a.released_on IS NULL OR a.released_on >= a.valid_from)
            AND (a.valid_until IS NULL OR a.valid_until >= unit.month
                OR a.released_on >= unit.month)
    ),
    seen AS (
        SELECT f.month, f.establishment_id, SUM(f.visits) AS visits
        FROM unit JOIN stores_storemonth f ON f.month = unit.month
        GROUP BY f.month, f.establishment_id
    )
    SELECT given.month, d.region_id, e.typology_id, e.city_id,
        COUNT(*) AS assigned, COUNT(seen.visits) AS visited, COALESCE(SUM(seen.visits), 0)
    FROM given
    JOIN stores_establishment e ON e.id = given.establishment_id
    JOIN stores_city c ON c.code = e.city_id
    JOIN stores_department d ON d.code = c.department_id
    LEFT JOIN seen
        ON seen.month = given.month AND seen.establishment_id = given.establishment_id
    GROUP BY given.month, d.region_id, e.typology_id, e.city_id"""  # noqa: S608 - our own names


DATES = {"day": "date", "month": "date", "until": "date", "seller": "bigint"}


def kinds(*names: str) -> dict[str, str]:
    """Return columns of what is asked for with their types."""
    return {name: DATES.get(name, "text") for name in names}


AREA_OWN = "f.day = asked.day AND f.region = asked.region AND f.typology = asked.typology"
DAILY = Table(
    DailyFigure,
    kinds(*PAIR),
    "f.day = asked.day AND f.seller_id = asked.seller",
    (
        *("day", "seller_id", "city", "region", "typology", "portfolio_version"),
        *("first_at", *COLUMNS, *BUCKETS),
    ),
    daily,
)
AREAS = Table(
    AreaDay,
    kinds(*AREA),
    AREA_OWN,
    ("day", "region", "typology", "department", *COLUMNS, *BUCKETS),
    areas,
)
REGIONS = Table(
    RegionDay, kinds(*AREA), AREA_OWN, ("day", "region", "typology", *COLUMNS, *BUCKETS), regions
)
PRODUCT_DAYS = Table(
    ProductDay,
    kinds(*AREA),
    AREA_OWN,
    ("day", "region", "typology", "city", "product_id", "must_have", "missing"),
    products_of_days,
)
STORE_MONTHS = Table(
    StoreMonth,
    kinds(*SELLER_MONTH),
    "f.month = asked.month AND f.seller_id = asked.seller",
    (
        *("month", "seller_id", "establishment_id", "city", "region", "typology"),
        *COLUMNS,
        *("products", "last_seen", "last_at"),
    ),
    store_months,
)
PRODUCT_MONTHS = Table(
    ProductMonth,
    kinds(*MONTH),
    "f.month = asked.month AND f.region = asked.region AND f.typology = asked.typology",
    ("month", "region", "typology", "city", "product_id", "audited", "showing"),
    products_of_months,
)
COVERAGE = Table(
    CoverageMonth,
    kinds(*WHOLE_MONTH),
    "f.month = asked.month",
    ("month", "region", "typology", "city", "assigned", "visited", "visits"),
    coverage_of_months,
)


def product_units(month: dt.date, regions: Iterable[str]) -> list[tuple[dt.date, str, str]]:
    """Return the months, regions and typologies whose products have or had rows."""
    found: set[tuple[dt.date, str, str]] = set()
    for model in (StoreMonth, ProductMonth):
        rows = model._default_manager.filter(month=month, region__in=[*regions]).order_by()
        found |= set(rows.values_list("month", "region", "typology").distinct())
    return sorted(found)


def is_postgresql() -> bool:
    """Tell which of the two databases is at hand."""
    return connection.vendor == "postgresql"
