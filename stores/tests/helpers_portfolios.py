"""Portfolios as the API shows them."""

from typing import Any

from stores.models import Portfolio, PortfolioVersion

SKUS = ["LEC-UHT-1L", "KUM-200", "QUE-250"]


def shown(version: PortfolioVersion, **changes: Any) -> dict[str, Any]:
    """Return a version as its portfolio shows it."""
    return {
        "id": version.pk,
        "number": version.number,
        "state": version.state,
        "valid_from": version.valid_from.isoformat(),
        "valid_until": version.valid_until and version.valid_until.isoformat(),
        "products": [item.product.sku for item in version.items.select_related("product")],
        **changes,
    }


def periods(portfolio: Portfolio) -> list[tuple[Any, ...]]:
    """Return what each version of a portfolio says of itself, the oldest first."""
    versions = portfolio.versions.order_by("number")
    return list(versions.values_list("number", "state", "valid_from", "valid_until"))
