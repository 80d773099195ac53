"""Ten photographs of noise, which no coding makes small."""

import random
from pathlib import Path

from PIL import Image

PHOTOS = 10
SIZE = (480, 360)


def make(folder: Path) -> None:
    """Write them as JPEG files of some 200 kB."""
    noise = random.Random(14)
    folder.mkdir()
    for number in range(PHOTOS):
        image = Image.frombytes("RGB", SIZE, noise.randbytes(SIZE[0] * SIZE[1] * 3))
        image.save(folder / f"{number}.jpg", quality=90)
