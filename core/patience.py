"""How long this thread waits for an answer of the database before it says that there is none.

PostgreSQL itself ends statements that take too long, as long as it runs. For one that hangs,
:mod:`core.postgresql.watch` counts the seconds that are said here.
"""

import contextlib
import math
from collections.abc import Iterator
from contextvars import ContextVar

# Who signs in by a token, and who reads, has no business waiting: nobody locks what they want.
READ_SECONDS = 3.0
USUAL = math.nan  # whatever the connection's settings say (config/database.py)

_seconds: ContextVar[float | None] = ContextVar("patience", default=USUAL)


def wait_at_most(seconds: float | None) -> None:
    """Wait so long for each answer from here on; None: without end; USUAL: as if nothing said."""
    _seconds.set(seconds)


@contextlib.contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """Wait so long for each answer within the block."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def within(usual: float | None) -> float | None:
    """Return the seconds that the next answer may take, or None: any number."""
    seconds = _seconds.get()
    return usual if seconds is not None and math.isnan(seconds) else seconds
