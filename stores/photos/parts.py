"""The bytes of uploads on their way: a file each, in a folder that all web nodes share.

What the database calls arrived is on disk: a file is synchronised before its row is written. Bytes
behind the row's offset are nobody's; the next ones overwrite them.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO

from django.conf import settings

from stores.photos.errors import StorageFull

FULL = {errno.ENOSPC, errno.EDQUOT}
COPY_BYTES = 256 * 1024
MODE = 0o644  # of the photo that it becomes


def folder() -> Path:
    """Return where unfinished uploads are."""
    return Path(settings.MEDIA_ROOT) / "uploads"


def path_of(key: uuid.UUID) -> Path:
    """Return where the bytes of an upload are."""
    return folder() / key.hex


class Part:
    """The file of one upload, locked by whoever has it open here.

    A file that was kept as a photo (:mod:`stores.photos.files`) is written no more: it is the same
    one, under two names, until this name goes.
    """

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self.file = file

    @property
    def size(self) -> int:
        """Return how many bytes the file has."""
        return os.fstat(self.file.fileno()).st_size

    def put(self, offset: int, body: IO[bytes]) -> int:
        """Write the bytes of ``body`` from ``offset`` on; return how many they are.

        Raises:
            StorageFull: there is no room; what was there before ``offset`` stays.
        """
        body.seek(0)
        count = 0
        try:
            if os.fstat(self.file.fileno()).st_nlink > 1:
                self.separate(offset)
            self.file.truncate(offset)
            self.file.seek(offset)
            while data := body.read(COPY_BYTES):
                rest = memoryview(data)
                while rest:  # a disk that fills up takes a part
                    rest = rest[self.file.write(rest) :]
                count += len(data)
        except OSError as error:
            raise refusal_of(error) from error
        return count

    def separate(self, length: int) -> None:
        """Have a file of its own again, with the first bytes of the one that was kept."""
        beside = self.path.with_name(uuid.uuid4().hex)  # if this stays behind, it is of no upload
        file = FileIO(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            with self.path.open("rb") as kept:
                shutil.copyfileobj(kept, file, COPY_BYTES)
            file.truncate(length)
            os.fsync(file.fileno())
            beside.replace(self.path)
            synchronise(self.path.parent)
        except BaseException:
            beside.unlink(missing_ok=True)
            file.close()
            raise
        former, self.file = self.file, file
        former.close()

    def synchronise(self, *, name: bool) -> None:
        """Have the bytes on disk, and with ``name`` also the file's name.

        Raises:
            StorageFull: there is no room.
        """
        try:
            os.fsync(self.file.fileno())
            if name:
                synchronise(self.path.parent)
                synchronise(self.path.parent.parent)
        except OSError as error:
            raise refusal_of(error) from error

    def sha256(self) -> str:
        """Return the digest of all bytes."""
        self.file.seek(0)
        return hashlib.file_digest(self.file, "sha256").hexdigest()

    def remove(self) -> None:
        """Delete the file; the lock lasts until it is closed."""
        self.path.unlink(missing_ok=True)


def refusal_of(error: OSError) -> Exception:
    """Return what a client is told of a disk's refusal; a defect of ours is not for it."""
    return StorageFull() if error.errno in FULL else error


@contextmanager
def locked(key: uuid.UUID) -> Iterator[Part]:
    """Open the file of an upload, or make it; one at a time has it, on all nodes.

    The lock lasts as long as a write to disk, never as long as a phone sends.
    """
    path = path_of(key)
    while True:
        part = Part(path, opened(path))
        try:
            fcntl.flock(part.file, fcntl.LOCK_EX)
            if is_there(path, part.file):
                yield part
                return
        finally:
            part.file.close()


def opened(path: Path) -> FileIO:
    """Return the file, open for reading and writing."""
    flags = os.O_RDWR | os.O_CREAT
    try:
        handle = os.open(path, flags, MODE)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, flags, MODE)
    return FileIO(handle, "r+b")


def is_there(path: Path, file: FileIO) -> bool:
    """Tell whether the name still leads to the open file, and not to none or another one."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def synchronise(directory: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def forget(key: uuid.UUID) -> None:
    """Delete what had arrived of an upload."""
    path_of(key).unlink(missing_ok=True)


def left_behind(older_than: float) -> Iterator[uuid.UUID]:
    """Yield the uploads of which bytes are here, and none came since a moment (Unix time)."""
    for entry in os.scandir(folder()) if folder().is_dir() else ():
        try:
            if entry.stat().st_mtime < older_than:
                yield uuid.UUID(hex=entry.name)
        except (ValueError, FileNotFoundError):
            continue
