"""What sellers' phones ask for. Their visits come in by ``stores.views.push``."""

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import parse_int, refusal
from core.api.views import APIView
from core.errors import NotFound
from core.values import INT64_MAX, parse_uuid
from stores import constants, contract, permissions
from stores.errors import UpgradeRequired
from stores.serializers.sync import HeadSerializer, PageSerializer
from stores.services import phones
from stores.sync import pull
from stores.sync.head import head

SCHEMA_PARAMETER = OpenApiParameter(
    "schema", {"type": "integer", "minimum": 1}, description="Version of the documents; 1."
)
LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": constants.MAX_PULL_ROWS,
    "default": constants.DEFAULT_PULL_ROWS,
}
PULL_PARAMETERS = [
    OpenApiParameter("collection", str, OpenApiParameter.PATH, enum=sorted(pull.COLLECTIONS)),
    SCHEMA_PARAMETER,
    OpenApiParameter("limit", LIMIT, description="How many documents a page has."),
    OpenApiParameter("epoch", OpenApiTypes.UUID, description="Of the last checkpoint; with `seq`."),
    OpenApiParameter(
        "seq",
        {"type": "integer", "minimum": 0},
        description="Of the last checkpoint; with `epoch`.",
    ),
]


def server_time() -> str:
    """Return the time as phones compare theirs with: UTC, with milliseconds."""
    now = timezone.now().astimezone(dt.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schema_of(request: Request) -> int:
    """Return the version of the documents that a phone speaks, or raise a 400 or UpgradeRequired.

    A field more is a number more: a phone never gets a document that it does not know.
    """
    text = request.query_params.get("schema")
    if text is None:
        return constants.SCHEMA
    schema = parse_int(text, 1, INT64_MAX, name="schema")
    if schema in constants.RETIRED_SCHEMAS:
        raise UpgradeRequired
    if schema not in constants.SCHEMAS:
        raise refusal("schema", _("This version of the documents is not known."), "invalid")
    return schema


def position_of(request: Request) -> pull.Position:
    """Return how far a phone is, or raise a 400: it says both parts, or neither."""
    epoch, seq = (request.query_params.get(name) for name in ("epoch", "seq"))
    if epoch is None and seq is None:
        return pull.Position()
    if epoch is None or seq is None:
        name = "epoch" if epoch is None else "seq"
        raise refusal(name, _("Send epoch and seq together."), "required")
    try:
        known = parse_uuid(epoch)
    except ValueError:
        raise refusal("epoch", _("Not an epoch."), "invalid") from None
    return pull.Position(known, parse_int(seq, 0, INT64_MAX, name="seq"))


class SyncAPIView(APIView):
    """A route for phones: it tells the time, and notes whose phone was here."""

    permission_table = permissions.SYNC
    keeps_answers = False  # documents have ids, and an id is known again

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer one request; whatever the answer is, it has the server's time."""
        response = super().dispatch(request, *args, **kwargs)
        response["Server-Time"] = server_time()
        if response.status_code < 400:  # noqa: PLR2004 - RFC 9110, 15: from here on it is a refusal
            # Outside of the transaction of a write: this may fail, and that may not.
            pushed = request.method not in SAFE_METHODS
            phones.note_phone(self.seller_id, self.request, pushed=pushed)
        return response

    @property
    def seller_id(self) -> int:
        """Return the id of the seller who calls."""
        assert self.request.user.pk is not None  # noqa: S101 - the permission table let them in
        return self.request.user.pk


class HeadView(SyncAPIView):
    """Whether there is anything new."""

    resource = contract.HEAD
    detail = True  # one resource: it has an entity tag

    @extend_schema(responses=HeadSerializer)
    def get(self, _request: Request) -> Response:
        """Say how far each collection of the caller has come: the cheap question.

        A phone pulls the collections whose number is above its checkpoint's, and asks again after
        `poll_after` seconds. `Server-Time` has the time.
        """
        return Response(head(self.seller_id))


class PullView(SyncAPIView):
    """The collections of a seller's phone, page by page."""

    resource = contract.PULL
    query_params = frozenset({"schema", "limit", "epoch", "seq"})

    @extend_schema(parameters=PULL_PARAMETERS, responses=PageSerializer)
    def get(self, request: Request, collection: str) -> HttpResponse:
        """Return the documents that changed after a checkpoint, oldest first.

        A page with fewer than
        `limit` documents is the last one. After 409 `resync_required` drop the collection and pull
        without a checkpoint.
        """
        if collection not in pull.COLLECTIONS:
            raise NotFound
        limit = request.query_params.get("limit")
        body = pull.page(
            collection,
            seller_id=self.seller_id,
            schema=schema_of(request),
            position=position_of(request),
            limit=constants.DEFAULT_PULL_ROWS
            if limit is None
            else parse_int(limit, 1, constants.MAX_PULL_ROWS, name="limit"),
        )
        return HttpResponse(body, content_type="application/json")
