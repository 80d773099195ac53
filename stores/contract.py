"""What the contract says of the sellers' app that no rule knows."""

from core.api.schema.tables import Operation, Resource
from stores import errors
from stores.photos import errors as photo_errors

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
VISITS = Resource(
    "visit",
    {
        "list": Operation(description="Return visits by day, the newest first. SELLER: their own."),
        "retrieve": Operation(
            description="Return a visit whole: what was seen and missing, and the phone's document."
        ),
        "apply_revision": Operation(
            "applyVisitRevision",
            errors=(errors.VisitVoid, errors.UnknownRevision, errors.NotProcessable),
            example={"number": 1},
        ),
        "void": Operation(
            "voidVisit", errors=(errors.VisitVoid,), example={"reason": "Recorded twice."}
        ),
    },
)
VISIT_REVISIONS = Resource(
    "visit revision",
    {"list": Operation(description="Return other content that came under a visit's id.")},
    {"visit_pk": ("The visit's id.", None)},
)
UNRECOGNISED = Resource(
    "unrecognised product",
    {
        "list": Operation(
            description="Return equal items that phones could not name, the newest first. What is "
            "decided about them is decided through their case."
        ),
        "preview": Operation(
            "previewUnrecognised",
            "Tell what a decision would change",
            errors=(errors.UnknownProduct,),
        ),
    },
)
COLLECTION = {"collection": ("What to pull.", "products")}
SYNC = ("Server-Time",)
HEAD = Resource(
    "sync head", {"get": Operation("getSyncHead", "Tell whether there is news", headers=SYNC)}
)
PULLED = (errors.ResyncRequired, errors.UpgradeRequired)
PULL = Resource(
    "collection",
    {"get": Operation("pullCollection", errors=PULLED, headers=SYNC)},
    COLLECTION,
)
PUSH = Resource(
    "visits",
    {
        "get": Operation("pullVisits", errors=PULLED, headers=SYNC),
        "post": Operation(
            "pushVisits",
            errors=(errors.NotAnArray, errors.TooManyRows, errors.UpgradeRequired),
            headers=SYNC,
            example=[
                {
                    "newDocumentState": {
                        "id": "0192d3a0-7c1e-7b44-9d52-3f8a1c2b4d5e",
                        "establishment": "1",
                        "captured_at": "2026-01-31T14:05:09.123Z",
                        "seen": [1, 2],
                        "outcome": "done",
                    }
                }
            ],
        ),
    },
)
CASES = Resource(
    "cases",
    {
        "get": Operation("pullCases", errors=PULLED, headers=SYNC),
        "post": Operation(
            "pushCases",
            errors=(errors.NotAnArray, errors.TooManyRows, errors.UpgradeRequired),
            headers=SYNC,
            example=[
                {
                    "newDocumentState": {
                        "id": "0192d3a0-7c1e-7b44-9d52-3f8a1c2b4d5f",
                        "kind": "service_failure",
                        "subject": "La cámara no abre",
                        "details": "Pantalla negra al tomar la foto.",
                    }
                }
            ],
        ),
    },
)
FIGURES = Resource("figures", {"get": Operation("getFigures", "Ask for figures")})
OWN_FIGURES = Resource(
    "own figures", {"get": Operation("getOwnFigures", "Return the figures of one's own day")}
)
TUS = ("Tus-Resumable",)
UPLOADED = (
    photo_errors.TusVersionUnknown,
    photo_errors.UploadHeader,
    photo_errors.PhotoTooLarge,
    photo_errors.PhotoFailed,
    photo_errors.PhotoUnusable,
    photo_errors.ChecksumMismatch,
    photo_errors.StorageFull,
    photo_errors.StorageAway,
)
PHOTOS = Resource(
    "upload",
    {
        "post": Operation(
            "announcePhoto",
            errors=(*UPLOADED, photo_errors.PhotoIdTaken, photo_errors.PhotoDiffers),
            headers=(*TUS, "Location", "Upload-Offset", "Upload-Expires"),
        ),
    },
)
PHOTO_ID = {"photo_id": ("The photo's id, made by the phone.", None)}
PHOTO = Resource(
    "photo",
    {
        "get": Operation("getPhoto", headers=TUS, untagged=True),
        "patch": Operation(
            "sendPhoto",
            errors=(*UPLOADED, photo_errors.UploadOffset, photo_errors.PhotoGone),
            headers=(*TUS, "Upload-Offset", "Upload-Expires"),
        ),
    },
    PHOTO_ID,
)
PICTURE = Resource(
    "picture",
    {"get": Operation("getPicture", errors=(photo_errors.StorageAway,), untagged=True)},
    PHOTO_ID,
)
SUGGESTIONS = Resource(
    "suggestion",
    {
        "list": Operation(
            description="Return what each adapter found on a photo. Nothing of it is counted: a "
            "person decides. Empty where only people look at photos."
        )
    },
    PHOTO_ID,
)
FIELDS = {
    "adapter": "What looked at the photo.",
    "found": "What it found.",
    "problem": "Why it found nothing up to now; empty otherwise.",
    "asked_at": "When it was asked to look.",
    "done_at": "When it looked; null before.",
    "Found.product": "The product's id; null where none is known by the value.",
    "Found.kind": "What the value is.",
    "Found.value": "What was read, or what the adapter calls it.",
    "Found.box": "Where: left, top, width and height as shares of the picture; null if unknown.",
    "Found.confidence": "From 0 to 1; null where the adapter has none to tell.",
    "upload_chunk": "How many bytes of a photo a phone sends at once, at most.",
    "visit_id": "The visit that it belongs to, or says that it belongs to.",
    "sha256": "The SHA-256 of all bytes.",
    "bytes": "How many bytes it has.",
    "offset": "How many bytes have arrived.",
    "Photo.type": "The media type.",
    "Photo.kind": "What it shows, in the phone's words.",
    "fault": "Why it is unusable (`not_a_picture`, `too_many_pixels`, `broken`); empty otherwise.",
    "created_at": "When it was announced.",
    "expires_at": "When it is deleted, unless it arrives whole and its visit comes.",
    "Product.sku": "Our business key; unique, whatever its case.",
    "sku": "A whole SKU, in any case.",
    "gtin": "A whole GTIN, with or without zeros in front.",
    "brand": "The brand, as it is written.",
    "category": "The category, as it is written.",
    "is_competitor": "Whether it is a competitor's.",
    "Establishment.code": "Our business key; unique, whatever its case.",
    "code": "The business key.",
    "address": "Where it is, for people.",
    "city": "The DIVIPOLA code of the municipality.",
    "department": "The DIVIPOLA code of the department.",
    "region": "The code of the commercial region.",
    "typology": "The code of the kind of establishment.",
    "Establishment.portfolio": "In answers the list that holds here; in requests its own one.",
    "own_portfolio": "The establishment's own list; null where that of its kind holds.",
    "location": "A point (WGS 84); null where it is not known.",
    "geofence_m": "Within how many metres a visit is there.",
    "lat": "Degrees north.",
    "lon": "Degrees east.",
    "visits_per_month": "How often a seller should come.",
    "seller": "The seller's user id.",
    "establishment": "The establishment's id.",
    "Reassign.from": "The seller who has it now.",
    "Reassign.to": "The seller who gets it.",
    "started": "The assignment that begins.",
    "number": "The number of the version or revision, from 1.",
    "valid_from": "The first day.",
    "valid_until": "The last day; null while there is no end.",
    "products": "SKUs, in an order that stays.",
    "current": "The version in force today.",
    "upcoming": "Published versions that begin later.",
    "draft": "The next version as it stands; null for sellers.",
    "published_at": "When it was published.",
    "published_by": "The user who published it.",
    "DateChange.field": "Which day.",
    "DateChange.from": "The day before.",
    "DateChange.to": "The day afterwards.",
    "Diff.changed": "Days that differ.",
    "Bulk.errors": "What is wrong with which row.",
    "BulkError.field": "The column.",
    "BulkError.code": "Stable; safe to compare with.",
    "BulkError.detail": "For people, in their language.",
    "rows": "Each changes what it says, by its business key.",
    "epoch": "The history that the numbers belong to.",
    "seq": "How far the phone has come.",
    "heads": "How far each collection has come.",
    "schema": "The version of documents that is current.",
    "schemas": "The versions that are served.",
    "Heads.products": "Of products.",
    "Heads.portfolios": "Of portfolios.",
    "Heads.establishments": "Of establishments.",
    "Heads.visits": "Of visits.",
    "Heads.cases": "Of support cases; absent where nobody keeps any.",
    "documents": "Their fields are in stores/README.md.",
    "checkpoint": "Send it with the next pull.",
    "newDocumentState": "The visit as the phone has it.",
    "assumedMasterState": "The visit as the phone last saw it on the server.",
    "flags": "What is odd about it.",
    "problems": "Why no visit could be made of it.",
    "received_at": "When it came in.",
    "applied_at": "When support took it over.",
    "occurred_at": "When it happened, by the server's clock.",
    "captured_at": "When it began, by the phone's clock.",
    "day": "The day of the visit, in the platform's time zone.",
    "day_from": "From this day on.",
    "day_to": "Up to this day.",
    "flag": "Visits with this flag.",
    "outcome": "How it went: done, closed, refused or absent.",
    "seconds": "How long it took.",
    "portfolio_version": "The id of the list that it was compared with.",
    "must_have": "How many products the list has.",
    "present": "How many of them were seen.",
    "compliance": "Seen of must-haves, 0 to 1.",
    "missing": "Ids of must-haves that were not seen.",
    "seen": "Ids of products that were seen.",
    "photos_missing": "How many photos are still to come.",
    "distance_m": "Metres from the establishment.",
    "document": "What the phone sent.",
    "CaseDocument.kind": "What it is about: unrecognised, service_failure, or one of support's.",
    "CaseDocument.number": "The number that support knows it by; empty until it is reported.",
    "CaseDocument.subject": "What it is about, in a line.",
    "CaseDocument.details": "What the seller wrote.",
    "CaseDocument.answer": "The latest that support told the seller.",
    "CaseDocument.visit_id": "The visit that it is about.",
    "CaseDocument.request_id": "The request that failed.",
    "CaseDocument.updated_at": "When that was.",
    "CaseDocument.flags": "Why it was rejected.",
    "CaseDocument.problems": "Which fields could not be read.",
    "kind": "By what the items are the same: gtin, text or photo (one item).",
    "UnrecognisedGroup.kind": "By what the items are the same: gtin, text or photo (one item).",
    "UnrecognisedGroup.value": "A GTIN of 14 digits, or a folded text.",
    "UnrecognisedGroup.text": "What the first seller wrote.",
    "UnrecognisedGroup.resolution": "What was decided; empty while it is open.",
    "UnrecognisedGroup.product": "The product that the items are.",
    "occurrences": "How many items, in visits that count.",
    "sellers": "How many sellers.",
    "cities": "How many cities.",
    "case_id": "The support case; null where nobody keeps cases.",
    "first_seen_at": "When the first item came.",
    "resolved_at": "When it was decided.",
    "Preview.items": "Items of the group.",
    "Preview.visits": "Visits that have them.",
    "Preview.changed_visits": "Visits of which a must-have would count as there.",
    "Preview.changed_days": "Days of sellers whose figures would be counted again.",
}
