"""The file of a backup: a tar, sealed where there is a key, whose last member is its manifest.

The manifest names each member with size and SHA-256, what made it, and the keys without which parts
of the database open for nobody. What is cut off has no manifest.
"""

import contextlib
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from core.backups.sealing import MAGIC, BadBackup, Opener, Sealer

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
MEDIA = "media/"
BLOCK_BYTES = 1 << 20


class Hashing(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        """Read and hash."""
        data = self.file.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data

    def entry(self, name: str) -> dict[str, Any]:
        """Return what the manifest says of the file."""
        return {"name": name, "size": self.size, "sha256": self.digest.hexdigest()}


class Writer:
    """Adds files to a backup, and at last its manifest."""

    def __init__(self, file: BinaryIO, key: bytes | None) -> None:
        self.sealer = Sealer(file, key) if key else None
        target: Any = self.sealer or file
        self.tar = tarfile.open(mode="w|", fileobj=target, format=tarfile.PAX_FORMAT)  # noqa: SIM115 - finish() closes it
        self.entries: list[dict[str, Any]] = []

    def add(self, name: str, path: Path) -> None:
        """Add one file."""
        with path.open("rb") as file:
            member = tarfile.TarInfo(name)
            member.size = path.stat().st_size
            hashing = Hashing(file)
            self.tar.addfile(member, hashing)
            self.entries.append(hashing.entry(name))

    def finish(self, manifest: dict[str, Any]) -> None:
        """Add the manifest and end the file."""
        data = json.dumps({**manifest, "format": FORMAT, "files": self.entries}, indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(data)
        self.tar.addfile(member, io.BytesIO(data))
        self.tar.close()
        if self.sealer is not None:
            self.sealer.finish()


@contextlib.contextmanager
def opened(path: Path, key: bytes | None) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Open a backup and yield its members, in order.

    Raises:
        BadBackup: it is no backup, is cut off, or the key is missing or another one.
    """
    with path.open("rb") as file:
        is_sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if is_sealed and key is None:
            raise BadBackup("The backup is encrypted, and BACKUP_KEY is not set.")
        source: Any = io.BufferedReader(Opener(file, key), BLOCK_BYTES) if is_sealed else file  # type: ignore[arg-type]  # just looked
        try:
            with tarfile.open(mode="r|", fileobj=source) as tar:
                yield members(tar)
            if is_sealed:
                while source.read(BLOCK_BYTES):  # to the last chunk, which says that it is the last
                    pass
        except (tarfile.TarError, EOFError) as error:
            raise BadBackup("The file is no backup, or is cut off.") from error


def members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of each file."""
    for member in tar:
        content = tar.extractfile(member) if member.isfile() else None
        if content is None or member.name.startswith("/") or ".." in member.name.split("/"):
            raise BadBackup(f"The backup holds something that no backup has: {member.name!r}.")
        yield member.name, content


def verified(path: Path, key: bytes | None) -> dict[str, Any]:
    """Read a whole backup and return its manifest; nothing is written.

    Raises:
        BadBackup: a file is missing, was changed, or is not in the manifest; or see :func:`opened`.
    """
    found: list[dict[str, Any]] = []
    manifest: dict[str, Any] | None = None
    with opened(path, key) as files:
        for name, content in files:
            if name == MANIFEST:
                manifest = json.loads(content.read())
                continue
            hashing = Hashing(content)
            while hashing.read(BLOCK_BYTES):
                pass
            found.append(hashing.entry(name))
    if manifest is None:
        raise BadBackup("The backup is cut off: it has no manifest.")
    if manifest.get("format") != FORMAT:
        raise BadBackup(f"The backup has format {manifest.get('format')!r}; this is {FORMAT}.")
    if manifest["files"] != found:
        raise BadBackup("The backup was changed: its files are not those of its manifest.")
    return manifest
