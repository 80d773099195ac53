"""What a worker weighs after 50,000 requests: ``python -m benchmarks.memory``.

Workers are not renewed meanwhile (``max_requests``), so that growth would show.
"""

from benchmarks import data, load, servers
from benchmarks.run import log

TOTAL_REQUESTS = 50_000
STEPS = 5
PATHS = ("/api/dogs/dog-54321", "/api/dogs")


def main() -> None:
    """Send requests in steps and say after each what every worker weighs."""
    load.require_wrk()
    data.prepare()
    servers.COMMANDS["plaza"] += ["--max-requests", "0"]
    with servers.running(["plaza"]) as running:
        server, sent = running["plaza"], 0
        for step in range(1, STEPS + 1):
            while sent < TOTAL_REQUESTS * step / STEPS:
                for path in PATHS:
                    sent += load.Load(path).run(server.url, 2).requests
            sizes = ", ".join(f"{size:.0f} MB" for size in server.memory_mb())
            log(f"after {sent:,} requests: {sizes}")


if __name__ == "__main__":
    main()
