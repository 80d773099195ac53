"""A phone that sends photos by tus, and the pictures that it takes."""

import base64
import hashlib
import io
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image

from stores.models import Photo
from tests.asserts import problem_of

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
UPLOAD = "application/offset+octet-stream"
PHOTOS = "/api/photos"


def picture(size: tuple[int, int] = (64, 48), kind: str = "JPEG", *, seed: int = 0) -> bytes:
    """Return a picture; another seed makes another one."""
    image = Image.new("RGB", size, (seed % 256, seed // 256 % 256, 90))
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def padded(length: int, *, seed: int = 0) -> bytes:
    """Return a JPEG of so many bytes: a decoder leaves alone what comes behind its end."""
    data = picture(seed=seed)
    return data + bytes(length - len(data))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def metadata(**said: str) -> str:
    """Return the header that says so."""
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    return ",".join(pairs)


def declared(key: Any, data: bytes) -> dict[str, Any]:
    """Return a photo as a visit declares it."""
    return {
        "id": str(key),
        "sha256": digest(data),
        "bytes": len(data),
        "type": "image/jpeg",
        "kind": "fridge",
    }


def announce(client, data: bytes, *, key: Any = None, body: bytes = b"", **said: Any):
    """Announce a photo; return the answer."""
    said = {"id": str(key or uuid.uuid4()), "sha256": digest(data), "type": "image/jpeg", **said}
    extra = {"HTTP_UPLOAD_LENGTH": str(len(data)), "HTTP_UPLOAD_METADATA": metadata(**said), **TUS}
    return client.generic("POST", PHOTOS, body, content_type=UPLOAD, **extra)


def announced(client, data: bytes, **options: Any) -> str:
    """Announce a photo that is taken; return where it is."""
    answer = announce(client, data, **options)
    assert answer.status_code == 201, answer.content
    return answer["Location"]


def send(client, path: str, data: bytes, offset: int = 0, **extra: Any):
    """Send bytes of a photo; return the answer."""
    options = {"content_type": UPLOAD, "HTTP_UPLOAD_OFFSET": str(offset), **TUS, **extra}
    return client.generic("PATCH", path, data, **options)


class BrokenLink(io.BytesIO):
    """A body that ends before its length, or in an error of the connection."""

    is_reset = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Return what came, then nothing, or raise what a server's socket raises."""
        data = super().read(size)
        if not data and self.is_reset:
            raise ConnectionResetError
        return data


def cut(client, path: str, data: bytes, offset: int, arrived: int, *, is_reset: bool = False):
    """Send bytes of which only so many arrive; return the answer that nobody hears."""
    body = BrokenLink(data[:arrived])
    body.is_reset = is_reset
    length = {"CONTENT_LENGTH": str(len(data)), "wsgi.input": body}
    return send(client, path, data, offset, **length)


def offset_of(client, path: str) -> int:
    """Ask how many bytes have arrived."""
    answer = client.head(path, **TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer["Upload-Offset"])


def uploaded(client, data: bytes, **options: Any) -> Photo:
    """Announce a photo and send it whole; return what is stored."""
    path = announced(client, data, **options)
    answer = send(client, path, data)
    assert answer.status_code == 204, answer.content
    return Photo.objects.get(pk=path.rpartition("/")[2])


def files_in(folder: str) -> list[Path]:
    """Return the files below a folder of MEDIA_ROOT."""
    return sorted(
        path for path in (Path(settings.MEDIA_ROOT) / folder).rglob("*") if path.is_file()
    )


def refused(answer, status: int, code: str):
    """The answer is this problem, in the words of tus."""
    assert (answer.status_code, problem_of(answer)["code"]) == (status, code)
    assert answer["Tus-Resumable"] == "1.0.0"
    return problem_of(answer)
