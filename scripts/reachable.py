"""Say which services do not answer: ``python scripts/reachable.py URL [URL ...]``.

Exit status 1 and one line per service that is away; nothing and 0 when all answer.
"""

import socket
import sys
from urllib.parse import urlsplit

PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "amqp": 5672}


def away(url: str) -> str | None:
    """Return why the service behind the URL cannot be reached, without its password."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or PORTS.get(parts.scheme, 0)
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError as error:
        return f"{parts.scheme} at {host}:{port} does not answer ({error})"
    return None


def main(urls: list[str]) -> int:
    """Ask each and report."""
    problems = [problem for problem in map(away, urls) if problem]
    for problem in problems:
        sys.stderr.write(f"{problem}. Start it, or set CI_DATABASE_URL and CI_REDIS_URL.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
