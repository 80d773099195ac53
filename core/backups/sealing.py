"""A stream that nobody reads or changes without the key: AES-256-GCM in chunks.

The shape is that of STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age and Tink have it.
Each file has a key of its own (HKDF of the master key and a random salt), each chunk a nonce that
says its number and whether it is the last. So chunks cannot be changed, moved, left out or cut off.
"""

import base64
import binascii
import io
import os
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"PLAZA-BACKUP-1\n"
SALT_BYTES = 16
KEY_BYTES = 32
CHUNK_BYTES = 1 << 20
LENGTH = struct.Struct(">I")
TAG_BYTES = 16


class BadBackup(Exception):
    """The file is no whole backup, or the key is another one; says which."""


def key_of(text: str) -> bytes:
    """Return the key that ``BACKUP_KEY`` spells.

    Raises:
        BadBackup: it is not base64 of 32 bytes; the message does not hold it.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadBackup("BACKUP_KEY is not base64 of 32 bytes: head -c32 /dev/urandom | base64.")
    return key


def cipher(master: bytes, salt: bytes) -> AESGCM:
    """Return the cipher of the file that has this salt."""
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"plaza backup").derive(master))


def nonce(number: int, *, is_last: bool) -> bytes:
    """Return the nonce of a chunk, which says its place."""
    return number.to_bytes(11, "big") + bytes([is_last])


class Sealer(io.RawIOBase):
    """Seals what is written to it into another file; :meth:`close` writes the last chunk."""

    def __init__(self, file: BinaryIO, master: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self.header = MAGIC + salt
        self.file, self.cipher, self.number = file, cipher(master, salt), 0
        self.waiting = bytearray()
        file.write(self.header)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # tarfile writes bytes
        """Take bytes, and seal whole chunks of them."""
        self.waiting += data
        while len(self.waiting) > CHUNK_BYTES:
            self.seal(bytes(self.waiting[:CHUNK_BYTES]), is_last=False)
            del self.waiting[:CHUNK_BYTES]
        return len(data)

    def seal(self, plain: bytes, *, is_last: bool) -> None:
        """Write one chunk."""
        sealed = self.cipher.encrypt(nonce(self.number, is_last=is_last), plain, self.header)
        self.file.write(LENGTH.pack(len(sealed)) + sealed)
        self.number += 1

    def finish(self) -> None:
        """Write the last chunk: without it the file is cut off."""
        self.seal(bytes(self.waiting), is_last=True)
        self.waiting.clear()


class Opener(io.RawIOBase):
    """Opens what :class:`Sealer` sealed, chunk by chunk; nothing unverified is handed on."""

    def __init__(self, file: BinaryIO, master: bytes) -> None:
        self.file, self.number, self.is_over = file, 0, False
        self.header = file.read(len(MAGIC) + SALT_BYTES)
        self.cipher = cipher(master, self.header[len(MAGIC) :])
        self.opened = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what RawIOBase hands us
        """Fill the buffer with what is verified."""
        while not self.opened and not self.is_over:
            self.open_next()
        count = min(len(buffer), len(self.opened))
        buffer[:count] = self.opened[:count]
        self.opened = self.opened[count:]
        return count

    def open_next(self) -> None:
        """Verify and open one chunk.

        Raises:
            BadBackup: it was changed or cut off, or the key is another one.
        """
        head = self.file.read(LENGTH.size)
        size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
        sealed = self.file.read(size) if TAG_BYTES <= size <= CHUNK_BYTES + TAG_BYTES else b""
        if not sealed or len(sealed) < size:
            raise BadBackup("The backup is cut off: its end is missing.")
        for is_last in (False, True):
            try:
                self.opened = self.cipher.decrypt(
                    nonce(self.number, is_last=is_last), sealed, self.header
                )
            except InvalidTag:
                continue
            self.is_over = is_last
            self.number += 1
            if is_last and self.file.read(1):
                raise BadBackup("The backup has bytes after its end.")
            return
        if self.number == 0:
            raise BadBackup("BACKUP_KEY does not open this backup: it was made with another one.")
        raise BadBackup("The backup was changed: a part of it is not what was written.")
