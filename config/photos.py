"""Where photos stay: a folder, or a bucket of S3 where ``PHOTOS_BUCKET`` names one."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from config import env

DISK = "stores.photos.files.DiskPhotos"
BUCKET = "storages.backends.s3.S3Storage"
TIMEOUT_SECONDS = 10


def storage() -> dict[str, Any]:
    """Return the entry of STORAGES; without the package that a bucket needs, stop the process."""
    bucket = env.text("PHOTOS_BUCKET", "")
    if not bucket:
        return {"BACKEND": DISK}
    if find_spec("storages") is None or find_spec("boto3") is None:
        env.refuse("PHOTOS_BUCKET needs django-storages: pipenv sync --categories s3.")
    return {
        "BACKEND": BUCKET,
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": env.service("PHOTOS_S3_URL", ("http", "https")) or None,
            "region_name": env.text("PHOTOS_S3_REGION", "") or None,
            "access_key": env.text("PHOTOS_S3_KEY", "") or None,
            "secret_key": secret() or None,
            "file_overwrite": True,  # what has the name already has the same bytes
            "default_acl": None,  # the bucket's own: private
            "querystring_auth": True,
            "client_config": import_module("botocore.config").Config(
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        },
    }


def secret() -> str:
    """Return the secret key of the bucket, which no log shows."""
    return env.text("PHOTOS_S3_SECRET", "")
