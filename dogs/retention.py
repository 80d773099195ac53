"""How files go: by their sender, with their sender, after their time, and what was left behind.

The row goes in a transaction with its entry in the journal, the bytes once that is committed. Bytes
that a crash leaves behind are an orphan's. A worker that passes the file on meanwhile finds no row
to write to; the relay may have got the file.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from rest_framework.exceptions import PermissionDenied

from core.audit import journal
from core.roles import Role
from dogs.constants import RelayStatus
from dogs.models import FOLDER, RelayedFile

logger = logging.getLogger(__name__)

ORPHAN_AGE = timedelta(hours=1)
BATCH_ROWS = 1000
MAX_BATCHES = 20  # of one run, which ends long before a task's time is over; the next goes on


def storage() -> Any:
    """Return where the bytes are."""
    return RelayedFile._meta.get_field("file").storage


def discard(paths: Iterable[str]) -> None:
    """Delete stored bytes; those that resist are an orphan's."""
    for path in paths:
        try:
            storage().delete(path)
        except OSError as error:
            logger.warning("file not deleted", extra={"path": path, "error": str(error)})


def erase(files: list[RelayedFile], *, reason: str = "") -> None:
    """Delete locked rows in the caller's transaction, and their bytes after it."""
    journal.record_many(journal.entry(journal.Action.DELETE, file, reason=reason) for file in files)
    RelayedFile.objects.filter(pk__in=[file.pk for file in files]).delete()
    paths = [str(file.file.name) for file in files]
    transaction.on_commit(lambda: discard(paths))


@transaction.atomic(savepoint=False)
def erase_file(*, relayed: RelayedFile, by: Any) -> None:
    """Delete a locked file, whether it was sent or not: one that waits is not sent any more.

    Raises:
        PermissionDenied: it is neither theirs nor are they ADMIN.
    """
    if relayed.owner_id != by.pk and by.role != Role.ADMIN:
        raise PermissionDenied
    erase([relayed])


@transaction.atomic(savepoint=False)
def erase_files_of(*, user_id: int) -> int:
    """Erase the files of a removed user; return how many those were."""
    count = 0
    mine = RelayedFile.objects.select_for_update().filter(owner_id=user_id).order_by("pk")
    while files := list(mine[:BATCH_ROWS]):
        erase(files, reason=noop("the sender's account was removed"))
        count += len(files)
    return count


def purge_files() -> int:
    """Erase files whose last attempt is ``FILES_KEEP_DAYS`` ago; return how many.

    Those that still wait stay. In batches, each its own transaction.
    """
    days = settings.FILES_KEEP_DAYS
    due = RelayedFile.objects.filter(due_at__lt=timezone.now() - timedelta(days=days))
    done = due.exclude(status=RelayStatus.PENDING).order_by("due_at")
    count = 0
    for _ in range(MAX_BATCHES):
        with transaction.atomic():
            files = list(done.select_for_update(skip_locked=True)[:BATCH_ROWS])
            erase(files, reason=f"kept for {days} days")
        if not files:
            break
        count += len(files)
        logger.info("files purged", extra={"rows": count})
    return count


def remove_orphans() -> int:
    """Delete stored files that have no row; return how many.

    A crash between the file and the commit of its row leaves one. Young files may still get theirs.
    """
    limit = timezone.now() - ORPHAN_AGE
    count = 0
    folders = storage().listdir(FOLDER)[0] if storage().exists(FOLDER) else []
    for folder in folders:
        names = storage().listdir(f"{FOLDER}/{folder}")[1]
        paths = {f"{FOLDER}/{folder}/{name}" for name in names}
        known = RelayedFile.objects.filter(file__in=paths).values_list("file", flat=True)
        for path in paths.difference(known):
            if storage().get_modified_time(path) < limit:
                storage().delete(path)
                count += 1
    return count
