"""Photos are looked at in the background: what is found waits for a person, and changes nothing.

Each look of an adapter at a photo is a row, made when the photo is stored. An outside service that
is away costs nobody anything: the row waits.
"""

from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.audit import journal
from core.errors import NotFound
from core.jobs.work import LEASE, Work
from core.outbound.client import BreakerOpenError, UpstreamError
from stores.constants import JobStatus, PhotoState
from stores.models import Photo, Recognition
from stores.photos import files
from stores.photos.errors import StorageAway
from stores.recognition import adapters, http
from stores.recognition.port import UnreadablePictureError

# Ten minutes apart after the first ones: a service that is away for a night is waited for.
MAX_ATTEMPTS = 100
SWITCHED_OFF = "the adapter is switched off"
GONE = "the photo is not kept"
STORAGE = "the storage of photos does not answer"

looks = Work(
    Recognition,
    task="stores.tasks.recognise",
    cause="problem",
    title=_("Photos to look at"),
    lease=LEASE + timedelta(seconds=http.SECONDS),
    max_attempts=MAX_ATTEMPTS,
)


def ask(photo: Photo) -> None:
    """Have every chosen adapter look at a photo that is stored in this transaction.

    What was found on other bytes under the same id is forgotten.
    """
    now = timezone.now()
    rows = [
        Recognition(photo=photo, adapter=name, due_at=now, asked_at=now)
        for name in adapters.chosen()
    ]
    if not rows:
        return
    made = Recognition.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["photo", "adapter"],
        update_fields=["status", "attempts", "due_at", "asked_at", "done_at", "found", "problem"],
    )
    for row in made:
        looks.queue(row)


@transaction.atomic
def ask_again(*, recognition: Recognition) -> None:
    """Have an adapter look again at a photo; what it found before stays until then."""
    locked = Recognition.objects.select_for_update(of=("self",)).get(pk=recognition.pk)
    before = journal.snapshot(locked)
    locked.status, locked.done_at, locked.problem = JobStatus.PENDING, None, ""
    locked.asked_at = timezone.now()
    locked.save(update_fields=["status", "done_at", "problem", "asked_at"])
    looks.restart(locked)
    journal.record(journal.Action.CHANGE, locked, changes=journal.diff(before, locked))


def recognise(*, pk: int) -> None:
    """Let an adapter look at a photo; on failure leave the row pending for a later attempt."""
    row: Recognition | None = looks.claim(pk)
    if row is None:
        return
    recogniser = adapters.recogniser(row.adapter)
    if recogniser is None:
        finish(row, problem=SWITCHED_OFF)
        return
    try:
        found = recogniser.recognise(picture_of(row.photo))
    except UnreadablePictureError as error:
        finish(row, problem=str(error))
    except StorageAway:
        looks.postpone(row, cause=STORAGE)
    except BreakerOpenError as error:
        looks.wait(row, error.retry_after or 0, cause=error)
    except UpstreamError as error:
        looks.postpone(row, retry_after=error.retry_after, cause=error)
    else:
        finish(row, found=[one.as_json() for one in found])


def picture_of(photo: Photo) -> BytesIO:
    """Return the bytes of a photo.

    Raises:
        UnreadablePictureError: they are not kept any more.
        StorageAway: where photos are kept does not answer.
    """
    if photo.state != PhotoState.STORED:
        raise UnreadablePictureError(GONE)
    try:
        with files.opened(photo.file) as file:
            return BytesIO(file.read())
    except NotFound:
        raise UnreadablePictureError(GONE) from None
    except OSError as error:
        raise StorageAway from error


def finish(row: Recognition, *, found: Iterable[Any] = (), problem: str = "") -> None:
    """Keep what an adapter found, or why it never will; of a row that was taken away, nothing."""
    values: dict[str, Any] = {"status": JobStatus.FAILED, "problem": problem}
    if not problem:
        values = {"status": JobStatus.DONE, "problem": "", "done_at": timezone.now()}
        values["found"] = list(found)
    current(row).update(**values)


def current(row: Recognition) -> Any:
    """Return the row while it is still the look that was claimed: it may be asked for anew."""
    return Recognition.objects.filter(pk=row.pk, status=JobStatus.PENDING, asked_at=row.asked_at)
