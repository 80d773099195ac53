"""Photos by tus 1.0: https://tus.io/protocols/resumable-upload.

A body is read whole before anything of an upload is locked: a phone that sends slowly, or never
ends, keeps nothing from anybody. Behind nginx it has arrived there before a thread sees it.
"""

import datetime as dt
import uuid
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.http import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.renderers import JSONRenderer
from core.api.schema.headers import asked
from core.api.views import APIView
from core.errors import NotFound
from core.values import parse_uuid
from stores import contract, permissions
from stores.constants import MAX_PHOTO_BYTES, TUS_VERSION, UPLOAD_TYPE, PhotoState, PhotoType
from stores.models import Photo
from stores.photos import headers
from stores.photos.errors import ChecksumMismatch
from stores.serializers.photos import PhotoSerializer
from stores.services import uploads
from stores.services.pictures import look_at

READ_BYTES = 64 * 1024
IN_MEMORY_BYTES = 1024 * 1024  # of one body; a larger one waits on disk, in a file without a name
OFFERED = {
    "Tus-Version": TUS_VERSION,
    "Tus-Extension": "creation,creation-with-upload,checksum,expiration",
    "Tus-Max-Size": str(MAX_PHOTO_BYTES),
    "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
}
VERSION_PARAMETER = asked("Tus-Resumable", "The version of tus; always 1.0.0.", enum=[TUS_VERSION])
CHECKSUM_PARAMETER = asked("Upload-Checksum", "sha256 or sha1, a blank, the digest in Base64.")
LENGTH_PARAMETER = asked("Upload-Length", "How many bytes the photo has.", pattern="^[0-9]+$")
METADATA_PARAMETER = asked(
    "Upload-Metadata",
    "Pairs of a key and a value in Base64: id, sha256 and type; visit and kind if there are any.",
)
OFFSET_PARAMETER = asked("Upload-Offset", "Where these bytes begin.", pattern="^[0-9]+$")


def photo_key(value: str) -> uuid.UUID:
    """Return the id that a part of the path spells, or raise a 404."""
    try:
        return parse_uuid(value)
    except ValueError:
        raise NotFound from None


class TusView(APIView):
    """A route of the protocol: it checks the client's version, and says its own."""

    atomic = False  # no transaction waits for a phone
    keeps_answers = False  # a photo is known by its id
    cache_control = "no-store"
    http_method_names = ["get", "head", "post", "patch", "options"]
    speaking = frozenset({"POST", "PATCH", "HEAD"})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the request in, if it also speaks the protocol."""
        super().initial(request, *args, **kwargs)
        if request.method in self.speaking and self.action_name() is not None:
            headers.check_version(request.META)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer one request; whatever the answer is, it names the protocol's version."""
        response = super().dispatch(request, *args, **kwargs)
        response["Tus-Resumable"] = TUS_VERSION
        return response

    def get_renderers(self) -> list[Any]:
        """Return what an answer can be negotiated about: nothing where it has no body."""
        return [] if self.request.method in {"POST", "PATCH"} else super().get_renderers()

    def options(self, *_args: Any, **kwargs: Any) -> Response:
        """Say what of the protocol is offered, in all and for an upload."""
        if "photo_id" in kwargs:
            photo_key(kwargs["photo_id"])
        return Response(status=204, headers=OFFERED)

    @property
    def seller_id(self) -> int:
        """Return the id of the seller who calls."""
        assert self.request.user.pk is not None  # noqa: S101 - the permission table let them in
        return self.request.user.pk


def state_of(photo: Photo) -> dict[str, str]:
    """Return what the protocol's headers say of an upload."""
    said = {"Upload-Offset": str(photo.offset)}
    if photo.state == PhotoState.RECEIVING and photo.expires_at is not None:
        said["Upload-Expires"] = http_date(photo.expires_at.astimezone(dt.UTC).timestamp())
    return said


def picture_renderer(media_type: str) -> type[JSONRenderer]:
    """Return what lets a caller ask for pictures of a type; errors are JSON, as ever."""
    return type("PictureRenderer", (JSONRenderer,), {"media_type": media_type})


def length_of(request: Request) -> int:
    """Return how many bytes a request brings."""
    return int(request.META.get("CONTENT_LENGTH") or 0)


def check_type(request: Request) -> None:
    """Refuse a body that is not bytes of a photo.

    Raises:
        UnsupportedMediaType: it is something else.
    """
    media_type = request.META.get("CONTENT_TYPE") or ""
    if not headers.is_upload(media_type):
        raise UnsupportedMediaType(media_type[:100])


def body_of(request: Request) -> IO[bytes]:
    """Return the bytes that a request brought, which may be fewer than it promised.

    Raises:
        ChecksumMismatch: they do not come to the checksum of all of them, so none is taken.
    """
    checksum = headers.checksum_of(request.META)
    http: Any = request._request  # noqa: SLF001 - Django's own request: no parser reads this body
    body = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115 - the caller closes it
    try:
        while data := http.read(READ_BYTES):
            body.write(data)
    except UnreadablePostError:
        pass  # the link broke: what came is kept, and its sender asks for the offset
    if checksum is not None and not checksum.fits(body):
        body.close()
        raise ChecksumMismatch
    return body


class PhotosView(TusView):
    """Where photos are announced."""

    permission_table = permissions.PHOTOS
    resource = contract.PHOTOS

    @extend_schema(
        parameters=[VERSION_PARAMETER, LENGTH_PARAMETER, METADATA_PARAMETER, CHECKSUM_PARAMETER],
        request={UPLOAD_TYPE: OpenApiTypes.BINARY},
        responses={200: None, 201: None},
    )
    def post(self, request: Request) -> Response:
        """Announce a photo, and send its first bytes if there is a body.

        `Upload-Metadata` has the `id` that the phone made, the `sha256` of all bytes and the
        `type`; `visit` and `kind` if there are any. The same id again is the same upload: 200, and
        the body is left alone unless nothing has arrived yet.
        """
        count = length_of(request)
        if count:
            check_type(request)
        said = headers.announcement_of(request.META)
        photo, is_new = uploads.announce(seller_id=self.seller_id, said=said)
        if count and not photo.offset:
            uploads.check_place(photo, 0, count)
            with body_of(request) as body:
                photo = uploads.append(photo=photo, offset=0, body=body)
        location = f"{request.path.rstrip('/')}/{photo.pk}"
        said_back = {"Location": location, **state_of(photo)}
        return Response(status=201 if is_new else 200, headers=said_back)


class PhotoView(TusView):
    """One upload."""

    permission_table = permissions.PHOTO
    resource = contract.PHOTO

    @extend_schema(responses=PhotoSerializer)
    def get(self, _request: Request, photo_id: str) -> Response:
        """Return where a photo of the caller stands.

        HEAD answers as tus says: `Upload-Offset` and `Upload-Length`, 410 when nothing can be sent
        any more.
        """
        photo = uploads.own_photo(photo_id=photo_key(photo_id), seller_id=self.seller_id)
        return Response(PhotoSerializer(photo).data)

    def head(self, _request: Request, photo_id: str) -> Response:
        """Say how many bytes of a photo have arrived."""
        photo = uploads.own_photo(photo_id=photo_key(photo_id), seller_id=self.seller_id)
        uploads.check_open(photo)
        return Response(headers={"Upload-Length": str(photo.bytes), **state_of(photo)})

    @extend_schema(
        parameters=[VERSION_PARAMETER, OFFSET_PARAMETER, CHECKSUM_PARAMETER],
        request={UPLOAD_TYPE: OpenApiTypes.BINARY},
        responses={204: None},
    )
    def patch(self, request: Request, photo_id: str) -> Response:
        """Send bytes of a photo, from `Upload-Offset` on.

        When the link breaks, what came stays; HEAD tells how much that is. The last bytes are
        acknowledged when the whole is found to be what was announced, and a picture.
        """
        check_type(request)
        offset, key = headers.offset_of(request.META), photo_key(photo_id)
        photo = uploads.own_photo(photo_id=key, seller_id=self.seller_id)
        uploads.check_place(photo, offset, length_of(request))
        with body_of(request) as body:
            photo = uploads.append(photo=photo, offset=offset, body=body)
        return Response(status=204, headers=state_of(photo))


class PictureView(APIView):
    """The picture itself, for its seller and for support."""

    permission_table = permissions.PICTURE
    resource = contract.PICTURE
    renderer_classes = (JSONRenderer, *map(picture_renderer, PhotoType.values))
    cache_control = "no-store"

    @extend_schema(
        parameters=[OpenApiParameter("photo_id", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses={(200, kind): OpenApiTypes.BINARY for kind in PhotoType.values},
    )
    def get(self, request: Request, photo_id: str) -> HttpResponseBase:
        """Return the picture, as the phone sent it. Who looks at another's leaves an entry."""
        key = photo_key(photo_id)
        seller_id = request.user.pk if permissions.is_seller(request) else None
        return look_at(photo_id=key, seller_id=seller_id)
