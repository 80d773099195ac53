"""A gunicorn worker whose threads wait for requests themselves.

In gunicorn's threaded worker one thread waits for all connections. It hands each request to a
thread of a pool, which hands the connection back by a queue and a pipe: changes of threads, locks
and system calls that cost as much as a small request's queries. Here all threads wait for the same
set of connections. The kernel wakes one of them for a connection that has something to read, and
for nobody else, until that thread says that it has answered. How a request is read, refused and
answered is gunicorn's, untouched.

A new connection is taken by a thread that has nothing to do, so a worker whose threads are all
busy leaves it to the others.
"""

import contextlib
import errno
import os
import select
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from gunicorn.workers import gthread  # type: ignore[import-untyped]  # it has no types

NEXT = select.EPOLLIN | select.EPOLLONESHOT  # one thread is woken, once
LOOK_SECONDS = 1.0
TAKEN_BY_ANOTHER = {errno.EAGAIN, errno.ECONNABORTED}


class EpollWorker(gthread.ThreadWorker):
    """gunicorn's threaded worker without its dispatcher."""

    alive: bool

    def init_process(self) -> None:
        """Prepare what the threads share, and run."""
        self.epoll = select.epoll()
        self.listeners = {one.fileno(): one for one in self.sockets}
        self.waiting: dict[int, Any] = {}  # connections without a request, by descriptor
        self.busy: set[Any] = set()
        self.keepalived_conns = self.waiting  # handle_request() looks how many there are
        super().init_process()

    def run(self) -> None:
        """Start the threads; look after idle connections until told to stop; let requests end."""
        for number, listener in self.listeners.items():
            listener.setblocking(False)
            self.epoll.register(number, 0)
        for _ in range(self.cfg.threads):
            threading.Thread(target=self.serve, daemon=True).start()
        while self.alive and self.is_parent_alive():
            self.listen(NEXT if self.has_room() else 0)
            self.look(monotonic())
        self.alive = False
        self.listen(0)
        lingers_until = monotonic() + gthread.STOP_KEEPALIVE_LINGER
        ends_at = monotonic() + self.cfg.graceful_timeout
        while (self.waiting or self.busy) and monotonic() < ends_at:
            self.listen(0)  # a thread may just have let in one more
            # No connection waits longer than ``keepalive``: all that wait have waited enough.
            late = monotonic() > lingers_until
            self.look(monotonic() + (self.cfg.keepalive if late else 0))

    def has_room(self) -> bool:
        """Tell whether another connection may come in."""
        return self.alive and len(self.waiting) + len(self.busy) < self.worker_connections

    def listen(self, events: int) -> None:
        """Let a new connection in, or (0) none."""
        for number in self.listeners:
            self.epoll.modify(number, events)

    def look(self, now: float) -> None:
        """Say that we live, end what has waited until ``now``, and wait for a signal or a second.

        A connection is ended by letting its next read find the end: some thread reads it then, or
        a request that came at the last moment.
        """
        self.notify()
        for one in list(self.waiting.values()):
            if one.timeout <= now:
                with contextlib.suppress(OSError):  # it has gone
                    one.sock.shutdown(socket.SHUT_RD)
        if select.select([self.PIPE[0]], [], [], LOOK_SECONDS)[0]:
            os.read(self.PIPE[0], 64)

    def serve(self) -> None:
        """Be one of the threads."""
        while True:
            for number, _ in self.epoll.poll(maxevents=1):
                try:
                    if number in self.listeners:
                        self.take(self.listeners[number])
                    else:
                        self.answer(self.waiting[number])
                except BaseException:  # SystemExit, too: a request ends no thread
                    self.log.exception("Error in a thread.")

    def take(self, listener: socket.socket) -> None:
        """Take a new connection; it waits for its request among the others."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in TAKEN_BY_ANOTHER:
                raise  # and leave the listener alone until the next look
        else:
            one = gthread.TConn(self.cfg, sock, client, listener.getsockname())
            one.data_ready = True  # when handle() is called
            self.let_wait(one, self.epoll.register)
        if self.has_room():
            self.epoll.modify(listener, NEXT)

    def let_wait(self, one: Any, arm: Callable[[Any, int], None]) -> None:
        """Let a connection wait for a request; when ``arm`` was called, it is any thread's."""
        one.timeout = monotonic() + self.cfg.keepalive
        self.waiting[one.sock.fileno()] = one
        self.busy.discard(one)
        arm(one.sock, NEXT)

    def answer(self, one: Any) -> None:
        """Answer a connection's request, then let it wait for the next one or close it."""
        self.busy.add(one)
        del self.waiting[one.sock.fileno()]
        keeps = False
        try:
            keeps = self.handle(one)
            while keeps and one.parser.unreader.buf.getvalue():
                keeps = self.handle(one)  # the next request is read already
        finally:
            if keeps:
                self.let_wait(one, self.epoll.modify)
            else:
                one.close(graceful=True)
                self.busy.discard(one)
            if not self.alive:
                os.write(self.PIPE[1], b"1")  # it may have been the last one, or have said so
