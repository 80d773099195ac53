"""A stand-in for the outside APIs: dog.ceo, TMDB, a file relay, a vision service; faults on demand.

A development tool on the standard library alone. From a shell: `python -m sandbox --help`.
In a test:

    with sandbox.running() as server:
        server.faults.set("tmdb", status=503, times=2)
        ...  # call f"{server.url}/tmdb/3/movie/popular"
        assert server.calls("tmdb") == 3
"""

import contextlib
import threading
from collections.abc import Iterator

from sandbox.faults import Fault, FaultError
from sandbox.handler import Handler
from sandbox.server import Server
from sandbox.tmdb import ACCESS_TOKEN, API_KEY

__all__ = ["ACCESS_TOKEN", "API_KEY", "Fault", "FaultError", "Server", "running"]


@contextlib.contextmanager
def running(*, port: int = 0, quiet: bool = True) -> Iterator[Server]:
    """Run a sandbox in a thread of this process, on a free port."""
    server = Server(("127.0.0.1", port), Handler, quiet=quiet)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
