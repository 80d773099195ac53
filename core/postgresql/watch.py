"""Cuts connections on which the server has been silent for longer than somebody waits.

A server that is stopped, or whose disk hangs, still acknowledges what it is sent: its operating
system does. So neither ``tcp_user_timeout`` nor keep-alives see it, and its own
``statement_timeout`` needs a server that runs. libpq waits without end. One thread per process
looks at the statements under way, and shuts the socket of one that is overdue: the driver then says
what it says of any server that went away.
"""

import contextlib
import logging
import os
import socket
import threading
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

from psycopg2 import InterfaceError, extensions

from core.patience import within

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.1

_lock = threading.Lock()
_connections: WeakSet["Connection"] = WeakSet()
_begun = threading.Event()
_thread: threading.Thread | None = None


class Connection(extensions.connection):
    """psycopg2's, with the moment until which the server may be silent."""

    silence_seconds: float | None = None
    last_answer_at = 0.0  # of any connection: on the class
    overdue_at: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with _lock:
            _connections.add(self)

    def begin(self) -> None:
        """Note until when an answer must be there."""
        seconds = within(self.silence_seconds)
        if seconds is not None:
            self.overdue_at = monotonic() + seconds
            if not _begun.is_set():
                start_looking()

    def commit(self) -> None:
        """Commit, while somebody waits for it."""
        self.begin()
        try:
            super().commit()
        finally:
            self.overdue_at = None

    def rollback(self) -> None:
        """Roll back, while somebody waits for it."""
        self.begin()
        try:
            super().rollback()
        finally:
            self.overdue_at = None

    def cut(self) -> None:
        """Let whoever waits for an answer hear that there will be none."""
        self.overdue_at = None
        with contextlib.suppress(OSError, InterfaceError):  # it has just been closed
            number = self.fileno()
            with socket.socket(fileno=os.dup(number)) as wire:
                # Closed meanwhile, the number may be another socket's, but no longer libpq's.
                if self.fileno() == number:
                    wire.shutdown(socket.SHUT_RDWR)


class Cursor(extensions.cursor):
    """psycopg2's, which waits no longer than its connection may."""

    connection: Connection

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
        """Run a statement."""
        connection = self.connection
        connection.begin()
        try:
            super().execute(query, vars)
            Connection.last_answer_at = monotonic()
        finally:
            connection.overdue_at = None


def start_looking() -> None:
    """Start the thread that looks, or wake it."""
    global _thread  # noqa: PLW0603 - one per process
    with _lock:
        _begun.set()
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=look, name="database-watch", daemon=True)
            _thread.start()


def look() -> None:
    """Cut what is overdue, as long as the process lives; sleep while nothing is under way."""
    while True:
        _begun.wait()
        sleep(LOOK_SECONDS)
        # First: who begins from here on wakes us.
        _begun.clear()
        with _lock:
            moments = [(one, one.overdue_at) for one in list(_connections)]
        if any(moment is not None for _one, moment in moments):
            _begun.set()
        now = monotonic()
        for one, moment in moments:
            if moment is not None and moment < now:
                logger.error("database silent")
                one.cut()


def forget() -> None:
    """Start anew in a process that was just forked: it has no thread, and no lock is its own."""
    global _lock, _thread  # noqa: PLW0603 - see start_looking
    _lock = threading.Lock()
    _thread = None
    _begun.clear()
    _connections.clear()


os.register_at_fork(after_in_child=forget)
