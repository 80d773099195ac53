"""What the contract says of the sellers' app that no rule knows."""

from stores.contract.catalogue import (
    ASSIGNMENTS,
    CITIES,
    ESTABLISHMENTS,
    PORTFOLIO_VERSIONS,
    PORTFOLIOS,
    PRODUCTS,
    REGIONS,
    TYPOLOGIES,
)
from stores.contract.fields import FIELDS
from stores.contract.visits import (
    CASES,
    FIGURES,
    HEAD,
    OWN_FIGURES,
    PHOTO,
    PHOTOS,
    PICTURE,
    PULL,
    PUSH,
    SUGGESTIONS,
    UNRECOGNISED,
    VISIT_REVISIONS,
    VISITS,
)

__all__ = [
    "ASSIGNMENTS",
    "CASES",
    "CITIES",
    "ESTABLISHMENTS",
    "FIELDS",
    "FIGURES",
    "HEAD",
    "OWN_FIGURES",
    "PHOTO",
    "PHOTOS",
    "PICTURE",
    "PORTFOLIOS",
    "PORTFOLIO_VERSIONS",
    "PRODUCTS",
    "PULL",
    "PUSH",
    "REGIONS",
    "SUGGESTIONS",
    "TYPOLOGIES",
    "UNRECOGNISED",
    "VISITS",
    "VISIT_REVISIONS",
]
