"""A way to PostgreSQL on which nothing comes back any more, when a test says so."""

import contextlib
import socket
import threading

from django.db import connection, connections


class Hole:
    """Passes bytes on until it is closed; then it acknowledges what comes and says nothing.

    So does a server that is stopped, whose operating system goes on.
    """

    def __init__(self, host, port):
        self.target = (host, port)
        self.passes = threading.Event()
        self.passes.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                server = socket.create_connection(self.target)
                self.peers += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=(source, target), daemon=True).start()

    def pump(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.passes.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.passes.set()
        for peer in (self.listener, *self.peers):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()


@contextlib.contextmanager
def through_a_hole(**settings):
    """Let this thread's database connection lead through a hole, which is yielded."""
    usual = connections["default"]
    described = usual.settings_dict
    hole = Hole(described["HOST"] or "127.0.0.1", int(described["PORT"] or 5432))
    usual.close()
    other = usual.copy()
    other.settings_dict.update(HOST="127.0.0.1", PORT=str(hole.port), **settings)
    connections["default"] = other
    try:
        yield hole
    finally:
        connection.close()
        connections["default"] = usual
        hole.close()
