"""What the contract says of products, establishments, portfolios and who visits what."""

from core.api.schema.tables import Operation, Resource
from stores import errors

STATE = "A list shows what is active, unless `state` asks for others."
RETIRED = "Make {} inactive: nothing is deleted, and phones forget it with the next pull."
BULK = (errors.BulkRefused, errors.TooManyRows)
PLACES = {"code": ("The code.", "05001")}
BARCODE_TAKEN = (errors.SkuTaken, errors.GtinTaken)
PRODUCT = {
    "sku": "CAFE-250",
    "gtin": "7702032251162",
    "name": "Café molido 250 g",
    "brand": "La Palma",
    "category": "coffee",
}
ESTABLISHMENT = {
    "code": "PDV-0002",
    "name": "Tienda La Esquina",
    "address": "Calle 10 # 5-51",
    "city": "05001",
    "typology": "bakery",
    "location": {"lat": 6.2442, "lon": -75.5812},
}

REGIONS = Resource("region", parameters={"code": ("The region's code.", "antioquia-eje")})
TYPOLOGIES = Resource("typology", parameters={"code": ("The typology's code.", "bakery")})
CITIES = Resource(
    "city",
    {"list": Operation(description="Return municipalities in pages; `search` overlooks accents.")},
    {"code": ("The DIVIPOLA code.", "05001")},
)
PRODUCTS = Resource(
    "product",
    {
        "list": Operation(description=f"Return products in pages. {STATE}"),
        "create": Operation(
            description="Add a product. One without a SKU gets one.",
            errors=BARCODE_TAKEN,
            example=PRODUCT,
        ),
        "update": Operation(errors=(*BARCODE_TAKEN, errors.InPortfolio), example=PRODUCT),
        "partial_update": Operation(
            errors=(*BARCODE_TAKEN, errors.InPortfolio), example={"name": "Café molido 454 g"}
        ),
        "destroy": Operation(
            description=RETIRED.format("the product"), errors=(errors.InPortfolio,)
        ),
        "bulk": Operation(
            "writeProducts",
            errors=(*BULK, *BARCODE_TAKEN, errors.InPortfolio),
            example={"rows": [PRODUCT]},
        ),
        "export_file": Operation("exportProducts"),
    },
)
ESTABLISHMENTS = Resource(
    "establishment",
    {
        "list": Operation(
            description=f"Return establishments in pages. {STATE} SELLER sees those on the phone."
        ),
        "create": Operation(errors=(errors.CodeTaken,), example=ESTABLISHMENT),
        "update": Operation(errors=(errors.CodeTaken,), example=ESTABLISHMENT),
        "partial_update": Operation(errors=(errors.CodeTaken,), example={"geofence_m": 150}),
        "destroy": Operation(
            description=RETIRED.format("the establishment") + " Its assignments end."
        ),
        "bulk": Operation(
            "writeEstablishments",
            errors=(*BULK, errors.CodeTaken),
            example={"rows": [ESTABLISHMENT]},
        ),
        "export_file": Operation("exportEstablishments"),
        "reassign": Operation(
            errors=(
                errors.AlreadyAssigned,
                errors.NotAssignedTo,
                errors.InThePast,
                errors.UnknownSeller,
                errors.UnknownEstablishment,
            ),
            example={"from": 11, "to": 12},
        ),
    },
)
ASSIGNED = (
    errors.AlreadyAssigned,
    errors.UnknownSeller,
    errors.UnknownEstablishment,
    errors.InThePast,
)
ASSIGNMENTS = Resource(
    "assignment",
    {
        "list": Operation(
            description="Return who visits what. Sellers see their own active assignments."
        ),
        "create": Operation(errors=ASSIGNED, example={"seller": 11, "establishment": 1}),
        "update": Operation(
            description="Change the period; seller and establishment stay.",
            errors=(*ASSIGNED, errors.AssignmentEnded),
            example={"seller": 11, "establishment": 1, "valid_until": None},
        ),
        "partial_update": Operation(
            description="Change the period; seller and establishment stay.",
            errors=(*ASSIGNED, errors.AssignmentEnded),
            example={"valid_until": None},
        ),
        "destroy": Operation(description="End the assignment now; it stays, as ended."),
        "bulk": Operation(
            "writeAssignments",
            errors=(*BULK, *ASSIGNED, errors.AssignmentEnded),
            example={"rows": [{"establishment": "PDV-0001", "seller": "ana@plaza.example"}]},
        ),
        "export_file": Operation("exportAssignments"),
    },
)
PORTFOLIOS = Resource(
    "portfolio",
    {
        "list": Operation(
            description="Return what establishments of a typology in a region must have. Sellers "
            "do not see drafts."
        ),
        "create": Operation(
            errors=(errors.PortfolioExists, errors.UnknownProduct),
            example={
                "name": "Panaderías Antioquia",
                "typology": "bakery",
                "region": "antioquia-eje",
                "products": ["CAFE-500"],
            },
        ),
        "update": Operation(description="Rename the portfolio.", example={"name": "Panaderías"}),
        "partial_update": Operation(
            description="Rename the portfolio.", example={"name": "Panaderías"}
        ),
        "destroy": Operation(
            description="Delete a portfolio that was never published.",
            errors=(errors.PortfolioInUse,),
        ),
        "draft": Operation(
            "writeDraft",
            "Write the draft of a portfolio",
            errors=(errors.UnknownProduct,),
            example={"products": ["CAFE-500"]},
        ),
        "discard_draft": Operation(
            "discardDraft", "Discard the draft of a portfolio", errors=(errors.PortfolioNoDraft,)
        ),
        "publish": Operation(
            "publishDraft",
            "Publish the draft of a portfolio",
            errors=(
                errors.PortfolioNoDraft,
                errors.PortfolioEmpty,
                errors.PortfolioPeriodOverlap,
                errors.InThePast,
            ),
        ),
        "diff": Operation("comparePortfolioVersions", errors=(errors.UnknownVersion,)),
    },
)
PORTFOLIO_VERSIONS = Resource(
    "portfolio version",
    {
        "list": Operation(
            description="Return the versions of a portfolio by number, the draft and retired ones "
            "included."
        ),
        "retire": Operation(
            "retirePortfolioVersion",
            errors=(errors.VersionNotPublished, errors.InThePast),
            example={},
        ),
    },
    {
        "portfolio_pk": ("The portfolio's id.", 1),
        "number": ("The number of the version, from 1.", 1),
    },
)
