"""What the plain project keeps around every request, and how it pages and lets in."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework import exceptions, pagination, permissions
from rest_framework_simplejwt.authentication import JWTAuthentication

from benchmarks.common import KEEPS_PROMISES, MAX_PAGE_ROWS, PAGE_ROWS
from benchmarks.peers import promises
from benchmarks.peers.drf.models import JournalEntry, Session, User


class AroundRequests:
    """Gives every request its id, counts it and leaves its line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        started = time.perf_counter()
        request_id = promises.begin_request(request.headers.get("X-Request-ID"))
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        match = request.resolver_match
        promises.end_request(
            request.method or "",
            request.path,
            match.route if match else "unmatched",
            response.status_code,
            time.perf_counter() - started,
            request.META["REMOTE_ADDR"],
        )
        return response


class LiveSession(JWTAuthentication):
    """A token is worth something as long as its session lives and its user is active."""

    def get_user(self, validated_token: Any) -> User:
        """Return the session's user, in one query."""
        session = (
            Session.objects.select_related("user")
            .filter(
                pk=validated_token.get("sid"),
                user_id=validated_token.get("sub"),
                user__is_active=True,
                revoked_at__isnull=True,
                expires_at__gt=timezone.now(),
            )
            .first()
        )
        if session is None:
            raise exceptions.AuthenticationFailed
        return session.user


class IsClinician(permissions.IsAuthenticated):
    """Lets in who may see patients; a bare token says nothing of that."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Tell whether the caller may."""
        let_in = super().has_permission(request, view)
        return let_in and (not KEEPS_PROMISES or request.user.role in {"CLINICIAN", "ADMIN"})


class ByKeys(pagination.CursorPagination):
    """DRF's pages by keys, in the model's own order."""

    page_size = PAGE_ROWS
    page_size_query_param = "limit"
    max_page_size = MAX_PAGE_ROWS

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        """Return the columns that the list is ordered by."""
        return tuple(queryset.model._meta.ordering)

    def decode_cursor(self, request: Any) -> Any:
        """Return the cursor; refuse one that is none."""
        try:
            return super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise exceptions.ValidationError({"cursor": str(error.detail)}) from error


def journal_reading(request: Any, ids: list[int], *, is_list: bool) -> None:
    """Leave a line about each patient who was shown, and one about the list."""
    JournalEntry.objects.bulk_create(
        [
            JournalEntry(
                actor_id=request.user.pk,
                actor_label=request.user.email,
                request_id=promises.request_id.get(),
                action="read",
                model="clinic.Patient",
                object_id=str(one),
                changes={},
                reason=f"GET {request.path}",
                count=len(ids) if is_list else None,
            )
            for one in ([""] if is_list else []) + ids
        ]
    )


def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer Prometheus."""
    return HttpResponse(promises.exposition(), content_type=promises.METRICS)
