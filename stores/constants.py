"""Words and limits of the app."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 150
SKU_LENGTH = 40
CODE_LENGTH = 40
KEY_LENGTH = 160  # one character may fold to several
ADDRESS_LENGTH = 200
WORD_LENGTH = 80
SEARCH_LENGTH = 400
REASON_LENGTH = 500

DEFAULT_GEOFENCE_M = 150
MAX_GEOFENCE_M = 20_000
MAX_PORTFOLIO_PRODUCTS = 1_000
MAX_BULK_ROWS = 1_000
KEEP_ENDED_VERSIONS_DAYS = 30
BATCH_ROWS = 500  # that a task writes in one transaction

# -- /api/sync, for phones (stores/README.md) -----------------------------------------------------
SCHEMA = 1
SCHEMAS = (1,)
RETIRED_SCHEMAS: tuple[int, ...] = ()  # served once; now 426
DEFAULT_PULL_ROWS = 100
MAX_PULL_ROWS = 500
MAX_PUSH_ROWS = 100
MAX_SEEN_PRODUCTS = 5_000
MAX_UNRECOGNISED = 500
MAX_PHOTOS = 50
NOTE_LENGTH = 2_000
MAX_PROBLEMS = 50  # of one document; the first ones are enough to find the phone's fault
POLL_SECONDS = 300
POLL_SPREAD_SECONDS = 60
PAGE_MEMORY_BYTES = 64 * 1024 * 1024  # per process
HEADS_MEMORY_BYTES = 16 * 1024 * 1024  # of a process; 12,000 sellers need 7 MB
MAX_BACKLOG = 100_000
APP_VERSION_LENGTH = 40
FIRST_PULL_DAYS = 30
SEEN_EVERY = timedelta(minutes=5)
# A phone's clock is believed between these, measured from receipt.
LATEST_AHEAD = timedelta(minutes=10)
OLDEST_VISIT = timedelta(days=45)
FRESH_FIX = timedelta(minutes=10)

# -- Figures: the upper ends of the histograms' buckets in minutes; each begins where the one before
# it ends. The last ones are where a visit has no duration, and no moment, any more.
STAY_MINUTES = (1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 120, 240)
DELAY_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 1_440, 4_320, 14_400, 64_800)
PROMPT_MINUTES = 15


class State(models.TextChoices):
    """Whether a product or an establishment is in use."""

    ACTIVE = "active", _("active")
    INACTIVE = "inactive", _("inactive")


class VersionState(models.TextChoices):
    """Where a portfolio's version stands."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class AssignmentState(models.TextChoices):
    """Whether an establishment is on its seller's phone."""

    ACTIVE = "active", _("active")
    ENDED = "ended", _("ended")


class VisitState(models.TextChoices):
    """What became of a stored visit; a rejected upload is no visit."""

    ACCEPTED = "accepted", _("accepted")
    FLAGGED = "flagged", _("flagged")
    VOID = "void", _("void")


class FigureScope(models.TextChoices):
    """What waits to be counted after a seller's day was."""

    AREA = "area", _("day of a region and typology")
    SELLER_MONTH = "seller_month", _("month of a seller")
    MONTH = "month", _("products of a month")


REJECTED = "rejected"
# What the server says of a visit: never part of ``Visit.doc``, whatever a phone sends back.
SERVER_FIELDS = (
    "state",
    "flags",
    "problems",
    "received_at",
    "occurred_at",
    "day",
    "portfolio_version",
    "must_have",
    "present",
    "compliance",
    "missing",
    "photos_missing",
    "_deleted",
)


# -- photos ---------------------------------------------------------------------------------------
MAX_PHOTO_BYTES = 8 * 1024 * 1024
MAX_PHOTO_PIXELS = 40_000_000
MAX_WEBP_PIXELS = 16_000_000  # its decoder takes four times the memory that others do
PHOTO_KIND_LENGTH = 20
UPLOAD_CHUNK_BYTES = 128 * 1024  # behind a proxy that collects bodies a cut one delivers nothing
MAX_METADATA_CHARACTERS = 4_096
TUS_VERSION = "1.0.0"
UPLOAD_TYPE = "application/offset+octet-stream"
UNFINISHED_UPLOAD = timedelta(hours=24)  # from its last bytes
UNCLAIMED_PHOTO = timedelta(days=7)


class PhotoType(models.TextChoices):
    """The formats of photos: those that Pillow decodes."""

    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    WEBP = "image/webp", "WebP"


class PhotoState(models.TextChoices):
    """Where a photo stands."""

    RECEIVING = "receiving", _("arriving")
    STORED = "stored", _("stored")
    FAILED = "failed", _("unusable")
    EXPIRED = "expired", _("expired")


class PhotoFault(models.TextChoices):
    """Why bytes that came as they were declared can be no photo."""

    NOT_A_PICTURE = "not_a_picture", _("no JPEG, PNG or WebP")
    TOO_LARGE = "too_many_pixels", _("more pixels than are decoded")
    BROKEN = "broken", _("cannot be decoded")


class Adapter(models.TextChoices):
    """What looks at photos; ``manual``, which is none of them, means that people do."""

    BARCODE = "barcode", _("barcode reader")
    HTTP = "http", _("outside service")


class FoundKind(models.TextChoices):
    """What a value is that was found on a photo."""

    GTIN = "gtin", _("barcode")
    TEXT = "text", _("text")
    LABEL = "label", _("label")


class Outcome(models.TextChoices):
    """How a visit went."""

    DONE = "done", _("done")
    CLOSED = "closed", _("closed")
    REFUSED = "refused", _("refused")
    ABSENT = "absent", _("absent")


class Flag(models.TextChoices):
    """What is odd about a stored visit."""

    NOT_ASSIGNED = "not_assigned", _("not assigned to the seller")
    UNKNOWN_ESTABLISHMENT = "unknown_establishment", _("unknown establishment")
    CLOCK = "clock", _("implausible time")
    FAR = "far", _("far from the establishment")
    NO_LOCATION = "no_location", _("without position")
    STALE_LOCATION = "stale_location", _("old position")
    UNKNOWN_PRODUCT = "unknown_product", _("unknown product")
    RETIRED_PRODUCT = "retired_product", _("retired product")
    OLD_PORTFOLIO = "old_portfolio", _("another portfolio version on the phone")
    SECOND_SELLER = "second_seller", _("second seller of the day")
    DUPLICATE_SAME_DAY = "duplicate_same_day", _("second visit of the day")
    TEXT_REPAIRED = "text_repaired", _("text repaired")


# -- what was not recognised, and support cases ---------------------------------------------------
NAME_KEY_LENGTH = 300  # of a text by which items are the same; a longer one ends with its digest
ITEM_TEXT_LENGTH = 500
ITEM_ID_LENGTH = 64
SUBJECT_LENGTH = 200
DETAILS_LENGTH = 4_000
REQUEST_ID_LENGTH = 64
CASE_NUMBER_LENGTH = 40


class NameKind(models.TextChoices):
    """By what unrecognised items are the same product; a recogniser's ``label`` makes no item."""

    GTIN = "gtin", _("GTIN")
    TEXT = "text", _("text")
    LABEL = "label", _("label of a recogniser")
    PHOTO = "photo", _("photo")


class ItemState(models.TextChoices):
    """What became of something that a phone could not name."""

    OPEN = "open", _("open")
    MATCHED = "matched", _("matched")
    NEW_PRODUCT = "new_product", _("new product")
    NOT_A_PRODUCT = "not_a_product", _("no product")
    UNREADABLE = "unreadable", _("unreadable")


class GroupState(models.TextChoices):
    """Whether support has decided."""

    OPEN = "open", _("open")
    RESOLVED = "resolved", _("resolved")


class Resolution(models.TextChoices):
    """What support decides about a group of unrecognised items."""

    ALIAS_OF = "alias_of", _("a product that there is")
    NEW_PRODUCT = "new_product", _("a new product")
    NOT_A_PRODUCT = "not_a_product", _("no product")
    UNREADABLE = "unreadable", _("unreadable")


class JobStatus(models.TextChoices):
    """Where the work on a row stands (``core.jobs.work``)."""

    PENDING = "pending", _("pending")
    DONE = "done", _("done")
    FAILED = "failed", _("given up")


UNRECOGNISED = "unrecognised"
SERVICE_FAILURE = "service_failure"


class CaseKind(models.TextChoices):
    """What sellers' cases are about."""

    UNRECOGNISED = UNRECOGNISED, _("not recognised")
    SERVICE_FAILURE = SERVICE_FAILURE, _("failure of the service")


GROUP_LABEL = "stores.UnrecognisedGroup"
CASE_LABEL = "stores.SellerCase"
NEW_CASE = "new"
CASES_OVER = frozenset({"resolved", "closed", "duplicate"})
CASE_KIND_LENGTH = 40
CASE_STATE_LENGTH = 20
