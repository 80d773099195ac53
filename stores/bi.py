"""What analysts may read of stores (core.bi): numbers, places, products; of people the id only."""

from stores.constants import VisitState
from stores.figures.histograms import BUCKETS
from stores.figures.words import COLUMNS

SUMS = ", ".join(f"f.{name}" for name in COLUMNS)
HISTOGRAMS = ", ".join(f"f.{name}" for name in BUCKETS)
PLACE = "f.region, f.typology, f.city, c.name AS city_name, d.code AS department"
OF_CITY = (
    "LEFT JOIN stores_city c ON c.code = f.city"
    " LEFT JOIN stores_department d ON d.code = c.department_id"
)
PRODUCT = "f.product_id, p.sku, p.name AS product_name, p.brand, p.category, p.is_competitor"
OF_PRODUCT = "JOIN stores_product p ON p.id = f.product_id"
OF_STORE = "JOIN stores_establishment e ON e.id = f.establishment_id"


def view(table: str, *columns: str, joins: str = "", only: str = "true") -> str:
    """Return the query of a view of a table with the places of its rows."""
    listed = ", ".join([*columns, PLACE])
    return f"SELECT {listed} FROM {table} f {joins} {OF_CITY} WHERE {only}"  # noqa: S608 - our own names


VIEWS = {
    "v_visits": view(
        "stores_visit",
        "f.id, f.day, f.seller_id, f.establishment_id, f.state, f.outcome, f.flags",
        "f.occurred_at, f.received_at, f.seconds, f.portfolio_version_id, f.must_have, f.present",
        "f.compliance, f.seen, f.missing, f.photos_missing",
        only=f"f.state <> '{VisitState.VOID.value}'",
    ),
    "v_daily": view(
        "stores_dailyfigure",
        "f.day, f.seller_id, f.portfolio_version, f.first_at",
        SUMS,
        HISTOGRAMS,
    ),
    "v_store_month": view(
        "stores_storemonth",
        "f.month, f.seller_id, f.establishment_id, e.code, e.name AS establishment_name",
        SUMS,
        "f.products, f.last_seen, f.last_at",
        joins=OF_STORE,
    ),
    "v_product_month": view(
        "stores_productmonth", "f.month", PRODUCT, "f.audited, f.showing", joins=OF_PRODUCT
    ),
    "v_coverage_month": view("stores_coveragemonth", "f.month, f.assigned, f.visited, f.visits"),
    "v_product_day": view(
        "stores_productday", "f.day", PRODUCT, "f.must_have, f.missing", joins=OF_PRODUCT
    ),
}
