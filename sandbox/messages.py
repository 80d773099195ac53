"""What travels between the server and the upstreams it plays."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, its path already without the upstream's prefix."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer, `body` still to be written as JSON."""

    status: int = 200
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Upstream(Protocol):
    """An outside API that the sandbox plays."""

    wrong_type: Any  # JSON, but not what anybody expects

    def answer(self, call: Call) -> Reply:
        """Answer properly."""

    def error(self, status: int) -> Any:
        """Return the error document of the real API for a status."""

    def reset(self) -> None:
        """Forget what was received."""
