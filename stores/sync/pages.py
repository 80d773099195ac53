"""Pages that are the same for every seller, kept as bytes while nothing of them changes.

At eight in the morning all phones ask for the same products. A page's key says everything that
its bytes depend on, the latest version of its collection included: a write gives the collection
another latest version, so that a page of before is never found again. Nothing expires, and no
writer has to say anything; what is not asked for falls out at the end.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from stores.constants import PAGE_MEMORY_BYTES

OVERHEAD_BYTES: Final = 500  # of a page's key and its place, about


class Pages:
    """Bytes by key, at most ``limit`` bytes of them; the least recently used ones go first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable, build: Callable[[], bytes]) -> bytes:
        """Return the bytes under ``key``, built unless they are here.

        Two threads may build the same page at once; nobody waits for the other's database.
        """
        with self.lock:
            if (page := self.kept.get(key)) is not None:
                self.kept.move_to_end(key)
                return page
        page = build()
        with self.lock:
            self.forget(key)
            self.kept[key] = page
            self.size += len(page) + OVERHEAD_BYTES
            while self.size > self.limit:
                self.forget(next(iter(self.kept)))
        return page

    def forget(self, key: Hashable) -> None:
        """Drop the bytes under ``key``, if there are any; the lock is the caller's."""
        if (page := self.kept.pop(key, None)) is not None:
            self.size -= len(page) + OVERHEAD_BYTES


pages: Final = Pages(PAGE_MEMORY_BYTES)
