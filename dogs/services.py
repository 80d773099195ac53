"""Writes with consequences: dogs, their pictures, and files on their way to the relay."""

import hashlib
import logging
import time
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated

from core.audit import journal
from core.db import refusing
from core.jobs.work import LEASE, Work
from core.outbound.client import Upstream, UpstreamError
from core.rows import store
from core.text import printable
from dogs import adoptions
from dogs.constants import PictureStatus, RelayStatus
from dogs.models import Dog, RelayedFile, storage_path
from dogs.pictures import is_allowed, is_there

logger = logging.getLogger(__name__)

# The largest upload, 32 MiB, takes 27 s at 10 Mbit/s, and the relay its time to store it.
RELAY_SECONDS = 40
RELAY_ANSWER_SECONDS = 15


pictures = Work(
    Dog,
    task="dogs.tasks.fetch_picture",
    status="picture_status",
    attempts="picture_attempts",
    due="picture_due_at",
    cause="picture_error",
    title=_("Pictures of dogs"),
    lease=LEASE + timedelta(seconds=settings.DOG_PICTURE_DELAY_SECONDS),
)
relays = Work(
    RelayedFile,
    task="dogs.tasks.relay_file",
    cause="last_error",
    title=_("Files to relay"),
    lease=LEASE + timedelta(seconds=RELAY_SECONDS),
)


@cache
def upstream(name: str, base_url: str, **bounds: float) -> Upstream:
    """Return this process's client of an outside API, whose connections it keeps."""
    return Upstream(name, base_url, **bounds)  # type: ignore[arg-type]  # its bounds are seconds


@transaction.atomic(savepoint=False)
def register_dog(*, name: str, is_adopted: bool = False, owner: Any = None) -> Dog:
    """Take a dog in and queue the search for its picture. Whoever is its owner has adopted it.

    Raises:
        DogNameTaken: another dog has the name, whatever its case.
    """
    dog = Dog(name=name, is_adopted=is_adopted or owner is not None, owner=owner)
    with refusing(Dog, adoptions.CONSTRAINT_ERRORS):
        store(dog)
    journal.record(journal.Action.CREATE, dog, changes=journal.initial(dog))
    if dog.is_adopted:
        adoptions.begin(dog)
    pictures.queue(dog)
    return dog


@transaction.atomic(savepoint=False)
def change_dog(*, dog: Dog, **fields: Any) -> Dog:
    """Change the named fields of a locked dog; see :func:`dogs.adoptions.in_step` for its home.

    Raises:
        DogNameTaken: another dog has the new name, whatever its case.
        AdoptionContradictory: an owner, but not adopted.
    """
    return adoptions.write(dog, fields)


def fetch_picture(*, pk: int) -> None:
    """Find a picture for a dog; on failure leave it pending for a later attempt."""
    dog = pictures.claim(pk)
    if dog is None:
        return
    time.sleep(settings.DOG_PICTURE_DELAY_SECONDS)
    try:
        answer = upstream("dogs", settings.DOG_API_URL).get_json("/breeds/image/random")
    except UpstreamError as error:
        pictures.postpone(dog, retry_after=error.retry_after, cause=error)
        return
    url = answer.get("message")
    allowed = answer.get("status") == "success" and is_allowed(url)
    if not allowed or not is_there(url):
        logger.warning("dog picture refused", extra={"dog": dog.pk, "url": str(url)[:200]})
        pictures.postpone(dog, cause=f"refused: {url}" if allowed else "no usable answer")
        return
    with transaction.atomic():
        taken = Dog.objects.filter(pk=dog.pk, picture_status=PictureStatus.PENDING).update(
            picture=url, picture_status=PictureStatus.READY
        )
        if taken:
            changes = {
                "picture": ["", url],
                "picture_status": [PictureStatus.PENDING, PictureStatus.READY],
            }
            journal.record(journal.Action.CHANGE, dog, changes=changes)


@transaction.atomic
def fetch_picture_now(*, dog: Dog, reason: str = "") -> None:
    """Look for another picture of a dog at once, also where that waits or was given up."""
    dog = Dog.objects.select_for_update(of=("self",)).get(pk=dog.pk)
    if dog.picture_status == PictureStatus.READY:
        fetch_picture_again(dog=dog, reason=reason)
    else:
        pictures.retry(dog.pk, reason=reason)


@transaction.atomic
def fetch_picture_again(*, dog: Dog, reason: str = "") -> None:
    """Drop a locked dog's picture and look for another one, unless that is being done."""
    if dog.picture_status == PictureStatus.PENDING:
        return
    before = journal.snapshot(dog)
    dog.picture, dog.picture_status = "", PictureStatus.PENDING
    dog.save(update_fields=["picture", "picture_status"])
    pictures.restart(dog)
    dog.picture_attempts = 0
    changes = journal.diff(before, dog)
    journal.record(journal.Action.CHANGE, dog, changes=changes, reason=reason)


@transaction.atomic(savepoint=False)
def receive_file(*, upload: UploadedFile, owner: Any) -> RelayedFile:
    """Store an uploaded file and queue its relay.

    The file is on disk before the row is; when the row does not come, the file goes.

    Raises:
        NotAuthenticated: the sender's account went meanwhile.
    """
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    relayed = RelayedFile(
        name=(upload.name or "file")[:255],
        size=upload.size or 0,
        sha256=digest.hexdigest(),
        owner=owner,
    )
    try:
        relayed.file.save(relayed.name, upload, save=False)
        lock_sender(owner)
        relayed.save(force_insert=True)
        journal.record(journal.Action.CREATE, relayed, changes=journal.initial(relayed))
    except Exception:
        # Also the half of a file that a full disk leaves.
        relayed.file.storage.delete(storage_path(relayed, relayed.name))
        raise
    relays.queue(relayed)
    return relayed


def lock_sender(owner: Any) -> None:
    """Lock an account: one that is being removed erases its files, and gets none afterwards.

    Raises:
        NotAuthenticated: it went meanwhile.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if users.filter(pk=owner.pk, is_active=True).first() is None:
        raise NotAuthenticated


def relay_file(*, pk: str) -> None:
    """Pass a file on to the relay; on failure leave it pending for a later attempt."""
    relayed = relays.claim(pk)
    if relayed is None:
        return
    try:
        with relayed.file.open("rb") as content:
            relay = upstream(
                "relay",
                settings.RELAY_API_URL,
                read_timeout=RELAY_ANSWER_SECONDS,
                total_deadline=RELAY_SECONDS,
            )
            answer = relay.post_file("/files", content, relayed.name)
    except UpstreamError as error:
        relays.postpone(relayed, retry_after=error.retry_after, cause=error)
        return
    except FileNotFoundError:
        if RelayedFile.objects.filter(pk=pk).exists():  # else it was erased since the claim
            logger.exception("relayed file is gone", extra={"file": str(pk)})
        relays.postpone(relayed, cause="the stored file is gone")
        return
    remote = str(answer.get("filename") or answer.get("name") or "")
    remote_name = printable(remote, 255)
    with transaction.atomic():
        taken = RelayedFile.objects.filter(pk=relayed.pk, status=RelayStatus.PENDING).update(
            status=RelayStatus.SENT, remote_name=remote_name
        )
        if taken:
            changes = {"status": [RelayStatus.PENDING, RelayStatus.SENT]}
            journal.record(journal.Action.CHANGE, relayed, changes=changes)


@transaction.atomic
def relay_again(*, relayed: RelayedFile) -> None:
    """Start over with a file that was given up."""
    relays.restart(relayed)
    changes = {"status": [relayed.status, RelayStatus.PENDING]}
    journal.record(journal.Action.CHANGE, relayed, changes=changes)
