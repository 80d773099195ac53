"""The bytes of uploads on their way: a file each, in a folder that all web nodes share.

What the database calls arrived is on disk: a file is synchronised before its row is written. Bytes
behind the row's offset are nobody's; the next ones overwrite them.
"""

import errno
import fcntl
import hashlib
import os
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


def folder() -> Path:
    """Return where unfinished uploads are."""
    return Path(settings.MEDIA_ROOT) / "uploads"


def path_of(key: uuid.UUID) -> Path:
    """Return where the bytes of an upload are."""
    return folder() / key.hex


class Part:
    """The file of one upload, locked by whoever has it open here."""

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
        self.file.truncate(offset)
        self.file.seek(offset)
        try:
            while data := body.read(COPY_BYTES):
                rest = memoryview(data)
                while rest:  # a disk that fills up takes a part
                    rest = rest[self.file.write(rest) :]
                count += len(data)
        except OSError as error:
            raise refusal_of(error) from error
        return count

    def synchronise(self) -> None:
        """Have the bytes on disk.

        Raises:
            StorageFull: there is no room.
        """
        try:
            os.fsync(self.file.fileno())
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
        file = opened(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_there(path, file):
                yield Part(path, file)
                return
        finally:
            file.close()


def opened(path: Path) -> FileIO:
    """Return the file, open for reading and writing; a new one has its name on disk."""
    try:
        return FileIO(path, "r+b")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        synchronise(path.parent)
        return file


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
