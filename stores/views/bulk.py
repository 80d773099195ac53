"""Many rows at once: bulk writes and CSV files, mixed into the routes that have them."""

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.files import BOM_PARAMETER, wants_mark
from core.api.filters.filterset import FilterBackend, FilterSet, SearchFilter
from core.api.parsers import JSONParser
from core.api.query import parse_bool, refusal
from core.api.renderers import CSVRenderer, JSONRenderer
from core.api.serializers import Serializer
from core.api.views import GenericViewSet
from core.patience import USUAL, wait_at_most
from stores.constants import MAX_BULK_ROWS
from stores.errors import BulkRefused, TooManyRows
from stores.files import sheets

ALL_OR_NOTHING, KEEP_GOOD = POLICIES = ("all_or_nothing", "keep_good")
PARAMETERS = [
    OpenApiParameter(
        "policy",
        str,
        enum=POLICIES,
        default=ALL_OR_NOTHING,
        description="Whether one bad row refuses all, or the good ones are written.",
    ),
    OpenApiParameter("dry_run", bool, description="Check and count, but write nothing."),
]
BULK_PARAMS = {"bulk": ("policy", "dry_run")}
# How a file's view is made: no pages, and no order but that of the ids.
EXPORT = {
    "detail": False,
    "pagination_class": None,
    "renderer_classes": (JSONRenderer, CSVRenderer),
    "filter_backends": (FilterBackend, SearchFilter),
}
ROWS = inline_serializer(
    "BulkRows",
    {
        "rows": serializers.ListField(
            child=serializers.DictField(), allow_empty=False, max_length=MAX_BULK_ROWS
        )
    },
)


class RowsParser(JSONParser):
    """A list of rows, or an object that has them as ``rows``."""

    roots = (list, dict)


class BulkErrorSerializer(Serializer):
    """What is wrong with one field of a row."""

    index = serializers.IntegerField(help_text="The row's place in the body, from 0.")
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkSerializer(Serializer):
    """What a bulk write did, or would do."""

    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    errors = BulkErrorSerializer(many=True)  # type: ignore[assignment]  # our word, not DRF's


def rows_of(body: Any) -> list[Any]:
    """Return the rows of a body.

    Raises:
        ValidationError: there are none.
        TooManyRows: there are more than ``MAX_BULK_ROWS``.
    """
    rows = body.get("rows") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not rows:
        text = _("Send a list of rows, or an object with a list “rows”.")
        raise ValidationError({"rows": [ErrorDetail(text, code="required")]})
    if len(rows) > MAX_BULK_ROWS:
        raise TooManyRows(limit=MAX_BULK_ROWS)
    return rows


class BulkMixin(GenericViewSet):
    """``POST …/bulk`` and ``GET ….csv`` of the sheet that has this name."""

    sheet: ClassVar[str]

    @extend_schema(parameters=PARAMETERS, request=ROWS, responses=BulkSerializer)
    @action(detail=False, methods=["post"], parser_classes=[RowsParser], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Write up to 1,000 rows by their business keys, after all of them were checked.

        The body is a list of rows, or an object that has it as `rows`. A row changes what it says
        of a stored one and leaves the rest.
        """
        policy = request.GET.get("policy", ALL_OR_NOTHING)
        if policy not in POLICIES:
            text = _("One of: %(choices)s.") % {"choices": ", ".join(POLICIES)}
            raise refusal("policy", text, "invalid_choice")
        dry_run = parse_bool(request.GET.get("dry_run", "false"), name="dry_run")
        bulk = sheets.SHEETS[self.sheet].bulk()
        batch = bulk.check(rows_of(request.data))
        errors = [fault.as_dict() for fault in batch.faults]
        if errors and policy == ALL_OR_NOTHING:
            raise BulkRefused(count=len(errors), errors=errors)
        counts = batch.counts if dry_run else bulk.write(batch)
        return Response(
            {
                "dry_run": dry_run,
                "created": counts.created,
                "updated": counts.updated,
                "unchanged": counts.unchanged,
                "errors": errors,
            }
        )

    @extend_schema(
        parameters=[BOM_PARAMETER], responses={(200, "text/csv"): OpenApiTypes.STR}, filters=True
    )
    def export_file(self, request: Request) -> StreamingHttpResponse:
        """Export the rows as a CSV file that imports again: all of them, or what is asked for."""
        wait_at_most(USUAL)  # all rows are listed and put on record first
        has_mark = wants_mark(request)
        rows = self.filter_queryset(self.get_queryset())
        reason = request.get_full_path()
        return sheets.response(self.sheet, rows, reason=reason, has_mark=has_mark)


def export_params(filters: type[FilterSet]) -> tuple[str, ...]:
    """Return the query parameters of a file: the list's filters, words to look for, its mark."""
    return (*filters.base_filters, SearchFilter.search_param, BOM_PARAMETER.name)
