"""Where photos stay: under the name of their content, in Django's storage ``photos``.

Photos with the same bytes share a file, and writing it again changes nothing. Integrity is our own
hash, taken before a file is kept: no storage is trusted to find a wrong byte.
"""

import errno
import os
import shutil
import uuid
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from core.errors import NotFound
from stores.constants import PhotoType
from stores.photos.errors import StorageAway
from stores.photos.parts import refusal_of, synchronise

ALIAS = "photos"
NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
EXTENSIONS = {PhotoType.JPEG: "jpg", PhotoType.PNG: "png", PhotoType.WEBP: "webp"}


class DiskPhotos(FileSystemStorage):
    """Photos below MEDIA_ROOT: each is there whole, and on disk, before it has its name."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself: what has it already is the same."""
        del max_length
        return name

    def _save(self, name: str, content: Any) -> str:
        """Let ``content``, a file that is on disk, have this name, too."""
        path = Path(self.path(name))
        try:
            link(content.name, path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            link(content.name, path)
        for folder in list(path.parents)[: len(Path(name).parents) - 1]:
            synchronise(folder)  # somebody else may have made it just now
        return name


def link(source: str, target: Path) -> None:
    """Give a file another name; across disks, or where there are no links, give it to a copy.

    What has the name already is replaced: that heals a file that a disk has spoilt.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        place(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        place(source, target, copies=True)


def place(source: str, target: Path, *, copies: bool = False) -> None:
    """Put a file, or a copy of it, in the place of what has a name."""
    beside = target.with_name(f".{uuid.uuid4().hex}")
    try:
        if copies:
            with beside.open("xb") as file:
                shutil.copyfile(source, beside)
                os.fsync(file.fileno())
        else:
            os.link(source, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def name_of(sha256: str, photo_type: str) -> str:
    """Return the name under which bytes are kept."""
    extension = EXTENSIONS[PhotoType(photo_type)]
    return f"photos/{sha256[:2]}/{sha256[2:4]}/{sha256}.{extension}"


def keep(name: str, path: Path) -> None:
    """Keep the bytes at ``path``, already on disk, under a name.

    Raises:
        StorageFull: there is no room.
        StorageAway: the storage does not take them.
    """
    try:
        with path.open("rb") as file:
            storages[ALIAS].save(name, File(file, name=str(path)))
    except OSError as error:
        raise refusal_of(error) from error
    except Exception as error:  # S3's client has its own kinds
        raise StorageAway from error


def is_kept(name: str) -> bool:
    """Tell whether there is a file of a name.

    Raises:
        StorageAway: the storage does not answer.
    """
    try:
        return bool(storages[ALIAS].exists(name))
    except Exception as error:  # S3's client has its own kinds
        raise StorageAway from error


def opened(name: str) -> IO[bytes]:
    """Return the file of a name, open.

    Raises:
        NotFound: there is none.
        StorageAway: the storage does not answer.
    """
    try:
        return storages[ALIAS].open(name)
    except FileNotFoundError:
        raise NotFound from None
    except Exception as error:  # S3's client has its own kinds
        raise StorageAway from error


def delete(name: str) -> None:
    """Delete the file of a name, if there is one.

    Raises:
        StorageAway: the storage does not answer.
    """
    try:
        storages[ALIAS].delete(name)
    except Exception as error:  # S3's client has its own kinds
        raise StorageAway from error
