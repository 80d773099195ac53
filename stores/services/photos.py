"""How photos and visits find each other, whichever comes first.

A photo counts for a visit of the same seller that declares its id and its hash. Both are written
behind the seller's clock, so either the visit finds the photo, or the photo the visit.
"""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, models, transaction
from django.utils import timezone

from core.api.statements import Mark, statement
from core.audit import journal
from core.db import advisory_lock
from stores import clock
from stores.constants import UNCLAIMED_PHOTO, PhotoState
from stores.models import Photo, Visit
from stores.photos import files
from stores.services import recognising
from stores.services.readings import Declared, Reader
from stores.services.sellers import keep_account
from users.errors import InvalidToken

# What of a row is the same as long as an upload stands where it was read: it gets another
# ``created_at`` when it is announced anew.
STAND = ("id", "state", "offset", "created_at")
COLUMNS = {field.attname: field for field in Photo._meta.concrete_fields}
VISIT_COLUMNS = [field.attname for field in Visit._meta.concrete_fields]


def declared_by(visit: Visit) -> list[Declared]:
    """Return the photos that a stored visit declares."""
    return Reader(orjson.loads(visit.doc)).photos()


def missing(declared: Sequence[Declared], stored: Mapping[uuid.UUID, str]) -> int:
    """Return how many of the photos are still to come; ``stored`` has the hashes of those here."""
    return sum(one.id is None or stored.get(one.id) != one.sha256 for one in declared)


def hashes_of(seller_id: int, declared: Sequence[Declared]) -> dict[uuid.UUID, str]:
    """Return the hashes of the seller's photos that are stored, of those declared."""
    keys = {one.id for one in declared if one.id is not None}
    found = Photo.objects.filter(pk__in=keys, seller_id=seller_id, state=PhotoState.STORED)
    return dict(found.values_list("pk", "sha256")) if keys else {}


def link(seller_id: int, visits: Mapping[uuid.UUID, tuple[Visit, Sequence[Declared]]]) -> int:
    """Count what is still to come of visits that are about to be stored; return what is linked.

    The photos that came before belong to them from now on. Call it behind the seller's clock.
    """
    keys = {one.id for _visit, declared in visits.values() for one in declared if one.id}
    named = models.Q(pk__in=keys) | models.Q(visit_id__in=list(visits))
    waiting = Photo.objects.filter(named, seller_id=seller_id).order_by("pk")
    photos = list(waiting.select_for_update(of=("self",)))
    stored = {one.pk: one.sha256 for one in photos if one.state == PhotoState.STORED}
    homes: dict[uuid.UUID, uuid.UUID] = {}
    for key, (visit, declared) in visits.items():
        visit.photos_missing = missing(declared, stored)
        for one in declared:
            if one.id is not None and stored.get(one.id) == one.sha256:
                homes.setdefault(one.id, key)
    linked = 0
    for photo in photos:
        home = homes.get(photo.pk) or home_by_name(photo, visits)
        if home is not None and photo.expires_at is not None and photo.pk in stored:
            photo.visit_id, photo.expires_at = home, None
            photo.save(update_fields=["visit_id", "expires_at"])
            linked += 1
    return linked


def home_by_name(
    photo: Photo, visits: Mapping[uuid.UUID, tuple[Visit, Sequence[Declared]]]
) -> uuid.UUID | None:
    """Return the visit that a photo says it is of, if that visit does not say otherwise."""
    if photo.visit_id is None or photo.visit_id not in visits:
        return None
    _visit, declared = visits[photo.visit_id]
    return None if any(one.id == photo.pk for one in declared) else photo.visit_id


class ChangedError(Exception):
    """An upload does not stand any more where it was read: somebody else has changed it."""


def stand_of(photo: Photo) -> tuple[Any, ...]:
    """Return where an upload stands."""
    return tuple(getattr(photo, name) for name in STAND)


def change(photo: Photo, **values: Any) -> None:
    """Write columns of an upload that stands where it was read, which locks its row.

    Raises:
        ChangedError: it stands elsewhere.
    """
    here = {name: getattr(photo, name) for name in STAND}
    columns = ", ".join(f'"{COLUMNS[name].column}" = %s' for name in values)
    same = " AND ".join(f'"{COLUMNS[name].column}" = %s' for name in here)
    pairs = (*values.items(), *here.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Photo._meta.db_table} SET {columns} WHERE {same}",  # noqa: S608 - names of our own columns
            [COLUMNS[name].get_db_prep_save(value, connection) for name, value in pairs],
        )
        if not cursor.rowcount:
            raise ChangedError
    for name, value in values.items():
        setattr(photo, name, value)


def settle(*, photo: Photo, photo_type: str, part: Path) -> Photo:
    """Keep a photo whose bytes are whole and found good, and count it for its visits.

    The file is kept before the seller's clock is taken: a storage may be slow.

    Raises:
        InvalidToken: the account was deactivated or removed meanwhile.
        ChangedError: somebody else has changed the upload meanwhile.
        StorageFull, StorageAway: the file cannot be kept now.
    """
    name = files.name_of(photo.sha256, photo_type)
    try:
        files.keep(name, part)
    except FileNotFoundError:
        raise ChangedError from None  # announced anew, or removed: the file's name is gone
    return enter(photo, photo_type, name, part)


@transaction.atomic
def enter(photo: Photo, photo_type: str, name: str, part: Path) -> Photo:
    """Let the row of a photo say that it is stored, and its visits that it is here."""
    if not keep_account(photo.seller_id):
        raise InvalidToken
    key = clock.seller_key(photo.seller_id)
    clock.advance(key, 0)
    visits = lock_awaiting(photo)
    now = timezone.now()
    home, counted = count_for(photo, visits)
    change(
        photo,
        state=PhotoState.STORED,
        type=photo_type,
        file=name,
        offset=photo.bytes,
        received_at=now,
        visit_id=home or photo.visit_id,
        expires_at=None if home else now + UNCLAIMED_PHOTO,
    )
    # Whoever deletes the file of a photo that went looks for rows behind the same lock.
    advisory_lock(lock_of(name))
    if not files.is_kept(name):
        files.keep(name, part)
    recognising.ask(photo)
    changes = {"state": [PhotoState.RECEIVING.value, PhotoState.STORED.value]}
    journal.record(journal.Action.CHANGE, photo, changes=changes)
    clock.stamp(*counted, key=key)
    return photo


def lock_of(name: str) -> str:
    """Return the name of the lock of a file."""
    return f"stores.{name}"


def lock_awaiting(photo: Photo) -> list[Visit]:
    """Lock and return the visits that a photo may be of: it names one, others name it."""
    values = [photo.seller_id, str(photo.pk), photo.visit_id]
    found = statement("stores.photos", awaiting_visits).rows(values)
    return [Visit.from_db(Visit.objects.db, VISIT_COLUMNS, row) for row in found]


def awaiting_visits() -> models.QuerySet[Visit, Any]:
    """Return the columns of locked visits: marks stand for seller, photo and visit."""
    seller, key, visit = (
        Mark(at, Visit._meta.get_field(name)) for at, name in enumerate(("seller", "doc", "id"))
    )
    theirs = models.Q(photos_missing__gt=0, doc__icontains=key) | models.Q(pk=visit)
    found = Visit.objects.filter(theirs, seller=seller).order_by("pk")
    return found.select_for_update().values(*VISIT_COLUMNS)


def count_for(photo: Photo, visits: Sequence[Visit]) -> tuple[uuid.UUID | None, list[Visit]]:
    """Count a photo for all visits that declare it; return the one that has it, and who changed.

    The photo does not say yet that it is stored.
    """
    home, changed = None, []
    for visit in visits:
        declared = declared_by(visit)
        stored = {**hashes_of(photo.seller_id, declared), photo.pk: photo.sha256}
        names = [one.sha256 for one in declared if one.id == photo.pk]
        if photo.sha256 in names or (not names and visit.pk == photo.visit_id):
            home = home or visit.pk
        left = missing(declared, stored)
        if left != visit.photos_missing:
            visit.photos_missing = left
            changed.append(visit)
    Visit.objects.bulk_update(changed, ["photos_missing"])
    return home, changed
