"""What the contract says of visits: what phones pull and send, photos, figures."""

from core.api.schema.tables import Operation, Resource
from stores import errors
from stores.photos import errors as photo_errors

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
