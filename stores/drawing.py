"""Pictures of shelves that nobody took: for demo data, tests and measurements."""

import io
import random

import zxingcpp
from PIL import Image, ImageDraw

SIZE = (1600, 1200)
BAR_HEIGHT = 60  # in widths of the narrowest bar
SHAPES = 400  # of the clutter on a shelf


def shelf(
    gtin: str = "",
    *,
    size: tuple[int, int] = SIZE,
    angle: float = 4,
    module: int = 3,
    seed: int = 1,
) -> Image.Image:
    """Return a cluttered shelf, with the barcode of a GTIN at an angle (in degrees) unless empty.

    ``module`` is the width of its narrowest bar in pixels; ``seed`` decides on the clutter.
    """
    chance = random.Random(seed)
    image = Image.new("RGB", size, (205, 195, 180))
    draw = ImageDraw.Draw(image)
    for _ in range(SHAPES):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        width, height = chance.randrange(20, 200), chance.randrange(20, 200)
        colours = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(2)]
        draw.rectangle((x, y, x + width, y + height), fill=colours[0])
        draw.line((x, y, x + height, y + width), fill=colours[1], width=chance.randrange(1, 6))
    if gtin:
        label = barcode(gtin, module).rotate(angle, expand=True, fillcolor="white")
        image.paste(label, (size[0] // 3, size[1] // 3))
    return image


def barcode(gtin: str, module: int) -> Image.Image:
    """Return the label with the bars of a GTIN."""
    format_ = zxingcpp.barcode_format_from_str(
        {8: "EAN8", 12: "UPCA", 14: "ITF14"}.get(len(gtin), "EAN13")
    )
    bars = memoryview(zxingcpp.create_barcode(gtin, format_).to_image(scale=module))  # type: ignore[arg-type]  # its stub knows no buffers
    height, width = bars.shape or (0, 0)
    image = Image.frombytes("L", (width, height), bars.tobytes()).convert("RGB")
    return image.resize((width, max(height, BAR_HEIGHT * module)))


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
