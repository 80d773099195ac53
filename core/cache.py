"""The cache on disk, for one machine without Redis."""

import logging
from typing import Any, BinaryIO

from django.core.cache.backends.filebased import FileBasedCache

logger = logging.getLogger("plaza.cache")


class FileCache(FileBasedCache):
    """Django's cache in files, for which an unreadable file is one that is not there.

    A crash or a full disk may leave half a file; Django would raise on it until it expires.
    """

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return what is kept, or ``default`` when it is absent, expired or unreadable."""
        try:
            return super().get(key, default, version)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - pickle and zlib raise nearly anything on half a file
            logger.warning("cache_entry_unreadable")
            self.delete(key, version)
            return default

    def _is_expired(self, f: BinaryIO) -> bool:
        """Tell whether an entry has expired, or its first part cannot be read; remove it then."""
        try:
            return bool(super()._is_expired(f))  # type: ignore[misc]  # the stubs leave it out
        except Exception:  # noqa: BLE001 - see get
            logger.warning("cache_entry_unreadable")
            f.close()
            self._delete(f.name)  # type: ignore[attr-defined]  # the stubs leave it out
            return True
