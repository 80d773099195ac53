"""Clients that write and read without pause, and keep the history of what they were told.

A refused or lost request is sent again with the same key, at most four times, as late as
``Retry-After`` says and a random while later (docs/api.md, "Retries"). One client, the watch, is
impatient: it asks ten times a second until it is heard, and shows how long nobody is.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from scripts.calls import Answer, Caller
from scripts.drill.history import Operation, Try
from scripts.load import MAX_TRIES, TOKEN

PACE_SECONDS = 0.05
SIGN_IN_TRIES = 8
WATCH_SECONDS = 30  # how long the watch asks for one thing
DOG, PATIENT, VISIT = ("dog", "patient", "visit")
WRITES = frozenset({DOG, PATIENT, VISIT})
OWN_DOG, OWN_PATIENT, LISTS, HEADS, MOVIES = ("own dog", "own patient", "lists", "heads", "movies")
DOGS = frozenset({DOG, OWN_DOG, LISTS})
CONFLICT = 409
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Phone:
    """A seller who is signed in, and the store that they visit."""

    token: str
    establishment: str


@dataclass
class Clients:
    """Everybody who writes and reads, and what they were told."""

    port: int
    phones: list[Phone]
    operations: list[Operation] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def roles(self) -> list[Callable[[], None]]:
        """Return what each client does until it is stopped."""
        return [
            lambda: self.write_dogs(MAX_TRIES),
            lambda: self.write_dogs(MAX_TRIES),
            lambda: self.write_dogs(None),  # the watch
            self.write_patients,
            self.write_patients,
            *(lambda phone=phone: self.push_visits(phone) for phone in self.phones),
            self.read_lists,
        ]

    def write_dogs(self, tries: int | None) -> None:
        """Create dogs, whose names are unique, and read each."""
        caller = Caller(self.port, TOKEN)
        while not self.stopped.is_set():
            name = f"drill-{uuid4().hex}"
            path = f"/api/dogs/{name}"
            if self.keyed(caller, Operation(DOG, name), path, b"{}", tries).is_ok:
                self.read(caller, OWN_DOG, path)
            time.sleep(PACE_SECONDS)

    def write_patients(self) -> None:
        """Create patients, of whom nothing is unique but the key that they come with."""
        caller = Caller(self.port, TOKEN)
        while not self.stopped.is_set():
            name = f"drill-{uuid4().hex}"
            body = {"first_name": "Drill", "last_name": name, "birth_date": "1971-07-01"}
            sent = json.dumps(body).encode()
            answer = self.keyed(caller, Operation(PATIENT, name), "/api/patients", sent)
            if answer.is_ok:
                self.read(caller, OWN_PATIENT, f"/api/patients/{json.loads(answer.body)['id']}")
            time.sleep(PACE_SECONDS)

    def push_visits(self, phone: Phone) -> None:
        """Push visits, whose ids the phone makes, and ask for news."""
        caller = Caller(self.port, phone.token)
        while not self.stopped.is_set():
            name = str(uuid4())
            visit = {
                "id": name,
                "establishment": phone.establishment,
                "captured_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
                "clock_offset_ms": 0,
                "location": None,
                "seen": [1, 2],
            }
            body = json.dumps([{"newDocumentState": visit}]).encode()
            operation = Operation(VISIT, name, path="/api/sync/visits", sent=body)

            def push(caller: Caller = caller, body: bytes = body) -> Answer:
                answer = caller.once("POST", "/api/sync/visits", body, JSON)
                is_refused = answer.is_ok and b'"state":"rejected"' in answer.body
                return Answer(CONFLICT, answer.body) if is_refused else answer

            self.persist(operation, push)
            self.read(caller, HEADS, "/api/sync")
            time.sleep(PACE_SECONDS)

    def read_lists(self) -> None:
        """Read lists, one from the database, one that is mostly in the cache."""
        caller = Caller(self.port, TOKEN)
        while not self.stopped.is_set():
            self.read(caller, LISTS, "/api/dogs?limit=20")
            self.read(caller, MOVIES, "/api/movies/popular?page=1")
            time.sleep(PACE_SECONDS)

    def read(self, caller: Caller, kind: str, path: str) -> None:
        """Read something; what this client wrote must be there."""
        operation = Operation(kind, own=kind in {OWN_DOG, OWN_PATIENT})
        self.persist(operation, lambda: caller.once("GET", path))

    def keyed(
        self,
        caller: Caller,
        operation: Operation,
        path: str,
        body: bytes,
        tries: int | None = MAX_TRIES,
    ) -> Answer:
        """Write something with a key of its own."""
        operation.path, operation.key, operation.sent = path, uuid4().hex, body
        headers = {"Idempotency-Key": operation.key, **JSON}
        return self.persist(operation, lambda: caller.once("POST", path, body, headers), tries)

    def persist(
        self, operation: Operation, ask: Callable[[], Answer], tries: int | None = MAX_TRIES
    ) -> Answer:
        """Ask until it is granted, or patience ends; remember each try. No number: the watch."""
        start = time.monotonic()
        while True:
            before = time.monotonic()
            answer = ask()
            after = time.monotonic()
            operation.tries.append(Try(answer.status, before, after))
            given_up = (
                after - start > WATCH_SECONDS if tries is None else len(operation.tries) >= tries
            )
            if answer.is_ok or given_up:
                operation.answered = answer.body
                self.operations.append(operation)
                return answer
            time.sleep(0.1 if tries is None else pause(answer, len(operation.tries)))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep everybody busy inside the block."""
        threads = [threading.Thread(target=role, daemon=True) for role in self.roles()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(120)

    def replays_that_differ(self, port: int, sample: int = 10) -> int:
        """Repeat some acknowledged writes with their keys; count other answers than theirs."""
        keyed = [one for one in self.operations if one.key and one.granted]
        caller = Caller(port, TOKEN)
        different = 0
        for one in random.sample(keyed, min(sample, len(keyed))):
            headers = {"Idempotency-Key": one.key, **JSON}
            answer = caller.once("POST", one.path, one.sent, headers)
            is_same = answer.status == one.last and answer.body == one.answered
            different += not (is_same and answer.headers.get("Idempotency-Replayed") == "true")
        caller.close()
        return different


def pause(answer: Answer, tries: int) -> float:
    """Return how long to wait before the next try: what the answer asks for, and some luck."""
    asked = answer.headers.get("Retry-After", "0")
    return (float(asked) if asked.isdigit() else 0.0) + random.uniform(0, 0.1 * 2**tries)


def sign_in(port: int, email: str, password: str) -> Phone:
    """Return a seller's phone, signed in at a node, with the first of their stores."""
    caller = Caller(port, "")
    body = json.dumps({"email": email, "password": password}).encode()
    answer = granted(lambda: caller.once("POST", "/api/auth/token", body, JSON))
    caller.token = json.loads(answer.body)["access"]
    stores = granted(lambda: caller.once("GET", "/api/sync/establishments?schema=1&limit=10"))
    caller.close()
    return Phone(caller.token, str(json.loads(stores.body)["documents"][0]["id"]))


def granted(ask: Callable[[], Answer]) -> Answer:
    """Ask until it is granted: a database that has just come back may refuse at first.

    Raises:
        RuntimeError: it was refused for too long.
    """
    for _ in range(SIGN_IN_TRIES):
        answer = ask()
        if answer.is_ok:
            return answer
        time.sleep(pause(answer, 1))
    raise RuntimeError(f"a seller could not sign in: {answer.status} {answer.body[:500]!r}")
