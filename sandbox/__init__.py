"""A stand-in for the outside APIs: dog.ceo, TMDB and the file relay, with faults on demand.

A development tool on the standard library alone. From a shell: `python -m sandbox --help`.
In a test:

    with sandbox.running() as server:
        server.faults.set("tmdb", status=503, times=2)
        ...  # call f"{server.url}/tmdb/3/movie/popular"
        assert server.calls("tmdb") == 3
"""

from sandbox.faults import Fault, FaultError
from sandbox.server import Server, running
from sandbox.tmdb import ACCESS_TOKEN, API_KEY

__all__ = ["ACCESS_TOKEN", "API_KEY", "Fault", "FaultError", "Server", "running"]
