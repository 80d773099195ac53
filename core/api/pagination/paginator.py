"""Lists in pages: ``?limit=``, an opaque ``?cursor=``, ``?count=true`` for who needs a total."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import keyset
from core.api.query import MAX_CURSOR_CHARACTERS, parse_bool, parse_int
from core.errors import BadRequest

CURSOR, LIMIT, COUNT = "cursor", "limit", "count"
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_LINK_CHARACTERS = 1_500


class InvalidCursor(BadRequest):
    """The cursor is garbage, or belongs to another list or ordering."""

    default_code = "invalid_cursor"

    def __init__(self) -> None:
        detail = _("This cursor is not one of this list; start again without it.")
        error = {"field": CURSOR, "code": self.default_code, "detail": detail}
        super().__init__(detail, errors=[error])


def neighbours(following: str | None, previous: str | None) -> dict[str, str]:
    """Return the ``Link`` header (RFC 8288) of a page; none where it would not fit.

    Proxies keep the head of an answer in 4 KiB, and a cursor alone may have most of that.
    """
    named = (("next", following), ("prev", previous))
    value = ", ".join(f'<{address}>; rel="{name}"' for name, address in named if address)
    return {"Link": value} if value and len(value) <= MAX_LINK_CHARACTERS else {}


class KeysetPagination(BasePagination):
    """DRF's way to :mod:`core.api.pagination.keyset`.

    The ordering is the queryset's own (an OrderingFilter's result is that), else ``view.ordering``,
    else the key. One query per page; counting costs a second one and only who asks pays it.
    """

    names = frozenset({CURSOR, LIMIT, COUNT})
    default_limit = DEFAULT_LIMIT
    max_limit = MAX_LIMIT

    request: HttpRequest
    order: keyset.Keyset
    page: keyset.Page
    count: int | None

    def query_params(self, view: Any) -> frozenset[str]:
        """Return the query parameters that a paginated list takes."""
        return self.names

    def paginate_queryset(
        self, queryset: Any, request: Request | HttpRequest, view: Any = None
    ) -> list[Any]:
        """Return the rows of the page that ``request`` asks for.

        Raises:
            InvalidCursor: the cursor is not one of this list.
            ValidationError: the limit or the count is malformed.
        """
        self.request = getattr(request, "_request", request)
        query = self.request.GET
        limit = self.default_limit
        if LIMIT in query:
            limit = parse_int(query[LIMIT], 1, self.max_limit, name=LIMIT)
        counted = COUNT in query and parse_bool(query[COUNT], name=COUNT)
        self.order = keyset.Keyset.of(queryset, getattr(view, "ordering", None) or ())
        cursor = self.read_cursor(query.get(CURSOR))
        self.count = queryset.count() if counted else None
        self.page = self.order.page(queryset, limit, cursor)
        return self.page.rows

    @property
    def scope(self) -> str:
        """Return the list that cursors are good for: its path, spelt with a slash or without."""
        return self.request.path.rstrip("/")

    def read_cursor(self, token: str | None) -> keyset.Cursor:
        """Return the cursor of the request, or raise InvalidCursor; none is the list's start."""
        if token is None:
            return keyset.START
        try:
            return self.order.decode(token, self.scope)
        except keyset.CursorError:
            raise InvalidCursor from None

    def link(self, cursor: keyset.Cursor | None) -> str | None:
        """Return the absolute address of a neighbouring page, with this request's parameters."""
        if cursor is None:
            return None
        query = self.request.GET.copy()
        query.pop(CURSOR, None)
        if cursor != keyset.START:
            query[CURSOR] = self.order.encode(cursor, self.scope)
        address = self.request.build_absolute_uri().partition("?")[0]
        return f"{address}?{query.urlencode()}" if query else address

    def envelope(self, results: Any) -> dict[str, Any]:
        """Return the body of the answer around ``results``."""
        body = {
            "next": self.link(self.page.next),
            "previous": self.link(self.page.previous),
            "results": results,
        }
        return body if self.count is None else {"count": self.count, **body}

    def get_paginated_response(self, data: Any) -> Response:
        """Return the answer around the serialized rows, its neighbours in ``Link``, too."""
        body = self.envelope(data)
        return Response(body, headers=neighbours(body["next"], body["previous"]))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of :meth:`envelope`."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "description": "Only with `count=true`."},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI parameters of a list."""
        bounds = {"minimum": 1, "maximum": self.max_limit, "default": self.default_limit}
        described: Iterable[tuple[str, str, dict[str, Any]]] = (
            (LIMIT, "How many rows a page has.", {"type": "integer", **bounds}),
            (
                CURSOR,
                "Where the page starts: taken from `next` or `previous`, opaque.",
                {"type": "string", "maxLength": MAX_CURSOR_CHARACTERS},
            ),
            (COUNT, "Whether to count all rows, too.", {"type": "boolean", "default": False}),
        )
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, text, schema in described
        ]
