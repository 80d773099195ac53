"""Drive the composed platform from outside and knock its containers over one after the other.

``python3 scripts/compose_check.py [--replicas 3]`` after ``./compose_build.sh``. COMPOSE names
another engine. It needs nothing but Python, and stops at the first thing that is not as promised.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 90
DEAF_SECONDS = 25  # the shortest grace period after which an engine kills is 30
OK = 200
Answer = tuple[int, dict[str, str], Any]


def settings() -> dict[str, str]:
    """Return the variables of .compose.env."""
    text = (ROOT / ".compose.env").read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


SETTINGS = settings() if (ROOT / ".compose.env").exists() else {}
BASE = f"http://localhost:{SETTINGS.get('PLAZA_PORT', '9050')}"


def log(words: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()


def require(truth: object, words: str) -> None:
    """Go on when it is true, stop when it is not."""
    if not truth:
        log(f"NOT AS PROMISED: {words}")
        sys.exit(1)
    log(f"ok: {words}")


def request(method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Return status, headers and body of one request; status 0 when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = urllib.request.Request(  # noqa: S310 - our own fixed base address
        BASE + path, data, {"Content-Type": "application/json", **names}, method=method
    )
    try:
        with urllib.request.urlopen(sent, timeout=30) as response:  # noqa: S310 - see above
            raw, status, seen = response.read(), response.status, dict(response.headers)
    except urllib.error.HTTPError as error:
        raw, status, seen = error.read(), error.code, dict(error.headers)
    except OSError:
        return 0, {}, None
    try:
        return status, seen, json.loads(raw)
    except ValueError:
        return status, seen, raw.decode("utf-8", "replace")


def compose(*arguments: str) -> str:
    """Run one compose command and return what it printed."""
    engine = os.environ.get("COMPOSE", "docker compose").split()  # noqa: TID251 - a tool beside the platform
    command = [*engine, "--env-file", ".compose.env", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - the engine that the caller names
    return ran.stdout + ran.stderr


def ready(status: str = "ok", *, patience: int = PATIENCE_SECONDS) -> float:
    """Return after how many seconds readiness has reached ``status``; stop when it does not."""
    start = time.monotonic()
    answer: Answer = (0, {}, None)
    while time.monotonic() - start < patience:
        answer = request("GET", "/health/ready")
        if isinstance(answer[2], dict) and answer[2].get("status") == status:
            return time.monotonic() - start
        time.sleep(0.5)
    require(False, f"readiness reaches {status!r} within {patience} s; it says {answer[2]}")
    return 0.0


def there(name: str) -> bool:
    """Tell whether a dog is there; asked again, as clients do, while the answer is 5xx or none."""
    start, status = time.monotonic(), 0
    while time.monotonic() - start < PATIENCE_SECONDS and (status == 0 or status >= 500):  # noqa: PLR2004 - server's
        status = request("GET", f"/api/dogs/{name}")[0]
    return status == OK


class Caller:
    """The first administrator, with a token."""

    def __init__(self) -> None:
        self.token = ""

    def log_in(self) -> None:
        """Get a token with the password of .compose.env."""
        body = {"email": SETTINGS["ADMIN_EMAIL"], "password": SETTINGS["ADMIN_PASSWORD"]}
        status, _, answer = request(
            "POST", "/api/auth/token", body, Idempotency_Key=uuid.uuid4().hex
        )
        require(status == OK, f"the administrator logs in ({status})")
        self.token = answer["access"]

    def create(self, name: str, key: str) -> Answer:
        """Create a dog."""
        return request(
            "POST",
            f"/api/dogs/{name}",
            {},
            Authorization=f"Bearer {self.token}",
            Idempotency_Key=key,
        )


def tour(caller: Caller) -> str:
    """Use the platform as a client would and return the name of the dog that was made."""
    caller.log_in()
    name, key = f"check-{uuid.uuid4().hex[:10]}", uuid.uuid4().hex
    status, headers, first = caller.create(name, key)
    require(status == 201, f"a dog is created ({status})")  # noqa: PLR2004 - created
    status, headers, again = caller.create(name, key)
    require(first == again and headers.get("Idempotency-Replayed") == "true", "its key is replayed")
    status, headers, _ = request("GET", "/api/nothing-here")
    require(
        status == 404 and headers["Content-Type"] == "application/problem+json",  # noqa: PLR2004 - not found
        "what is not there is a problem document",
    )
    status, _, _ = request("GET", "/.env")
    require(status == 404, "hidden files are refused")  # noqa: PLR2004 - not found
    status, _, page = request("GET", "/admin/login/")
    require(status == OK, f"the admin shows its log-in ({status})")
    asset = re.search(r'"(/static/[^"]+\.[0-9a-f]{12}\.css)"', str(page))
    require(asset, "its style sheets carry their digest")
    status, headers, _ = request("GET", asset[1] if asset else "")
    require(
        status == OK and "immutable" in headers.get("Cache-Control", ""),
        "they are served and live for ever",
    )
    require(request("GET", "/docs")[0] == OK, "the API's description is at /docs")
    require(
        "plaza_http_requests_total" in str(request("GET", "/metrics")[2]), "metrics are counted"
    )
    return name


def replicas(count: int) -> None:
    """Scale the API and see that nginx asks every node, and that the tables were made once."""
    compose("up", "--detach", "--no-recreate", "--scale", f"api={count}")
    seen: set[str] = set()
    start = time.monotonic()
    while len(seen) < count and time.monotonic() - start < PATIENCE_SECONDS:
        for _ in range(5 * count):
            request("GET", "/health/live")
        lines = re.findall(r"\{\"time\".*\}", compose("logs", "nginx"))
        answered = (json.loads(line)["upstream"] for line in lines[-5 * count :])
        seen = {nodes.rpartition(", ")[2] for nodes in answered} - {""}  # the last one tried
        time.sleep(1)
    require(len(seen) == count, f"nginx asks {count} nodes ({', '.join(sorted(seen))})")
    made = compose("logs").count("Applying users.0001_initial")
    require(made <= 1, f"the tables were made once ({made} times in these logs)")


def knock_over(service: str, name: str) -> None:
    """Kill a service's containers, say what clients see, start them again, see that all is well."""
    compose("kill", service)
    worst = "ok"
    for _ in range(6):
        status, _, body = request("GET", "/health/ready")
        state = body.get("status", status) if isinstance(body, dict) else "no answer"
        worst = worst if state == "ok" else str(state)
        time.sleep(0.5)
    dog = request("GET", f"/api/dogs/{name}")[0]
    log(f"{service} is killed: readiness says {worst}, a dog answers {dog}")
    compose("start", service)
    seconds = ready()
    require(there(name), f"{service} is back ({seconds:.1f} s)")


def main() -> None:
    """Run the whole round."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replicas", type=int, default=0, help="scale the API to so many")
    parser.add_argument("--no-kill", action="store_true", help="knock nothing over")
    options = parser.parse_args()
    ready()
    name = tour(Caller())
    if options.replicas:
        replicas(options.replicas)
    if not options.no_kill:
        for service in ("beat", "worker", "redis", "postgres", "nginx", "api"):
            knock_over(service, name)
        compose("restart")
        start = time.monotonic()
        compose("restart")  # while all are still starting: whoever ignores SIGTERM then takes 30 s
        took = time.monotonic() - start
        require(took < DEAF_SECONDS, f"a container stops while it starts ({took:.1f} s)")
        log(f"everything restarted: ready after {ready():.1f} s")
        compose("down")
        compose("up", "--detach")
        log(f"down and up again: ready after {ready():.1f} s")
        require(there(name), "data is kept")
    log("done")


if __name__ == "__main__":
    main()
