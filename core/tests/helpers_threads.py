"""Threads that start at once, each with a database connection of its own."""

import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def together(count: int, action: Callable[[int], Any]) -> list[Any]:
    """Run ``action(number)`` in so many threads that start at once; return what they returned.

    What one raises is returned, too: the caller looks at it.
    """
    barrier = threading.Barrier(count)

    def run(number: int) -> Any:
        barrier.wait(timeout=20)
        try:
            return action(number)
        except Exception as error:  # noqa: BLE001 - the caller looks at it
            return error
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
