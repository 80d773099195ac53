"""The phones, for Locust: each lives through the day of benchmarks.day.plan.

``make load`` starts this; by hand, over several machines: docs/load.md.
"""

import base64
import hashlib
import heapq
import io
import itertools
import json
import os
import random
import time
import uuid
from pathlib import Path
from typing import Any

import gevent
from geventhttpclient.client import HTTPClientPool
from locust import events, task
from locust.contrib.fasthttp import FastHttpUser
from locust.runners import MasterRunner
from PIL import Image

from benchmarks.day.plan import PHOTO_EVERY, REFRESH_EVERY, Plan
from benchmarks.day.visits import visit_of

FOLDER = Path(os.environ["LOAD_FOLDER"])
PLAN = Plan.from_environment()
CATALOGUE = ("products", "portfolios", "establishments")
TIMEOUT_SECONDS = 15.0
# As a proxy in front of the nodes has them: phones do not hold a server's connection each.
POOL = HTTPClientPool(
    concurrency=96, connection_timeout=2.0, network_timeout=TIMEOUT_SECONDS, insecure=True
)


class Run:
    """What all phones of this process share: who they are, when it began, what came of it."""

    def __init__(self) -> None:
        lines = (FOLDER / "phones.jsonl").read_text().splitlines()[: PLAN.sellers]
        self.phones = [json.loads(line) for line in lines[PLAN.process :: PLAN.processes]]
        self.began = time.monotonic()
        self.numbers = itertools.count()
        self.acknowledged: list[tuple[str, int]] = []
        self.failures: list[tuple[float, str, str]] = []
        self.out_of_step = 0.0  # seconds from a question that was due to its answer, of all phones
        self.waiting = 0  # visits that no answer acknowledged by the end
        self.photo = picture()
        self.photos = (FOLDER / "photos").exists()


run: Run


def picture() -> bytes:
    """Return a JPEG of some 200 kB."""
    noise = random.Random(1)
    small = Image.frombytes("RGB", (266, 200), noise.randbytes(266 * 200 * 3))
    target = io.BytesIO()
    small.resize((1600, 1200)).save(target, "JPEG", quality=80)
    return target.getvalue()


@events.test_start.add_listener
def begin(environment: Any, **_: Any) -> None:
    """Read who takes part; the master of several processes has no phones."""
    if isinstance(environment.runner, MasterRunner):
        return
    global run  # noqa: PLW0603 - one run per process, read when Locust says so
    run = Run()


@events.test_stop.add_listener
def end(environment: Any, **_: Any) -> None:
    """Write down what the database is held against afterwards."""
    if isinstance(environment.runner, MasterRunner):
        return
    (FOLDER / f"outcome-{PLAN.process}.json").write_text(
        json.dumps(
            {
                "acknowledged": run.acknowledged,
                "failures": run.failures,
                "out_of_step_seconds": run.out_of_step,
                "waiting": run.waiting,
                "began": run.began,
            }
        )
    )


class Failed(Exception):
    """A request that brought no answer that a phone can use."""


class Phone(FastHttpUser):
    """One seller's phone: what it has to do, by time; a visit stays until it is acknowledged."""

    client_pool = POOL
    max_retries = 0

    def on_start(self) -> None:
        """Take the next seller, and their day."""
        number = next(run.numbers)
        self.known = number < len(run.phones)
        if not self.known:
            return
        phone = run.phones[number]
        self.seller, self.stores = phone["seller"], phone["stores"]
        self.access, self.refresh, self.tag = phone["access"], phone["refresh"], phone["tag"]
        self.place = {"epoch": phone["epoch"], "seq": phone["seq"]}
        self.dice = random.Random(f"{PLAN.seed} {self.seller}")
        self.questions = 0
        self.backlog: list[dict[str, Any]] = []
        self.due: list[tuple[float, str]] = [(at, "poll") for at in PLAN.polls(self.seller)]
        self.due += [(at, "visit") for at in PLAN.visits(self.seller)]
        if (herd := PLAN.herd(self.seller)) is not None:
            self.due.append((herd, "fill"))
        heapq.heapify(self.due)
        self.failing_since: float | None = None

    def on_stop(self) -> None:
        """Say what is still on the phone."""
        if self.known:
            run.waiting += len(self.backlog)

    @task
    def live(self) -> None:
        """Do the next thing at its time, or wait for the end of the day."""
        if not self.known or not self.due:
            gevent.sleep(PLAN.seconds)
            return
        at, what = heapq.heappop(self.due)
        gevent.sleep(max(0.0, run.began + at - time.monotonic()))
        if what == "visit":
            self.backlog.append(visit_of(self.dice, self.stores))
        try:
            self.step(what)
        except Failed:
            self.failing_since = self.failing_since or at
            later = time.monotonic() - run.began + self.dice.uniform(0, PLAN.retry)
            heapq.heappush(self.due, (later, "retry"))
            return
        if self.failing_since is not None:
            run.out_of_step += time.monotonic() - run.began - self.failing_since
            self.failing_since = None

    def step(self, what: str) -> None:
        """Fill the phone, or ask for news; then send what waits, and ask again.

        Raises:
            Failed: the phone has to try again later.
        """
        if what == "fill":
            self.ask("GET", "/api/sync", "head, first")
            for name in CATALOGUE:
                self.ask("GET", f"/api/sync/{name}?schema=1&limit=500", "pull, first")
            return
        self.questions += 1
        if self.questions % REFRESH_EVERY == 0:
            body = json.dumps({"refresh": self.refresh})
            pair = self.ask("POST", "/api/auth/token/refresh", "refresh", body=body)
            self.access, self.refresh = pair["access"], pair["refresh"]
        self.head()
        if self.backlog:
            self.push()
            self.head()

    def head(self) -> None:
        """Ask whether there is anything new, and pull it."""
        headers = {"If-None-Match": self.tag} if self.tag else {}
        news = self.ask("GET", "/api/sync", "head", headers=headers)
        if news and news["heads"]["visits"] != self.place["seq"]:
            place = f"epoch={self.place['epoch']}&seq={self.place['seq']}"
            page = self.ask("GET", f"/api/sync/visits?schema=1&limit=100&{place}", "pull")
            self.place = page["checkpoint"]

    def push(self) -> None:
        """Send what waits; the phone forgets what was acknowledged."""
        sent = self.backlog[:100]
        rows = [{"newDocumentState": visit} for visit in sent]
        self.ask("POST", "/api/sync/visits", "push", body=json.dumps(rows))
        run.acknowledged += [(visit["id"], self.seller) for visit in sent]
        del self.backlog[: len(sent)]
        if run.photos:
            for visit in sent:
                if self.dice.random() * PHOTO_EVERY < 1:
                    self.send_photo(visit)

    def send_photo(self, visit: dict[str, Any]) -> None:
        """Send one photo whole, by tus with its creation."""
        data = run.photo + uuid.uuid4().bytes  # what stands behind the end is ignored
        said = {
            "id": str(uuid.uuid4()),
            "sha256": hashlib.sha256(data).hexdigest(),
            "type": "image/jpeg",
            "visit": visit["id"],
        }
        pairs = (f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in said.items())
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(data)),
            "Upload-Metadata": ",".join(pairs),
            "Content-Type": "application/offset+octet-stream",
        }
        self.ask("POST", "/api/photos", "photo", headers=headers, body=data)

    def ask(
        self,
        method: str,
        path: str,
        name: str,
        *,
        headers: dict[str, str] | None = None,
        body: str | bytes = b"",
    ) -> Any:
        """Send one request and return what it says, None for 304.

        Raises:
            Failed: there was no answer, or one that says so.
        """
        said = {
            "Authorization": f"Bearer {self.access}",
            "X-App-Version": "3.2.0",
            "X-Sync-Backlog": str(len(self.backlog)),
            "Content-Type": "application/json",
            **(headers or {}),
        }
        with self.client.request(
            method, path, name=name, headers=said, data=body, catch_response=True
        ) as answer:
            status = answer.status_code
            if status == 304 or 200 <= status < 300:
                answer.success()
            else:
                cause = str(status) if status else type(answer.error).__name__
                answer.request_meta["name"] = f"{name}, no answer"  # apart: refused is quick
                answer.failure(cause)
                run.failures.append((time.monotonic(), name, cause))
                raise Failed(name)
            if path == "/api/sync":
                self.tag = answer.headers.get("ETag", "") if status == 200 else self.tag
            return answer.json() if status == 200 else None
