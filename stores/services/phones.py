"""What phones say of themselves, and how all of them are made to begin anew."""

import logging
import re
import time
import uuid
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from core.audit import journal
from core.db import if_writable
from stores import clock
from stores.constants import APP_VERSION_LENGTH, MAX_BACKLOG, SEEN_EVERY
from stores.models import Clock

logger = logging.getLogger(__name__)

APP_VERSION = "HTTP_X_APP_VERSION"
BACKLOG = "HTTP_X_SYNC_BACKLOG"
NUMBER = re.compile(r"[0-9]{1,6}")
MAX_REMEMBERED_PHONES = 50_000
# A header that is absent or unreadable leaves what the phone said before.
SEEN = {
    column: f"""
INSERT INTO stores_syncseen (seller_id, app_version, backlog, {column}) VALUES (%s, %s, %s, %s)
ON CONFLICT (seller_id) DO UPDATE SET
    app_version = COALESCE(NULLIF(excluded.app_version, ''), stores_syncseen.app_version),
    backlog = COALESCE(excluded.backlog, stores_syncseen.backlog),
    {column} = excluded.{column}
WHERE stores_syncseen.{column} IS NULL OR stores_syncseen.{column} <= %s
"""  # noqa: S608 - the column is one of two words of ours
    for column in ("last_pull_at", "last_push_at")
}
# When this process last wrote, by seller and column, so that most requests ask no database.
remembered: dict[tuple[int, str], float] = {}


def note_phone(seller_id: int, request: HttpRequest | Request, *, pushed: bool) -> None:
    """Note that a seller's phone was here, at most every five minutes; never fail.

    Call it outside of transactions: a database that takes no writes is no reason to refuse.
    """
    column = "last_push_at" if pushed else "last_pull_at"
    now = time.monotonic()
    last = remembered.get((seller_id, column))
    if last is not None and now - last < SEEN_EVERY.total_seconds():
        return
    if len(remembered) >= MAX_REMEMBERED_PHONES:
        remembered.clear()
    remembered[seller_id, column] = now
    try:
        write_seen(seller_id, column, app_version_of(request), backlog_of(request))
    except DatabaseError:
        logger.warning("phone not noted", exc_info=True)


@if_writable
def write_seen(seller_id: int, column: str, app_version: str, backlog: int | None) -> None:
    """Store what a phone said, unless another process did within the five minutes."""
    adapt = connection.ops.adapt_datetimefield_value
    now = timezone.now()
    values: list[Any] = [seller_id, app_version, backlog, adapt(now), adapt(now - SEEN_EVERY)]
    with connection.cursor() as cursor:
        cursor.execute(SEEN[column], values)


def app_version_of(request: HttpRequest | Request) -> str:
    """Return the app's version that the phone names; nothing if that is unreadable."""
    text: str = request.META.get(APP_VERSION, "").strip()
    return text if len(text) <= APP_VERSION_LENGTH and text.isprintable() else ""


def backlog_of(request: HttpRequest | Request) -> int | None:
    """Return how many visits wait on the phone, if it says so."""
    text = request.META.get(BACKLOG, "")
    number = int(text) if NUMBER.fullmatch(text) else None
    return number if number is not None and number <= MAX_BACKLOG else None


@transaction.atomic(savepoint=False)
def begin_new_epoch() -> Clock:
    """Name this history of the database anew, so that every phone pulls from the start."""
    clock.reading()  # sets the clock going where nothing was stamped yet
    catalogue = Clock.objects.select_for_update().get(key=clock.CATALOGUE)
    changes = journal.change(catalogue, {"epoch": uuid.uuid4()})
    journal.record(journal.Action.CHANGE, catalogue, changes=changes)
    return catalogue
