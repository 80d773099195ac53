"""What servers weigh after 100,000 mixed requests: ``python -m benchmarks.memory``.

Reads, writes, refusals and a few sign-ins go to Plaza and to FastAPI with the same promises, over
eight connections, and after 1,000, 10,000, 50,000 and 100,000 the memory and the open files of all
their processes are looked at. Workers are not renewed meanwhile (``--max-requests 0``), so that
growth would show.
"""

import argparse
import itertools
import json
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import data, servers
from benchmarks.load import CONNECTIONS
from benchmarks.run import log
from benchmarks.scenarios import JSON, USER_OF, Caller, email_of
from benchmarks.sync.ring import NEW, Connection, Request

LOOKS = (1_000, 10_000, 50_000, 100_000)
SIGN_IN_EVERY = 200
ANSWERS_TOO = {404, 503}  # asked for, and what a busy machine answers when its database is slow


def ring_of(caller: Caller) -> list[Request]:
    """Return the mixture: most of it is read, one request in ten writes, one in twenty is none."""
    bearer = {role: {"Authorization": f"Bearer {caller.token(email_of(role))}"} for role in USER_OF}
    user, clinician = {**bearer["USER"], **JSON}, bearer["CLINICIAN"]
    reads = [
        *(Request("GET", f"/api/dogs/dog-{number}", {}) for number in (7, 54_321, 99_999)),
        *(Request("GET", path, {}) for path in ("/api/dogs", "/api/dogs?limit=20")),
        *(Request("GET", f"/api/patients/{number}", clinician) for number in (4321, 17)),
        Request("GET", "/api/patients", clinician),
        *(Request("GET", f"/api/movies/{name}", user) for name in ("popular", "favorites")),
    ]
    others = [
        Request("GET", "/api/dogs/nobody-has-this-name", {}),
        Request("POST", f"/api/dogs/memory-{int(time.time())}-{NEW}", user, "{}"),
        Request("PATCH", "/api/dogs/dog-98765", user, '{"is_adopted": true}'),
    ]
    mixed = [*reads, others[1], *reads, others[0], others[2]]
    body = json.dumps({"email": email_of("USER"), "password": data.PASSWORD})
    rounds = SIGN_IN_EVERY // len(mixed)
    return [*(mixed * rounds), Request("POST", "/api/auth/token", JSON, body)]


def send(url: str, ring: list[Request], first: int, last: int) -> None:
    """Send the requests with these numbers; end the program when one fails."""
    address = urlsplit(url)
    sent = [(request.method, request.encoded(address.netloc)) for request in ring]
    numbers, failed = iter(range(first, last)), []
    lock = threading.Lock()

    def talk() -> None:
        connection = Connection(address.hostname, address.port)
        while not failed:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            method, raw = sent[number % len(sent)]
            status = connection.ask(raw.replace(NEW.encode(), b"%012x" % number), has_body=True)
            if status >= 400 and status not in ANSWERS_TOO:
                failed.append((method, raw.partition(b"\r\n")[0], status))

    threads = [threading.Thread(target=talk) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"bench: {url} answers {failed[0]}")


def open_files(server: servers.Server) -> int:
    """Return how many descriptors a server's processes have."""
    return sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in server.pids())


def main() -> None:
    """Send requests to each server in steps, and say after each what its processes weigh."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--servers", default="plaza,fastapi", help="comma-separated")
    parser.add_argument("--requests", type=int, default=LOOKS[-1], help="at most this many")
    options = parser.parse_args()
    data.prepare()
    servers.COMMANDS["plaza"] = (*servers.COMMANDS["plaza"], "--max-requests", "0")
    looks = [one for one in LOOKS if one < options.requests] + [options.requests]
    for name in options.servers.split(","):
        with servers.running([name]) as running:
            server = running[name]
            ring = ring_of(Caller(server.url))
            for before, number in itertools.pairwise([0, *looks]):
                send(server.url, ring, before, number)
                sizes = server.memory_mb()
                log(
                    f"{name}, after {number:,} requests: {sum(sizes):.0f} MB"
                    f" ({', '.join(f'{size:.0f}' for size in sizes)}), {open_files(server)} files"
                )


if __name__ == "__main__":
    main()
