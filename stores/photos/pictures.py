"""Whether bytes are a picture: by its first bytes, its size in pixels, and by decoding it.

What a file says of its own size is looked at before anything is decoded. One picture is decoded at
a time in a process, so the memory that this takes is that of one: a baseline JPEG at an eighth of
its size, a PNG at most four bytes a pixel, a progressive JPEG at most eight, a WebP sixteen, which
is why that may have fewer pixels. So none takes more than 320 MB.
"""

import struct
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from stores.constants import MAX_PHOTO_PIXELS, MAX_WEBP_PIXELS, PhotoFault, PhotoType

JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"
TYPES = {JPEG: PhotoType.JPEG, PNG: PhotoType.PNG, WEBP: PhotoType.WEBP}
HEADER_BYTES = 32
# A scan of a progressive JPEG costs its whole area, and may be a few bytes: cameras write ten.
SCAN = b"\xff\xda"
MAX_SCANS = 100
EIGHTH = 8

decoding = threading.Lock()


class Finding(NamedTuple):
    """What bytes are: a picture of a type, or none for a reason."""

    type: str = ""
    fault: str = ""


def examine(path: Path) -> Finding:
    """Return what the bytes of a file are."""
    data = path.read_bytes()  # at most MAX_PHOTO_BYTES
    name = format_of(data[:HEADER_BYTES])
    if name is None:
        return Finding(fault=PhotoFault.NOT_A_PICTURE)
    if name == WEBP and pixels_of_webp(data[:HEADER_BYTES]) > MAX_WEBP_PIXELS:
        return Finding(fault=PhotoFault.TOO_LARGE)  # its decoder makes room while it is opened
    if name == JPEG and data.count(SCAN) > MAX_SCANS:
        return Finding(fault=PhotoFault.BROKEN)
    del data
    fault = fault_of(path, name)
    return Finding(fault=fault) if fault else Finding(type=TYPES[name])


def format_of(head: bytes) -> str | None:
    """Return the name of the format that a file begins like."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return None


def pixels_of_webp(head: bytes) -> int:
    """Return how many pixels a WebP says that it has; 0 where that cannot be read.

    https://developers.google.com/speed/webp/docs/riff_container
    """
    chunk = head[12:16]
    if chunk == b"VP8X" and len(head) >= 30:  # noqa: PLR2004 - where the height ends
        width = int.from_bytes(head[24:27], "little") + 1
        return width * (int.from_bytes(head[27:30], "little") + 1)
    if chunk == b"VP8L" and len(head) >= 25:  # noqa: PLR2004 - where the height ends
        bits = int.from_bytes(head[21:25], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 " and len(head) >= 30:  # noqa: PLR2004 - where the height ends
        width, height = struct.unpack("<HH", head[26:30])
        return int(width & 0x3FFF) * int(height & 0x3FFF)
    return 0


def fault_of(path: Path, name: str) -> str:
    """Return why a file of this format can be no photo, or an empty text."""
    with decoding, warnings.catch_warnings():
        # What is odd about a picture is no news for the log, and the limit below is the lower one.
        # Changing filters is safe under the lock.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=[name]) as image:
                if image.width * image.height > MAX_PHOTO_PIXELS:
                    return PhotoFault.TOO_LARGE
                if name == JPEG:
                    image.draft("L", (image.width // EIGHTH, image.height // EIGHTH))
                image.load()
        except Image.DecompressionBombError:
            return PhotoFault.TOO_LARGE
        except Exception:  # noqa: BLE001 - a decoder that is fed with anything raises anything
            return PhotoFault.BROKEN
    return ""
