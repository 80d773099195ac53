"""Sends what arrives, step by step: ``python -m benchmarks.day.arrivals URL FOLDER SEED``.

Reads a step a line from standard input, ``HEADS PUSHES SECONDS``, and answers with a line of JSON.
What was acknowledged is in the folder at the end, as Locust's phones write it.
"""

import json
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from geventhttpclient import HTTPClient

from benchmarks.day.steps import HEAD, Step
from benchmarks.day.visits import visit_of

TIMEOUT_SECONDS = 15.0
NOT_MODIFIED = 304


class Crowd:
    """Many phones that ask at random, over as many connections as a proxy keeps."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        lines = (folder / "phones.jsonl").read_text().splitlines()
        self.phones = [json.loads(line) for line in lines]
        self.folder, self.seed = folder, seed
        self.dice = random.Random(seed)
        self.acknowledged: list[tuple[str, int]] = []
        where = urlsplit(url)
        self.client = HTTPClient(
            where.hostname, where.port, concurrency=96,
            connection_timeout=TIMEOUT_SECONDS, network_timeout=TIMEOUT_SECONDS,
        )  # fmt: skip

    def play(self, step: Step) -> dict[str, Any]:
        """Send what a step brings and wait for every answer; return times and causes."""
        times: dict[str, list[float]] = {"heads": [], "pushes": []}
        failures: list[str] = []

        def ask(due: float, kind: str, phone: dict[str, Any]) -> None:
            try:
                if kind == HEAD:
                    self.head(phone)
                else:
                    self.push(phone)
            except Exception as error:  # noqa: BLE001 - whatever a client raises, it got no answer
                failures.append(f"{kind}: {error or type(error).__name__}")
            else:
                times["heads" if kind == HEAD else "pushes"].append(time.monotonic() - due)

        before, began = spent(), time.monotonic()
        asked = []
        for at, kind in step.arrivals(self.seed):
            gevent.sleep(max(0.0, began + at - time.monotonic()))
            asked.append(gevent.spawn(ask, began + at, kind, self.dice.choice(self.phones)))
        gevent.joinall(asked)
        elapsed = max(float(step.seconds), time.monotonic() - began)
        return {**times, "failures": failures, "elapsed": elapsed, "load": spent() - before}

    def head(self, phone: dict[str, Any]) -> None:
        """Ask whether there is anything new."""
        answer = self.request("GET", "/api/sync", phone, {"If-None-Match": phone["tag"]})
        phone["tag"] = answer.get("ETag") or phone["tag"]

    def push(self, phone: dict[str, Any]) -> None:
        """Send a visit."""
        visit = visit_of(self.dice, phone["stores"])
        body = json.dumps([{"newDocumentState": visit}])
        self.request("POST", "/api/sync/visits", phone, {"Content-Type": "application/json"}, body)
        self.acknowledged.append((visit["id"], phone["seller"]))

    def request(
        self, method: str, path: str, phone: dict[str, Any], headers: dict[str, str], body: str = ""
    ) -> Any:
        """Return an answer that has been read.

        Raises:
            ValueError: its status says that it failed.
        """
        said = {"Authorization": f"Bearer {phone['access']}", "X-App-Version": "3.2.0", **headers}
        answer = self.client.request(method, path, body.encode(), said)
        answer.read()
        if answer.status_code != NOT_MODIFIED and not 200 <= answer.status_code < 300:
            raise ValueError(answer.status_code)
        return answer

    def leave(self) -> None:
        """Write down what the database is held against."""
        said = {"acknowledged": self.acknowledged, "waiting": 0}
        (self.folder / "outcome-0.json").write_text(json.dumps(said))


def spent() -> float:
    """Return the processor seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(url: str, folder: Path, seed: int) -> None:
    """Play what is asked for, until nothing more is."""
    crowd = Crowd(url, folder, seed)
    for line in sys.stdin:
        heads, pushes, seconds = line.split()
        said = crowd.play(Step(float(heads), float(pushes), int(seconds)))
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    crowd.leave()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
