"""Photos that are not what was announced, headers that say nothing, what is no picture."""

import base64
import hashlib
import struct
import uuid
import zlib

import pytest

from core.models import JournalEntry
from stores.models import Photo
from stores.photos import pictures
from stores.tests.helpers_photos import (
    PHOTOS,
    TUS,
    UPLOAD,
    announce,
    announced,
    digest,
    files_in,
    metadata,
    offset_of,
    padded,
    picture,
    refused,
    send,
    uploaded,
)
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import problem_of

pytestmark = pytest.mark.django_db
DATA = padded(30_000)
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG of that many pixels in some kilobytes: one row, so often."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _row in range(min(height, 500)))
    data = chunk(b"IDAT", rows + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


# -- the protocol's version and headers ------------------------------------------------------------
@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0.1", "1.0.0,1.0.0", "\x00"])
def test_another_version_of_the_protocol_is_refused(phone, version):
    path = announced(phone, DATA)
    said = {} if version is None else {"HTTP_TUS_RESUMABLE": version}
    with nothing_changes():
        for method, address in (("POST", PHOTOS), ("PATCH", path), ("HEAD", path)):
            answer = phone.generic(method, address, b"x", content_type=UPLOAD, **said)
            assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("length", ["", "0", "-1", "1e3", " 10", "٣", "x", "9" * 19, "1.0"])
def test_a_photo_has_a_length(phone, length):
    with nothing_changes():
        said = metadata(id=str(uuid.uuid4()), sha256=digest(DATA), type="image/jpeg")
        headers = {"HTTP_UPLOAD_LENGTH": length, "HTTP_UPLOAD_METADATA": said, **TUS}
        answer = phone.generic("POST", PHOTOS, b"", content_type=UPLOAD, **headers)
    refused(answer, 400, "upload_header")


def test_nine_megabytes_are_refused(phone):
    with nothing_changes():
        problem = refused(announce(phone, bytes(9 * MEGABYTE)), 413, "photo_too_large")
        assert problem["limit"] == 8 * MEGABYTE
        answer = send(phone, f"{PHOTOS}/{uuid.uuid4()}", bytes(9 * MEGABYTE))
        assert (answer.status_code, problem_of(answer)["code"]) == (413, "payload_too_large")


def test_only_photos_may_be_larger_than_other_bodies(phone):
    two = bytes(2 * MEGABYTE)
    answer = phone.generic("POST", "/api/sync/visits", two, content_type=UPLOAD)
    assert answer.status_code == 413
    answer = phone.generic("POST", PHOTOS, two, content_type="application/json", **TUS)
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["HTTP_UPLOAD_DEFER_LENGTH", "HTTP_UPLOAD_CONCAT"])
def test_extensions_that_are_not_offered_are_refused(phone, name):
    said = metadata(id=str(uuid.uuid4()), sha256=digest(DATA), type="image/jpeg")
    headers = {"HTTP_UPLOAD_LENGTH": "10", "HTTP_UPLOAD_METADATA": said, name: "1", **TUS}
    with nothing_changes():
        refused(phone.generic("POST", PHOTOS, b"", **headers), 400, "upload_header")


@pytest.mark.parametrize(
    "header",
    [
        "id",
        "id !!!",
        "id YQ",
        "id /w==",
        "id YQ==,id YQ==",
        ",",
        "id YQ==,,",
        "id  YQ==",
        "ñ YQ==",
        "x" * 4_097,
        "id " + base64.b64encode(b"x" * 5_000).decode(),
        "a " + base64.b64encode(b"\x00").decode(),
        "id " + base64.b64encode(b"00000000-0000-0000-0000-000000000000").decode(),
        "id " + base64.b64encode("\ud800".encode("utf-8", "surrogatepass")).decode(),
    ],
)
def test_metadata_that_says_nothing_is_refused(phone, header):
    headers = {"HTTP_UPLOAD_LENGTH": "10", "HTTP_UPLOAD_METADATA": header, **TUS}
    with nothing_changes():
        answer = phone.generic("POST", PHOTOS, b"", content_type=UPLOAD, **headers)
    assert answer.status_code == 400
    assert problem_of(answer)["code"] in {"upload_header", "invalid"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "urn:uuid:" + str(uuid.uuid4())}, "id"),
        ({"visit": "881"}, "visit"),
        ({"sha256": ""}, "sha256"),
        ({"sha256": "z" * 64}, "sha256"),
        ({"sha256": "a" * 63}, "sha256"),
        ({"type": "image/heic"}, "type"),
        ({"type": "text/html"}, "type"),
        ({"kind": "a\x00b"}, "kind"),
        ({"kind": "x" * 21}, "kind"),
        ({"kind": "<script>"}, "kind"),
    ],
)
def test_metadata_that_cannot_be_is_refused_by_name(phone, said, field):
    with nothing_changes():
        problem = refused(announce(phone, DATA, **said), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_what_the_metadata_says_beside_is_left_alone(phone):
    assert (
        announce(phone, DATA, filename="../../etc/passwd", relativePath="null").status_code == 201
    )


@pytest.mark.parametrize("kind", ["", "application/json", "image/jpeg", f"{UPLOAD}; charset=x"])
def test_another_media_type_is_refused(phone, kind):
    path = announced(phone, DATA)
    with nothing_changes():
        refused(send(phone, path, DATA, content_type=kind), 415, "unsupported_media_type")


def test_a_media_type_has_no_case(phone):
    path = announced(phone, DATA)
    sent = send(phone, path, DATA[:10], content_type=UPLOAD.upper())
    assert (sent.status_code, sent["Upload-Offset"]) == (204, "10")


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "9" * 30])
def test_an_offset_is_a_number(phone, offset):
    path = announced(phone, DATA)
    with nothing_changes():
        refused(send(phone, path, DATA, offset), 400, "upload_header")


# -- checksums -------------------------------------------------------------------------------------
def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    said = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"HTTP_UPLOAD_CHECKSUM": f"{algorithm} {said}"}


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_bytes_come_with_a_checksum(phone, algorithm):
    path = announced(phone, DATA)
    wrong = send(phone, path, DATA[:1_000], **checksum(b"other", algorithm))
    refused(wrong, 460, "checksum_mismatch")
    assert offset_of(phone, path) == 0
    answer = send(phone, path, DATA[:1_000], **checksum(DATA[:1_000], algorithm))
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "1000")


def test_of_bytes_with_a_checksum_all_arrive_or_none(phone):
    path = announced(phone, DATA)
    answer = send(phone, path, DATA[:500], CONTENT_LENGTH="500", **checksum(DATA[:1_000]))
    refused(answer, 460, "checksum_mismatch")
    assert offset_of(phone, path) == 0


@pytest.mark.parametrize(
    "header", ["", "sha256", "sha256 !", "md5 YQ==", "sha256 YQ==", "sha1 " + "A" * 5_000]
)
def test_a_checksum_that_says_nothing_is_refused(phone, header):
    path = announced(phone, DATA)
    with nothing_changes():
        refused(send(phone, path, DATA, HTTP_UPLOAD_CHECKSUM=header), 400, "upload_header")


def test_bytes_with_another_hash_than_announced_begin_anew(phone):
    path = announced(phone, DATA, sha256=digest(b"other"))
    send(phone, path, DATA[:1_000])
    refused(send(phone, path, DATA[1_000:], 1_000), 460, "checksum_mismatch")
    assert offset_of(phone, path) == 0
    assert (Photo.objects.get().state, files_in("photos")) == ("receiving", [])


# -- what is no photo ------------------------------------------------------------------------------
TEXT = b"this is a text that somebody has named jpg\n" * 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (TEXT, "not_a_picture"),
        (b"\xff\xd8\xff" + TEXT, "broken"),
        (picture((640, 480))[:-400], "broken"),
        (b"\x89PNG\r\n\x1a\n" + TEXT, "broken"),
        (b"GIF89a" + TEXT, "not_a_picture"),
        (b"RIFF\x00\x00\x00\x00WEBP" + TEXT, "broken"),
        (b"RIFF\x1a\x00\x00\x00WEBPVP8L\r\x00\x00\x00\x2f\xff\xff\xff\xff\x00", "too_many_pixels"),
        (b"\xff\xd8\xff" + b"\xff\xda" * 101, "broken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not_a_picture"),
        (b"x", "not_a_picture"),
    ],
)
def test_what_is_no_photo_fails_for_good(phone, data, reason):
    key = uuid.uuid4()
    path = announced(phone, data, key=key)
    assert refused(send(phone, path, data), 422, "photo_unusable")["reason"] == reason
    assert phone.head(path, **TUS).status_code == 410
    assert refused(send(phone, path, data), 410, "photo_failed")["reason"] == reason
    assert refused(announce(phone, data, key=key), 410, "photo_failed")["reason"] == reason
    photo = Photo.objects.get()
    assert (photo.state, photo.fault, photo.file) == ("failed", reason, "")
    assert (files_in("photos"), files_in("uploads")) == ([], [])
    assert JournalEntry.objects.filter(model="stores.Photo", object_id=str(key)).count() == 1
    assert phone.get(path).json()["fault"] == reason


def test_another_photo_takes_the_place_of_one_that_failed(phone):
    key = uuid.uuid4()
    send(phone, announced(phone, TEXT, key=key), TEXT)
    assert uploaded(phone, picture(), key=key).state == "stored"
    assert Photo.objects.count() == 1


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_photos_type_is_what_its_bytes_say(phone, kind, suffix):
    photo = uploaded(phone, picture(kind=kind))
    assert (photo.type, photo.file.rpartition(".")[2]) == (f"image/{kind.lower()}", suffix)


def test_a_bomb_is_refused_before_it_is_decoded(phone):
    data = bomb()
    assert len(data) < MEGABYTE
    path = announced(phone, data, type="image/png")
    assert refused(send(phone, path, data), 422, "photo_unusable")["reason"] == "too_many_pixels"


def test_pictures_up_to_the_limit_are_decoded(tmp_path):
    path = tmp_path / "one"
    for size, fault in (((8_000, 5_000), ""), ((8_001, 5_000), "too_many_pixels")):
        path.write_bytes(picture(size))
        assert pictures.examine(path).fault == fault


def test_a_webp_of_as_many_pixels_as_others_may_have_is_refused_before_it_is_opened(
    tmp_path, monkeypatch
):
    path, small = tmp_path / "one", picture((4, 4), kind="WEBP")
    monkeypatch.setattr(pictures, "MAX_WEBP_PIXELS", 16)
    path.write_bytes(small)
    assert pictures.examine(path) == ("image/webp", "")
    monkeypatch.setattr(pictures, "MAX_WEBP_PIXELS", 15)
    monkeypatch.setattr(pictures.Image, "open", None)
    assert pictures.examine(path) == ("", "too_many_pixels")


def test_odd_marks_in_a_photo_are_no_news_for_the_log(tmp_path, recwarn):
    path = tmp_path / "one"
    path.write_bytes(picture((64, 48)))
    data = path.read_bytes()
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x69\x87\x04\0"
    path.write_bytes(b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    assert pictures.examine(path).fault == ""
    assert not recwarn.list


MEASURE = """
import resource, sys
from pathlib import Path
from stores.photos import pictures
pictures.examine(Path(sys.argv[1]))  # a small one: the decoder is loaded
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = pictures.examine(Path(sys.argv[2]))
print(found.fault, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_takes_no_memory(tmp_path, boot):
    """A23: + 50 MB at most, in a process that could not have more than 512 MB."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(picture(kind="PNG"))
    large.write_bytes(bomb())
    code = f"import resource; resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n{MEASURE}"
    done = boot(code, {}, str(small), str(large))
    assert done.returncode == 0, done.stderr
    fault, kilobytes = done.stdout.split()
    assert fault == "too_many_pixels"
    assert int(kilobytes) < 50 * 1024
