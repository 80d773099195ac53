"""What a photo costs the barcode reader: ``.venv/bin/python -m benchmarks.barcodes``.

CPU of this process (median and worst of twenty), on made shelves with a code and without; and how
much memory it takes at most, beside that before, for pictures that are large, or say that they are.
"""

import io
import os
import statistics
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

ROUNDS = 20
GTIN = "9520010000018"
SIZES = ((1600, 1200), (2400, 1800), (4000, 3000), (7300, 5400))
BOMB = 30_000
PEAK = "--peak"  # what the process is asked that measures its memory


def log(text: str) -> None:
    """Say something."""
    os.write(1, f"{text}\n".encode())


def bomb(side: int) -> bytes:
    """Return a PNG of so many grey pixels, all of them in the file: about a megabyte for 900 M."""
    packer = zlib.compressobj(9)
    rows = b"".join([*(packer.compress(bytes(side + 1)) for _ in range(side)), packer.flush()])
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def pictures() -> Iterator[tuple[str, bytes]]:
    """Return what is measured."""
    from stores import drawing

    for size in SIZES:
        for gtin, name in ((GTIN, "with a code"), ("", "without")):
            yield (
                f"JPEG {size[0]} x {size[1]}, {name}",
                drawing.jpeg(drawing.shelf(gtin, size=size)),
            )
    file = io.BytesIO()
    drawing.shelf(GTIN).save(file, "PNG")
    yield "PNG 1600 x 1200, with a code", file.getvalue()
    yield f"PNG {BOMB} x {BOMB}", bomb(BOMB)


def peak_mb(data: bytes) -> float:
    """Return by how much the memory of a fresh process grows at most when it looks at a picture."""
    command = [sys.executable, "-m", "benchmarks.barcodes", PEAK]
    ran = subprocess.run(command, input=data, capture_output=True, check=True)
    return int(ran.stdout) / 1024


def grown_kb(data: bytes) -> int:
    """Return by how much the memory of this process grows at most when it looks at a picture."""
    look(b"")  # whatever is loaded at the first use
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): the highest is the present size
    before = high_water_kb()
    look(data)
    return high_water_kb() - before


def high_water_kb() -> int:
    """Return the most memory that this process has had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def look(data: bytes) -> str:
    """Look at a picture, and say what came of it."""
    from stores.recognition import barcode
    from stores.recognition.port import UnreadablePictureError

    barcode.products_of_gtins = lambda _values: {}  # no database here
    try:
        return ", ".join(found.value for found in barcode.recognise(io.BytesIO(data))) or "nothing"
    except UnreadablePictureError as error:
        return str(error)


def main() -> None:
    """Measure, and say so."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    if PEAK in sys.argv:
        log(str(grown_kb(sys.stdin.buffer.read())))
        return
    for name, data in pictures():
        took = []
        for _ in range(ROUNDS):
            started = time.process_time()
            said = look(data)
            took.append((time.process_time() - started) * 1000)
        median, worst = statistics.median(took), max(took)
        log(
            f"{name}, {len(data) / 1000:.0f} kB: {median:.1f} ms CPU (worst {worst:.1f}), "
            f"+{peak_mb(data):.0f} MB, {said}"
        )


if __name__ == "__main__":
    main()
