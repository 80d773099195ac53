"""Which photos are not kept: those that never came whole, or no visit has, or are old.

A row says first that its photo is gone; then its file is deleted, if no other photo has it. What a
process leaves undone in between, the next run does.
"""

import logging
import time
import uuid
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.db import advisory_lock
from core.jobs.work import publisher
from stores.constants import BATCH_ROWS, UNFINISHED_UPLOAD, PhotoState
from stores.models import Photo, Recognition
from stores.photos import files, parts
from stores.photos.errors import StorageAway
from stores.services.photos import lock_of

logger = logging.getLogger(__name__)

KEPT = (PhotoState.RECEIVING, PhotoState.STORED)
REMOVED = "the seller's account was removed"


def remove_photos(old: datetime) -> dict[str, int]:
    """Let go of what has expired or is older than a moment; return how many photos and files."""
    now = timezone.now()
    gone = expire(Photo.objects.filter(expires_at__lte=now), reason=noop("expired"))
    gone += expire(Photo.objects.filter(created_at__lt=old), reason=noop("retention"))
    removed = delete_files()
    over = models.Q(state__in=(PhotoState.EXPIRED, PhotoState.FAILED), file="")
    Photo.objects.filter(over, created_at__lt=old).delete()
    return {"photos": gone, "photo_files": removed}


def expire(photos: models.QuerySet[Photo], *, reason: str) -> int:
    """Let photos be gone, batch by batch; return how many. Their files are still to be deleted."""
    total = 0
    while True:
        with transaction.atomic():
            kept = photos.filter(state__in=KEPT).order_by("pk")
            batch = list(kept.select_for_update(of=("self",))[:BATCH_ROWS])
            unfinished = let_go(batch)
        for key in unfinished:
            parts.forget(key)
        total += len(batch)
        if len(batch) < BATCH_ROWS:
            break
    if total:
        journal.record(journal.Action.DELETE, Photo, count=total, reason=reason)
    return total


def let_go(batch: list[Photo]) -> list[uuid.UUID]:
    """Write that photos are gone, with what was found on them; each names the file to delete.

    Returns the uploads that were unfinished: the caller forgets their bytes after the commit.
    """
    Recognition.objects.filter(photo__in=batch).delete()
    unfinished = [one.pk for one in batch if one.state == PhotoState.RECEIVING]
    for photo in batch:
        # A process that was killed may have kept the file of an upload before its row said so.
        photo.file = photo.file or files.name_of(photo.sha256, photo.type)
        photo.state, photo.expires_at = PhotoState.EXPIRED, None
    Photo.objects.bulk_update(batch, ["file", "state", "expires_at"])
    return unfinished


def delete_files() -> int:
    """Delete what photos that are gone have left; return how many files.

    A storage that is away is asked again by the next run.
    """
    left = Photo.objects.filter(state=PhotoState.EXPIRED).exclude(file="").order_by("pk")
    deleted = 0
    while True:
        names = dict.fromkeys(left.values_list("file", flat=True)[:BATCH_ROWS])
        try:
            deleted += sum(delete_file(name) for name in names)
        except StorageAway:
            logger.warning("photos not deleted", exc_info=True)
            break
        if not names:
            break
    forget_parts()
    return deleted


@transaction.atomic
def delete_file(name: str) -> bool:
    """Delete a file unless a photo has it; tell whether it was deleted.

    Whoever keeps a photo of the same bytes meanwhile waits for the lock, and then finds the file
    gone and keeps it again.
    """
    advisory_lock(lock_of(name))
    rows = Photo.objects.filter(file=name)
    is_left = not rows.filter(state=PhotoState.STORED).exists()
    if is_left:
        files.delete(name)
    rows.filter(state=PhotoState.EXPIRED).update(file="")
    return is_left


def forget_parts() -> None:
    """Delete what had arrived of uploads that are none any more."""
    day_ago = time.time() - UNFINISHED_UPLOAD.total_seconds()
    for key in parts.left_behind(day_ago):
        if not Photo.objects.filter(pk=key, state=PhotoState.RECEIVING).exists():
            parts.forget(key)


@transaction.atomic(savepoint=False)
def erase_photos_of(seller_id: int) -> int:
    """Let go of all photos of a removed seller; return how many.

    The files are deleted by a task when this is committed; what arrived in part, at once.
    """
    found = Photo.objects.filter(seller_id=seller_id)
    photos = list(found.filter(state__in=KEPT).order_by("pk").select_for_update(of=("self",)))
    unfinished: list[uuid.UUID] = []
    for start in range(0, len(photos), BATCH_ROWS):
        unfinished += let_go(photos[start : start + BATCH_ROWS])
    found.update(kind="", visit_id=None)
    if photos:
        journal.record(journal.Action.DELETE, Photo, count=len(photos), reason=REMOVED)
    transaction.on_commit(lambda: after_erasing(unfinished))
    return len(photos)


def after_erasing(unfinished: list[uuid.UUID]) -> None:
    """Have the files of photos that are gone deleted."""
    for key in unfinished:
        parts.forget(key)
    publisher.publish("stores.tasks.delete_photo_files", {})
