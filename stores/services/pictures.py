"""Looking at photos: each look of somebody else than its seller is in the journal."""

import uuid

from django.http import FileResponse
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.errors import NotFound
from stores.constants import PhotoState
from stores.models import Photo
from stores.photos import files

# Whatever a picture has hidden in it: a browser shows it, and does nothing else with it.
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def look_at(*, photo_id: uuid.UUID, seller_id: int | None) -> FileResponse:
    """Return the answer that has the picture; ``seller_id`` narrows to a seller's own.

    Raises:
        NotFound: there is no such photo, or it has not arrived, or its file is gone.
        StorageAway: the storage does not answer.
    """
    photos = Photo.objects.filter(pk=photo_id, state=PhotoState.STORED)
    photo = (photos if seller_id is None else photos.filter(seller_id=seller_id)).first()
    if photo is None:
        raise NotFound
    file = files.opened(photo.file)
    if seller_id is None:
        journal.record(journal.Action.READ, photo, reason=noop("picture"))
    name = photo.file.rpartition("/")[2]
    answer = FileResponse(file, content_type=photo.type, filename=name, headers=SAFE)
    answer["Content-Length"] = str(photo.bytes)
    return answer
