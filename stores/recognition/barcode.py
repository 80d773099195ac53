"""Barcodes on products, read by zxing-cpp in this process: EAN, UPC and ITF-14."""

from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps

from stores.constants import MAX_PHOTO_PIXELS, FoundKind
from stores.photos.pictures import HEADER_BYTES, WEBP, format_of, pixels_of_webp
from stores.recognition.port import (
    MAX_FOUND,
    Box,
    Found,
    UnreadablePictureError,
    products_of_gtins,
)
from stores.values import GTIN_LENGTHS, check_digit

TOO_LARGE, BROKEN = "too_many_pixels", "unreadable"
FORMATS = zxingcpp.barcode_formats_from_str("EAN13,EAN8,UPCA,UPCE,ITF14")
# What can be sent as a photo, and decoded without a helper program.
PICTURES = ("JPEG", "PNG", "WEBP")
# A JPEG is decoded at half its size, or a quarter, until it has no more than this: bars stay two
# pixels wide on a photo of 12 megapixels, and a byte a pixel is all the memory that it takes.
ENOUGH_PIXELS = 6_000_000
# Other formats are decoded whole first, four bytes a pixel; so are the scans of a progressive JPEG.
MAX_WHOLE_PIXELS = 12_000_000


def recognise(picture: BytesIO) -> list[Found]:
    """Return the products whose codes are on a picture, and codes that no product has.

    Raises:
        UnreadablePictureError: no picture, or too many pixels.
    """
    grey = decoded(picture)
    found: dict[str, Box] = {}
    for code in zxingcpp.read_barcodes(grey, formats=FORMATS, try_invert=False)[:MAX_FOUND]:
        if is_gtin(code.text):
            found.setdefault(code.text, box_of(code.position, grey.width, grey.height))
    products = products_of_gtins(found)
    # A code that was read is right, or its check digit would be wrong nine times out of ten.
    return [
        Found(products.get(value), FoundKind.GTIN.value, value, box) for value, box in found.items()
    ]


def decoded(picture: BytesIO) -> Image.Image:
    """Return a picture in grey, upright and of a bounded size; its header alone refuses it.

    Raises:
        UnreadablePictureError: no picture, or too many pixels.
    """
    try:
        check_webp(picture.getbuffer()[:HEADER_BYTES].tobytes())
        image = Image.open(picture, formats=PICTURES)
        check_size(image)
        reduce(image)
        return ImageOps.exif_transpose(image.convert("L"))
    except Image.DecompressionBombError as error:
        raise UnreadablePictureError(TOO_LARGE) from error
    except UnreadablePictureError:
        raise
    except Exception as error:  # whatever a decoder trips over, the file is at fault
        raise UnreadablePictureError(BROKEN) from error


def check_webp(head: bytes) -> None:
    """Refuse a large WebP by its first bytes: its decoder makes room while it is opened.

    Raises:
        UnreadablePictureError: it has too many pixels.
    """
    if format_of(head) == WEBP and pixels_of_webp(head) > MAX_WHOLE_PIXELS:
        raise UnreadablePictureError(TOO_LARGE)


def check_size(image: Image.Image) -> None:
    """Refuse a picture by what its header says.

    Raises:
        UnreadablePictureError: it has too many pixels, for its format.
    """
    is_reducible = image.format == "JPEG" and not image.info.get("progressive")
    limit = MAX_PHOTO_PIXELS if is_reducible else MAX_WHOLE_PIXELS
    if image.width * image.height > limit:
        raise UnreadablePictureError(TOO_LARGE)


def reduce(image: Image.Image) -> None:
    """Let a large JPEG be decoded smaller; of other formats nothing can be left out."""
    width, height = image.size
    while width * height > ENOUGH_PIXELS:
        width, height = width // 2, height // 2
    image.draft("L", (width, height))


def is_gtin(text: str) -> bool:
    """Tell whether what a code says is a number of GS1."""
    digits = text.isascii() and text.isdigit() and len(text) in GTIN_LENGTHS
    return digits and int(text[-1]) == check_digit(text[:-1])


def box_of(position: zxingcpp.Position, width: int, height: int) -> Box:
    """Return the upright box around a code, as shares of the picture."""
    corners = (
        position.top_left,
        position.top_right,
        position.bottom_right,
        position.bottom_left,
    )
    across = [min(max(corner.x / width, 0.0), 1.0) for corner in corners]
    down = [min(max(corner.y / height, 0.0), 1.0) for corner in corners]
    left, top = min(across), min(down)
    return Box(*(round(one, 4) for one in (left, top, max(across) - left, max(down) - top)))
