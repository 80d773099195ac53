"""What can go wrong with the catalogue, the sellers' establishments and their phones."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status

from core.errors import (
    ApplicationError,
    BadRequest,
    Conflict,
    FieldError,
    PayloadTooLarge,
    Unprocessable,
    errors_of,
)


class UnknownProduct(FieldError):
    """A portfolio names a SKU that no active product has, at places like ``products[3]``."""

    default_code = "unknown_product"
    default_detail = _("There is no such product.")
    field = "products"


class UnknownSeller(FieldError):
    """An assignment names somebody who is no active seller."""

    default_code = "unknown_seller"
    default_detail = _("There is no such active seller.")
    field = "seller"


class UnknownEstablishment(FieldError):
    """An assignment names an establishment that is not there or not active."""

    default_code = "unknown_establishment"
    default_detail = _("There is no such establishment.")
    field = "establishment"


class SkuTaken(Conflict):
    """Another product has this SKU, whatever its case."""

    default_code = "sku_taken"
    default_detail = _("There is already a product with this SKU.")


class GtinTaken(Conflict):
    """Another product has this GTIN."""

    default_code = "gtin_taken"
    default_detail = _("There is already a product with this GTIN.")


class CodeTaken(Conflict):
    """Another establishment has this code, whatever its case."""

    default_code = "code_taken"
    default_detail = _("There is already an establishment with this code.")


class InPortfolio(Conflict):
    """A product in a published list is made inactive only on purpose (``?force=true``)."""

    default_code = "in_portfolio"
    default_detail = _("The product is in a published portfolio.")

    def __init__(self, *, portfolios: list[int]) -> None:
        super().__init__(portfolios=portfolios)


class PortfolioExists(Conflict):
    """The typology has a portfolio in this region already."""

    default_code = "portfolio_exists"
    default_detail = _("There is already a portfolio of this typology in this region.")

    def __init__(self, *, existing: int | None = None) -> None:
        super().__init__(existing=existing)


class PortfolioInUse(Conflict):
    """A portfolio that was ever published stays, or one that an establishment has as its own."""

    default_code = "portfolio_in_use"
    default_detail = _(
        "A portfolio that was published, or is an establishment's own, is not deleted."
    )


class PortfolioNoDraft(Conflict):
    """There is no draft to publish or to discard."""

    default_code = "portfolio_no_draft"
    default_detail = _("The portfolio has no draft.")


class PortfolioEmpty(Conflict):
    """A draft without products is not published."""

    default_code = "portfolio_empty"
    default_detail = _("The draft has no products.")


class PortfolioPeriodOverlap(Conflict):
    """A version that begins later is published already."""

    default_code = "portfolio_period_overlap"
    default_detail = _("A version that begins later is published already.")


class UnknownVersion(FieldError):
    """A portfolio has no version of this number."""

    default_code = "unknown_version"
    default_detail = _("The portfolio has no such version.")
    field = "number"


class VersionNotPublished(Conflict):
    """Only a published version can be retired."""

    default_code = "portfolio_version_state"
    default_detail = _("Only a published version can be retired.")


class InThePast(Unprocessable):
    """A date lies before today."""

    default_code = "in_the_past"
    default_detail = _("The date lies in the past.")

    def __init__(self, field: str) -> None:
        super().__init__(errors=errors_of(type(self), field))


class AlreadyAssigned(Conflict):
    """The seller has this establishment already."""

    default_code = "already_assigned"
    default_detail = _("The seller has this establishment already.")


class NotAssignedTo(Conflict):
    """The seller from whom an establishment is taken does not have it."""

    default_code = "not_assigned_to"
    default_detail = _("The seller does not have this establishment.")


class AssignmentEnded(Conflict):
    """An assignment that ended stays as it was."""

    default_code = "assignment_ended"
    default_detail = _("The assignment has ended; make a new one.")


class BulkRefused(Unprocessable):
    """A row of a bulk write is bad, and all or nothing was asked for."""

    default_code = "bulk_refused"
    default_detail = _("Some rows have errors. Nothing was written.")

    def __init__(self, *, count: int, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors=errors, error_count=count)


class TooManyRows(PayloadTooLarge):
    """More rows at once than the route takes."""

    default_code = "too_many_rows"

    def __init__(self, *, limit: int) -> None:
        super().__init__(_("At most %(limit)d rows at once.") % {"limit": limit}, limit=limit)


class NotAnArray(BadRequest):
    """The body of a push is no list of rows."""

    default_code = "json_not_an_array"
    default_detail = _("The body must be a JSON array.")


class ResyncRequired(Conflict):
    """The cursor is of another history of the database: the phone pulls from the start."""

    default_code = "resync_required"
    default_detail = _("This position is unknown here; pull again from the start.")

    def __init__(self, *, epoch: str) -> None:
        super().__init__(epoch=epoch)


class UpgradeRequired(ApplicationError):
    """The app on the phone speaks a version of the documents that is no longer served."""

    status_code = status.HTTP_426_UPGRADE_REQUIRED
    default_code = "upgrade_required"
    default_detail = _("This version of the app is no longer served; update it.")


class VisitVoid(Conflict):
    """A visit that was declared void stays as it is."""

    default_code = "visit_void"
    default_detail = _("The visit is void.")


class UnknownRevision(FieldError):
    """A visit has no revision of this number."""

    default_code = "unknown_revision"
    default_detail = _("The visit has no such revision.")
    field = "number"


class NotProcessable(Unprocessable):
    """A rejected upload is still no visit."""

    default_code = "still_invalid"
    default_detail = _("No visit can be made of this upload yet.")

    def __init__(self, *, problems: list[dict[str, Any]]) -> None:
        detail = str(self.default_detail)
        super().__init__(errors=[{**problem, "detail": detail} for problem in problems])


class AlreadyDecided(Conflict):
    """Somebody else has decided about the unrecognised product since it was looked at."""

    default_code = "already_decided"
    default_detail = _("Somebody else has decided this meanwhile.")

    def __init__(self, *, decision: str) -> None:
        super().__init__(decision=decision)
