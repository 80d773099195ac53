"""Uploads of photos by tus 1.0: announced, sent in pieces, and whole at the end.

No transaction is open while bytes come in. They are appended and synchronised first; then the
row's offset moves, by a statement of its own that finds it where it was. What the last bytes make
whole is examined and kept before it is acknowledged, so ``offset`` equals ``bytes`` only of a photo
that is stored, or that never can be.
"""

import uuid
from typing import IO, Any

from django.db import models, transaction
from django.utils import timezone

from core.api.statements import Mark, statement
from core.audit import journal
from core.errors import NotFound
from core.rows import insert
from stores.constants import UNFINISHED_UPLOAD, PhotoState
from stores.models import Photo
from stores.photos import parts, pictures
from stores.photos.errors import (
    ChecksumMismatch,
    PhotoDiffers,
    PhotoFailed,
    PhotoGone,
    PhotoIdTaken,
    PhotoTooLarge,
    PhotoUnusable,
    UploadOffset,
)
from stores.photos.headers import Announcement
from stores.services import photos
from stores.services.sellers import keep_account
from users.errors import InvalidToken


@transaction.atomic
def announce(*, seller_id: int, said: Announcement) -> tuple[Photo, bool]:
    """Return the upload of a photo, and whether it begins here.

    An id that is known is the same upload, wherever that stands. What expired begins anew; so does
    what no visit has, when it is announced with other content.

    Raises:
        InvalidToken: the account was deactivated or removed meanwhile.
        PhotoIdTaken: another seller has it.
        PhotoDiffers: a visit has the photo of this id, with other content.
        PhotoFailed: these bytes were no photo, and will not be.
    """
    if not keep_account(seller_id):
        raise InvalidToken
    fresh = new_upload(seller_id, said)
    if insert(Photo, [fresh], "ON CONFLICT (id) DO NOTHING"):
        return fresh, True
    photo: Photo = Photo.objects.select_for_update(of=("self",)).get(pk=said.id)
    if photo.seller_id != seller_id:
        raise PhotoIdTaken
    is_same = (photo.sha256, photo.bytes) == (said.sha256, said.bytes)
    if photo.state == PhotoState.FAILED and is_same:
        raise PhotoFailed(reason=photo.fault)
    if is_same and photo.state != PhotoState.EXPIRED and not is_over(photo):
        return photo, False
    if photo.state == PhotoState.STORED and photo.expires_at is None:
        raise PhotoDiffers
    if photo.file:
        # The file of what was there goes when its row says so: that one keeps another id.
        leave_behind(photo)
    fresh.save(force_update=True)
    parts.forget(fresh.pk)
    return fresh, True


def new_upload(seller_id: int, said: Announcement) -> Photo:
    """Return the row of an upload that begins now."""
    now = timezone.now()
    return Photo(
        id=said.id,
        visit_id=said.visit_id,
        seller_id=seller_id,
        sha256=said.sha256,
        bytes=said.bytes,
        type=said.type,
        kind=said.kind,
        created_at=now,
        expires_at=now + UNFINISHED_UPLOAD,
    )


def leave_behind(photo: Photo) -> None:
    """Keep a row for the file of a photo that is replaced, until the file is deleted."""
    values = {
        field.attname: getattr(photo, field.attname)
        for field in Photo._meta.concrete_fields
        if not field.primary_key
    }
    values |= {"state": PhotoState.EXPIRED, "expires_at": None, "visit_id": None}
    Photo.objects.create(id=uuid.uuid4(), **values)


def is_over(photo: Photo) -> bool:
    """Tell whether an upload has expired, though its row may not say so yet."""
    if photo.state == PhotoState.EXPIRED:
        return True
    waits = photo.state == PhotoState.RECEIVING and photo.expires_at is not None
    return waits and photo.expires_at <= timezone.now()  # type: ignore[operator]  # it is not None


def own_photo(*, photo_id: uuid.UUID, seller_id: int) -> Photo:
    """Return a seller's photo.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = statement("stores.uploads", photos_of_sellers).rows([photo_id, seller_id])
    if not found:
        raise NotFound
    return Photo.from_db(Photo.objects.db, list(photos.COLUMNS), found[0])


def photos_of_sellers() -> models.QuerySet[Photo, Any]:
    """Return the columns of a photo: marks stand for its id and its seller's."""
    marks = [Mark(at, Photo._meta.get_field(name)) for at, name in enumerate(("id", "seller"))]
    return Photo.objects.filter(pk=marks[0], seller=marks[1]).values(*photos.COLUMNS)


def check_open(photo: Photo) -> None:
    """Refuse an upload to which nothing can be added any more.

    Raises:
        PhotoFailed: its bytes were no photo.
        PhotoGone: it has expired.
    """
    if photo.state == PhotoState.FAILED:
        raise PhotoFailed(reason=photo.fault)
    if is_over(photo):
        raise PhotoGone


def check_place(photo: Photo, offset: int, count: int) -> None:
    """Refuse bytes that do not begin where those that arrived end, or are too many.

    Raises:
        PhotoFailed, PhotoGone: as :func:`check_open` says.
        UploadOffset: they begin elsewhere.
        PhotoTooLarge: there are more than were announced.
    """
    check_open(photo)
    if offset != photo.offset:
        raise UploadOffset(offset=photo.offset)
    if offset + count > photo.bytes:
        raise PhotoTooLarge(limit=photo.bytes - offset)


def append(*, photo: Photo, offset: int, body: IO[bytes]) -> Photo:
    """Add the bytes that came to an upload, and return where it stands.

    ``photo`` is the row as the caller has read it. What happened since shows in the file's size,
    under its lock: a piece that was added has made it longer. What shows nowhere changes the row
    so that the write at the end does not find it, and no byte that was acknowledged is touched.

    Raises:
        NotFound: the upload was removed meanwhile.
        PhotoFailed, PhotoGone, UploadOffset, PhotoTooLarge: as :func:`check_place` says.
        StorageFull: there is no room; the offset stays.
        ChecksumMismatch: the whole has another hash than was announced; it begins at 0 again.
        PhotoUnusable: the whole is no picture, or none that is decoded.
        InvalidToken, StorageAway: as :func:`stores.services.photos.settle` says.
    """
    count = body.seek(0, 2)
    check_place(photo, offset, count)
    if not count:
        return photo
    with parts.locked(photo.pk) as part:
        try:
            return add(photo, part, body, count)
        except photos.ChangedError:
            found = Photo.objects.filter(pk=photo.pk).first()
            if found is None or found.state != PhotoState.RECEIVING:
                part.remove()  # the lock may have made it
            if found is None:
                raise NotFound from None
            check_open(found)
            raise UploadOffset(offset=found.offset) from None


def add(photo: Photo, part: parts.Part, body: IO[bytes], count: int) -> Photo:
    """Add bytes behind those that arrived of an upload whose file is locked.

    Raises:
        ChangedError: the upload does not stand any more where it was read.
    """
    offset = photo.offset
    if part.size != offset:
        # Another piece came meanwhile, or bytes that were never acknowledged, or a disk was lost,
        # or nodes do not share one.
        now = Photo.objects.filter(pk=photo.pk).first()
        if now is None or photos.stand_of(now) != photos.stand_of(photo):
            raise photos.ChangedError
        if part.size < offset:
            move(photo, part.size)  # what is here is what arrived
            raise UploadOffset(offset=part.size)
    part.put(offset, body)
    is_whole = offset + count == photo.bytes
    # The name of what is whole is soon another one, and that is on disk before it is acknowledged.
    part.synchronise(name=not offset and not is_whole)
    if is_whole:
        return finish(photo, part)
    move(photo, offset + count)
    return photo


def move(photo: Photo, offset: int) -> None:
    """Let an upload stand at another offset, if it still stands where this one was read.

    Raises:
        ChangedError: it does not.
    """
    photos.change(photo, offset=offset, expires_at=timezone.now() + UNFINISHED_UPLOAD)


def finish(photo: Photo, part: parts.Part) -> Photo:
    """Examine an upload of which all bytes are here, and keep it.

    Raises: as :func:`append` and :func:`add` say.
    """
    if part.sha256() != photo.sha256:
        move(photo, 0)
        part.remove()
        raise ChecksumMismatch
    found = pictures.examine(part.path)
    if found.fault:
        fail(photo, found.fault)
        part.remove()
        raise PhotoUnusable(reason=found.fault)
    stored = photos.settle(photo=photo, photo_type=found.type, part=part.path)
    part.remove()
    return stored


@transaction.atomic
def fail(photo: Photo, fault: str) -> None:
    """Let an upload be one that can never become a photo."""
    before = photo.state
    received = {"offset": photo.bytes, "received_at": timezone.now(), "expires_at": None}
    photos.change(photo, state=PhotoState.FAILED, fault=fault, **received)
    changes = {"state": [str(before), str(photo.state)], "fault": ["", str(fault)]}
    journal.record(journal.Action.CHANGE, photo, changes=changes)
