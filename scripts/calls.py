"""One HTTP client that says of each try what came of it: for `make smoke` and `make drill`."""

from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

OK = range(200, 300)
NO_ANSWER = 0
BROKEN_OFF = -1  # the answer had begun: nginx cannot have it from another node


@dataclass
class Answer:
    """What one try came to: a status, or one of the two above."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Tell whether the request was granted."""
        return self.status in OK


class Caller:
    """A client of one port that keeps its connection."""

    def __init__(self, port: int, token: str, timeout: float = 20) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.token = token
        self.reconnected = 0

    def once(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Return what one try came to.

        A kept connection that was closed while idle is reopened: nginx closes those when it
        reloads, and every HTTP client reconnects then.
        """
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        reused = self.connection.sock is not None
        for _ in range(2):
            try:
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
            except (HTTPException, OSError):
                self.connection.close()
                if not reused:
                    return Answer(NO_ANSWER)
                reused = False
                self.reconnected += 1
                continue
            try:
                read = response.read()
            except (HTTPException, OSError):
                self.connection.close()
                return Answer(BROKEN_OFF)
            return Answer(response.status, read, dict(response.headers.items()))
        return Answer(NO_ANSWER)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
