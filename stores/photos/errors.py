"""What can go wrong with a photo's upload (tus 1.0), and with the photo."""

from django.utils.translation import gettext_lazy as _
from rest_framework import status

from core.errors import (
    ApplicationError,
    BadRequest,
    Conflict,
    PayloadTooLarge,
    PreconditionFailed,
    ServiceUnavailable,
    Unprocessable,
)
from stores.constants import MAX_PHOTO_BYTES, TUS_VERSION


class TusVersionUnknown(PreconditionFailed):
    """The client speaks no version of tus that is spoken here, or does not say which."""

    default_code = "tus_version_unknown"
    default_detail = _("Send Tus-Resumable: 1.0.0.")
    advice = _("Send “Tus-Resumable: 1.0.0” with each request but OPTIONS.")

    def __init__(self) -> None:
        super().__init__(headers={"Tus-Version": TUS_VERSION})


class UploadHeader(BadRequest):
    """A header of tus is missing or says nothing that can be used; the detail names it."""

    default_code = "upload_header"
    default_detail = _("A header of the upload is missing or wrong.")


class PhotoTooLarge(PayloadTooLarge):
    """A photo has more bytes than are taken, or more come than were announced."""

    default_code = "photo_too_large"
    default_detail = _("The photo has too many bytes.")

    def __init__(self, *, limit: int = MAX_PHOTO_BYTES) -> None:
        super().__init__(limit=limit)


class PhotoIdTaken(Conflict):
    """Another seller's photo has this id."""

    default_code = "photo_id_taken"
    default_detail = _("There is already a photo under this id.")


class PhotoDiffers(Conflict):
    """A photo that a visit has is announced again with other content."""

    default_code = "photo_differs"
    default_detail = _("There is already another photo under this id.")


class UploadOffset(Conflict):
    """The bytes do not begin where those that arrived end."""

    default_code = "upload_offset"
    default_detail = _("The upload stands at another offset.")
    advice = _("Ask for the offset by HEAD, and send the bytes from there.")

    def __init__(self, *, offset: int) -> None:
        super().__init__(headers={"Upload-Offset": str(offset)}, offset=offset)


class PhotoGone(ApplicationError):
    """The upload has expired: what had arrived of it is deleted."""

    status_code = status.HTTP_410_GONE
    default_code = "photo_expired"
    default_detail = _("The upload has expired.")
    advice = _("Announce the photo again, under the same id, and send all of it.")


class PhotoFailed(ApplicationError):
    """The bytes came as they were announced, and are no photo that can be used."""

    status_code = status.HTTP_410_GONE
    default_code = "photo_failed"
    default_detail = _("These bytes are no usable photo.")
    advice = _("Send another photo; these bytes will be refused again.")

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class PhotoUnusable(Unprocessable):
    """The last bytes have arrived, and the whole is no photo that can be used."""

    default_code = "photo_unusable"
    default_detail = _("These bytes are no usable photo.")

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class ChecksumMismatch(ApplicationError):
    """The bytes are not those of which the checksum was sent; they are forgotten."""

    status_code = 460  # tus 1.0, checksum extension
    default_code = "checksum_mismatch"
    default_detail = _("The bytes do not have the checksum that was announced.")


class StorageFull(ApplicationError):
    """There is no room for the bytes; those that arrived before stay."""

    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_code = "storage_full"
    default_detail = _("There is no room for the photo now.")
    retry_after = 30


class StorageAway(ServiceUnavailable):
    """Where photos are kept does not answer."""

    default_code = "photos_away"
    default_detail = _("The photos are not reachable now.")
