"""The views that every app derives from: what §4 of the design promises for every route, once.

A view declares data (``permission_table``, ``queryset``, ``serializer_class``, ``filterset_class``,
``search_fields``, ``ordering``); the kernel authenticates, authorises, checks the query string,
runs writes in one transaction, answers repeated keys, compares entity tags, keeps the journal.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from rest_framework import generics, mixins, viewsets
from rest_framework import views as drf_views
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.codings import decode_body
from core.api.fast.mixin import FastReads
from core.api.filters.filterset import view_list_params, view_query_params
from core.api.idempotency import HEADER, Idempotency
from core.api.negotiation import Negotiation
from core.api.permissions import Rule
from core.api.preconditions import (
    check_existing,
    check_untagged,
    if_match_of,
    is_unchanged,
    require_match,
)
from core.api.query import check_address, check_path, check_query
from core.api.renderers import dumps, etag_of
from core.audit import journal
from core.patience import USUAL, wait_at_most


class BaseAPIView(drf_views.APIView):
    """What every route keeps. See the module's docstring."""

    permission_table: ClassVar[Mapping[str, Rule]] = {}
    query_params: ClassVar[frozenset[str]] = frozenset()
    atomic = True
    keeps_answers = True  # False where a repeated POST is known by what it says
    format_kwarg: str | None = None
    cache_control = "private, no-cache"
    content_negotiation_class = Negotiation
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def action_name(self) -> str | None:
        """Return the row of the permission table: the action, or the method of a plain view."""
        method = (self.request.method or "").lower()
        if method not in self.http_method_names:
            return None
        if getattr(self, "action_map", None) is None:  # the schema generator sets None
            method = "get" if method == "head" else method  # RFC 9110, 9.3.2: the same but a body
            return method if hasattr(self, method) else None
        action: str | None = self.action  # type: ignore[attr-defined]  # ViewSetMixin sets it
        return action

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the request in, or raise why not: who, may they, is what they ask for well-formed."""
        check_address(request.META)
        check_path(kwargs)
        self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_permissions(request)
        if request.META.get("QUERY_STRING") and self.action_name() is not None:
            check_query(request, view_query_params(self), lambda: view_list_params(self))
        if "HTTP_CONTENT_ENCODING" in request.META and self.action_name() is not None:
            decode_body(request)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer one request (DRF's dispatch, with the write in one transaction)."""
        self.args, self.kwargs = args, kwargs
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request = drf_request
        self.headers = self.default_response_headers
        response: HttpResponse
        try:
            self.initial(drf_request, *args, **kwargs)
            response = self.handle(drf_request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - handle_exception raises again what is no answer
            response = self.handle_exception(error)
        return response

    def handle(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Call the method's handler, in a transaction when it may write."""
        name = (request.method or "").lower()
        handler = self.http_method_not_allowed
        if name in self.http_method_names:
            handler = getattr(self, name, self.http_method_not_allowed)

        def respond() -> HttpResponse:
            answer = handler(request, *args, **kwargs)
            return self.finalize_response(request, answer, *args, **kwargs)

        if request.method in SAFE_METHODS or self.action_name() is None:
            return respond()
        wait_at_most(USUAL)  # for who holds the row, as long as lock_timeout says
        self.check_preconditions(request)
        if self.keeps_answers and request.method == "POST" and HEADER in request.headers:
            keyed = Idempotency(request)
            if self.atomic:
                return keyed.answer(respond, self.handle_exception)
            return keyed.answer_outside(respond)
        if not self.atomic:
            return respond()
        with transaction.atomic():
            return respond()

    def check_preconditions(self, request: Request) -> None:
        """Refuse a write whose ``If-Match`` nothing here can match.

        What has an entity tag is compared later, under the lock of its row (``get_object``).
        """
        creates = getattr(self, "action", "") == "create"
        if creates or not getattr(self, "detail", False):
            check_untagged(request, exists=not (creates and getattr(self, "detail", False)))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # already bytes
        """Render an expected failure; raise a defect of ours again."""
        response = super().handle_exception(exc)
        if response.status_code == 405:  # noqa: PLR2004 - RFC 9110, 15.5.6: it says what is allowed
            response["Allow"] = ", ".join(self.allowed_methods)
        response["Cache-Control"] = "no-store"
        return response

    def on_error(self, error: APIException) -> None:
        """Record an expected failure before it is rendered; the kernel records none."""

    def finalize_response(  # type: ignore[override]  # DRF renders later
        self, request: Request, response: HttpResponse | Response, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Turn a handler's answer into bytes, with entity tag and cache headers."""
        if request.method in SAFE_METHODS:
            self.journal_read(response)
        if isinstance(response, Response):
            response = self.as_bytes(request, response)
        response.headers.setdefault("Cache-Control", self.cache_control)
        response.headers.setdefault("Vary", "Accept, Accept-Language, Authorization")
        return response

    def journal_read(self, response: Any) -> None:
        """Record what a read shows, before the answer leaves; the kernel records no reads."""

    def as_bytes(self, request: Request, response: Response) -> HttpResponse:
        """Render a DRF response as JSON and compare its entity tag."""
        body = b"" if response.data is None else dumps(response.data)
        plain = HttpResponse(body, status=response.status_code)
        for name, value in response.items():
            plain[name] = value
        plain.cookies = response.cookies
        plain["Content-Type"] = "application/json"
        if not body:
            del plain["Content-Type"]
        if self.tagged(request, response):
            etag = plain["ETag"] = etag_of(body)
            if request.method not in SAFE_METHODS:
                return plain
            if (expected := if_match_of(request)) is not None:
                require_match(expected, etag)
            wanted = request.META.get("HTTP_IF_NONE_MATCH")
            if wanted and is_unchanged(wanted, etag):
                # RFC 9110, 8.6: the length is that of the 200, which no cache may take for 0.
                plain["Content-Length"] = str(len(body))
                del plain["Content-Type"]
                plain.status_code = 304
                plain.content = b""
        return plain

    def tagged(self, request: Request, response: Response) -> bool:
        """Tell whether the answer is a single resource, which gets an entity tag."""
        detail = getattr(self, "detail", False) or request.method == "POST"
        return bool(detail) and response.status_code in {200, 201} and response.data is not None


class APIView(BaseAPIView):
    """A route that is no resource: its permission table is keyed by method."""


class BaseViewSet(BaseAPIView, viewsets.GenericViewSet):
    """A resource as DRF has it, whose writes lock their row and compare its entity tag."""

    ordering: ClassVar[tuple[str, ...]] = ("pk",)
    ordering_fields: ClassVar[tuple[str, ...]] = ()
    search_fields: ClassVar[tuple[str, ...]] = ()

    def lookup_value(self, value: str) -> Any:
        """Return what the address's last part is compared with in the database."""
        return value

    def lock(self, queryset: Any) -> Any:
        """Return the queryset from which a write takes its object, locked until it is committed."""
        return queryset.select_for_update(of=("self",))

    def find(self, queryset: Any) -> Any:
        """Return the object of ``queryset`` at this address, or raise Http404."""
        key = self.lookup_value(self.kwargs[self.lookup_url_kwarg or self.lookup_field])
        return generics.get_object_or_404(queryset, **{self.lookup_field: key})

    def find_locked(self, queryset: Any) -> Any:
        """Return the same for a write: locked."""
        return self.find(self.lock(queryset))

    def get_object(self) -> Any:
        """Return the object at this address; for a write, locked and as the caller knows it.

        Raises Http404 where there is none, PreconditionFailed where ``If-Match`` or
        ``If-None-Match`` of a write does not hold.
        """
        return self.get_object_from(self.get_queryset())

    def get_object_from(self, queryset: Any) -> Any:
        """Do the work of :meth:`get_object`."""
        write = self.request.method not in SAFE_METHODS
        obj = self.find_locked(queryset) if write else self.find(queryset)
        self.check_object_permissions(self.request, obj)
        if write:
            check_existing(self.request, lambda: etag_of(dumps(self.get_serializer(obj).data)))
        return obj


class GenericViewSet(FastReads, BaseViewSet):
    """A resource. Actions are mixed in; each has its row in the permission table."""


class CreateMixin(mixins.CreateModelMixin):
    """Create, with the object's first journal entry and its ``Location``."""

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Save a new object; override to call a service."""
        obj = serializer.save()
        journal.record(journal.Action.CREATE, obj, changes=journal.initial(obj))

    def get_success_headers(self, data: Any) -> dict[str, str]:
        """Return the new resource's address."""
        path = self.request.path.rstrip("/")  # type: ignore[attr-defined]  # the view mixed in
        return {"Location": escape_uri_path(f"{path}/{data['id']}")}


class UpdateMixin(mixins.UpdateModelMixin):
    """Change, with what the fields were."""

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Save changes; override to call a service."""
        assert isinstance(serializer.instance, models.Model)  # noqa: S101 - DRF types it loosely
        before = journal.snapshot(serializer.instance)
        obj = serializer.save()
        if changes := journal.diff(before, obj):
            journal.record(journal.Action.CHANGE, obj, changes=changes)


class DestroyMixin(mixins.DestroyModelMixin):
    """Delete, and say so."""

    def perform_destroy(self, instance: Any) -> None:
        """Delete an object; override to call a service."""
        journal.record(journal.Action.DELETE, instance)
        instance.delete()


class ReadOnlyModelViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """List and retrieve."""


class ModelViewSet(CreateMixin, UpdateMixin, DestroyMixin, ReadOnlyModelViewSet):
    """Plain CRUD, journalled."""
