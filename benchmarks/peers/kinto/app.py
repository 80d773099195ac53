"""Kinto on the benchmark's database, as its template sets it up.

Whoever has a name may read and write: to check a password would cost it more. gunicorn serves it
as it serves the other peers; Kinto's own waitress has one process. Run as a program it makes its
tables.
"""

import logging
import warnings

from benchmarks.common import DATABASE_URL, SIGNING_KEY

warnings.simplefilter("ignore")  # no TLS on loopback, and what Pyramid imports
logging.disable(logging.WARNING)

from kinto import main  # noqa: E402 - when warnings are off
from kinto.core.scripts import migrate  # noqa: E402 - when warnings are off

URL = DATABASE_URL.replace("postgres://", "postgresql://")
SETTINGS = {
    "kinto.storage_backend": "kinto.core.storage.postgresql",
    "kinto.storage_url": URL,
    "kinto.permission_backend": "kinto.core.permission.postgresql",
    "kinto.permission_url": URL,
    "kinto.cache_backend": "kinto.core.cache.memory",
    "kinto.userid_hmac_secret": SIGNING_KEY,
    "kinto.bucket_write_principals": "system.Authenticated",
    "kinto.bucket_create_principals": "system.Authenticated",
    "multiauth.policies": "basicauth",
}
application = main({}, **SETTINGS)


if __name__ == "__main__":
    migrate({"registry": application.registry})
