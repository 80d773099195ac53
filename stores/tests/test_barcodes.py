"""The barcode reader on made pictures, and on files that are none."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageFile

from stores import drawing
from stores.models import ProductAlias
from stores.recognition import barcode
from stores.recognition.port import Found, UnreadablePictureError
from stores.tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
GTIN = "9520010000018"


def look(data):
    return barcode.recognise(io.BytesIO(data))


def png_of(width, height, rows=b""):
    """Return the bytes of a PNG that says it has so many grey pixels."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_a_code_at_an_angle_on_a_cluttered_shelf_is_the_product():
    product = ProductFactory(gtin=GTIN)
    [found] = look(drawing.jpeg(drawing.shelf(GTIN)))
    assert found == Found(product.pk, "gtin", GTIN, found.box, None)
    left, top, width, height = found.box
    # The label begins at a third of both sides and is 321 by 200 pixels of 1600 by 1200.
    assert 1 / 3 < left < left + width < 0.55
    assert 1 / 3 < top < top + height < 0.51


def test_a_picture_without_a_code_has_nothing():
    ProductFactory(gtin=GTIN)
    assert look(drawing.jpeg(drawing.shelf())) == []


def test_a_code_that_no_product_has_is_told_as_it_is():
    [found] = look(drawing.jpeg(drawing.shelf(GTIN)))
    assert (found.product_id, found.value) == (None, GTIN)


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "19520010000015"])
def test_the_other_codes_of_retail_are_read(gtin):
    product = ProductFactory(gtin=gtin)
    [found] = look(drawing.jpeg(drawing.shelf(gtin, angle=0)))
    assert (found.product_id, found.value.rjust(14, "0")) == (product.pk, gtin.rjust(14, "0"))


def test_a_photo_taken_upright_is_boxed_as_people_see_it():
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    drawing.shelf(GTIN).rotate(90, expand=True).save(file, "JPEG", exif=exif)
    [lying] = look(drawing.jpeg(drawing.shelf(GTIN)))
    [turned] = look(file.getvalue())
    assert turned.box == pytest.approx(lying.box, abs=0.02)


def test_a_large_jpeg_is_decoded_smaller():
    image = Image.open(io.BytesIO(drawing.jpeg(Image.new("L", (4000, 3000), 255))))
    assert barcode.decoded(image.fp).size == (2000, 1500)


def test_png_and_webp_are_read_too():
    for form in ("PNG", "WEBP"):
        file = io.BytesIO()
        drawing.shelf(GTIN, size=(800, 600)).save(file, form)
        assert [one.value for one in look(file.getvalue())] == [GTIN], form


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\xff\xd8\xff\xe0" + b"\x00" * 64,
        drawing.jpeg(drawing.shelf(size=(200, 200)))[:900],
        png_of(100, 100),
        b"%PDF-1.4",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"II*\x00\x08\x00\x00\x00\xff\xff",
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadablePictureError, match="unreadable"):
        look(data)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (9_000, 9_000), (4_001, 3_000)])
def test_a_bomb_is_refused_by_its_header(width, height, monkeypatch):
    decoded = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded.append)
    with pytest.raises(UnreadablePictureError, match="too_many_pixels"):
        look(png_of(width, height, bytes(64)))
    assert decoded == []


def test_only_numbers_with_a_right_check_digit_are_codes():
    assert barcode.is_gtin(GTIN)
    assert not any(map(barcode.is_gtin, ["", "9520010000011", "٩٥٢٠٠١٠٠٠٠٠١٨", "952001000001x"]))


def test_a_code_is_the_product_that_support_taught():
    product = ProductFactory(gtin="")
    ProductAlias.objects.create(product=product, kind="gtin", value=GTIN.rjust(14, "0"))
    [found] = look(drawing.jpeg(drawing.shelf(GTIN)))
    assert (found.product_id, found.value) == (product.pk, GTIN)
