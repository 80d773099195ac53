"""What servers must do beside answering, before anything is timed: the same as Plaza does.

Bare peers are not asked: they promise none of this.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.common import BARE
from benchmarks.scenarios import USER_OF, Answer, Turn
from benchmarks.servers import Server

ONE_DOG, ONE_PATIENT = "/api/dogs/dog-54321", "/api/patients/4321"
LOG_PATIENCE_SECONDS = 5.0
JOURNAL = """
SELECT actor_kind, actor_id, actor_label, action, model, object_id, object_label, changes::text,
       reason, count
FROM core_journalentry WHERE request_id = %s ORDER BY id
"""
REVOKE = "UPDATE users_session SET revoked_at = now() WHERE user_id = %s"
REACTIVATE = "UPDATE users_user SET is_active = %s WHERE id = %s"


class DifferentError(Exception):
    """A server does not do what Plaza does."""


def promising(name: str) -> bool:
    """Tell whether a server keeps Plaza's promises."""
    return name not in {"kinto", "limit"} and not name.endswith(BARE)


def require(answer: Answer, status: int, what: str) -> Answer:
    """Return the answer if it has this status, else raise DifferentError."""
    if answer.status != status:
        raise DifferentError(f"{what}: {answer.status} instead of {status}")
    return answer


def check_revocation(turn: Turn) -> list[int]:
    """Sign in, revoke, and return what the same token gets before and after."""
    caller = turn.caller
    token = caller.token(f"user{USER_OF['USER'] + 10}@bench.invalid")
    headers = {"Authorization": f"Bearer {token}"}
    path = "/api/movies/popular"
    before = caller.request("GET", path, headers).status
    with turn.database.cursor() as cursor:
        cursor.execute(REVOKE, [USER_OF["USER"] + 10])
    return [before, caller.request("GET", path, headers).status]


def check_sleeping_user(turn: Turn) -> list[int]:
    """Return what a token gets while its user is not active."""
    user = USER_OF["USER"] + 11
    headers = {"Authorization": f"Bearer {turn.caller.token(f'user{user}@bench.invalid')}"}
    with turn.database.cursor() as cursor:
        cursor.execute(REACTIVATE, [False, user])
        try:
            return [turn.caller.request("GET", "/api/movies/popular", headers).status]
        finally:
            cursor.execute(REACTIVATE, [True, user])


def check_tags(turn: Turn) -> list[int]:
    """Return what a resource answers to its own entity tag, another one, and none."""
    caller, found = turn.caller, []
    role = {"Authorization": f"Bearer {turn.tokens['CLINICIAN']}"}
    for path, headers in ((ONE_DOG, {}), (ONE_PATIENT, role)):
        tag = require(caller.request("GET", path, headers), 200, path).headers["ETag"]
        for given in (tag, f'W/{tag}, "x"', '"x"'):
            answer = caller.request("GET", path, {**headers, "If-None-Match": given})
            found += [answer.status, len(answer.body) > 0]
    return found


def check_journal(turn: Turn) -> list[Any]:
    """Return the lines that looks at patients leave, and changes of a dog."""
    role = {"Authorization": f"Bearer {turn.tokens['CLINICIAN']}"}
    user = {"Authorization": f"Bearer {turn.tokens['USER']}", "Content-Type": "application/json"}
    dog = f"effect-{turn.server.replace('_', '-')}-{turn.stamp}"
    asked: list[tuple[str, str, dict[str, str], str]] = [
        ("GET", "/api/patients", role, ""),
        ("GET", ONE_PATIENT, role, ""),
        ("POST", f"/api/dogs/{dog}", user, "{}"),
        ("PATCH", f"/api/dogs/{dog}", user, '{"is_adopted": true}'),
        ("PATCH", f"/api/dogs/{dog}", user, '{"is_adopted": false}'),
    ]
    found: list[Any] = []
    for method, path, headers, body in asked:
        request_id = uuid.uuid4().hex
        turn.caller.ask(method, path, {**headers, "X-Request-ID": request_id}, body)
        with turn.database.cursor() as cursor:
            cursor.execute(JOURNAL, [request_id])
            found.append([plain(row) for row in cursor.fetchall()])
    with turn.database.cursor() as cursor:
        cursor.execute(
            "SELECT ended_at IS NOT NULL, end_reason FROM dogs_adoption WHERE dog_id ="
            " (SELECT id FROM dogs_dog WHERE name = %s)",
            [dog],
        )
        found.append(cursor.fetchall())
    return found


def plain(row: tuple[Any, ...]) -> list[Any]:
    """Return a line of the journal without what differs by nature: a new dog's id, name, times."""
    *who, model, object_id, label, changes, reason, count = row
    fields = json.loads(changes)
    if model == "dogs.Dog":
        object_id = label = "…"
        fields = {
            name: "…" if name in {"id", "name", "create_date", "picture_due_at"} else value
            for name, value in fields.items()
        }
    return [*who, model, object_id, label, fields, reason, count]


def check_problems(turn: Turn) -> list[Any]:
    """Return how refusals look: status, media type, and whether they name the request."""
    found: list[Any] = []
    request_id = uuid.uuid4().hex
    bad = {"Authorization": "Bearer no.such.token"}
    asked = [
        ("/api/dogs/nobody-has-this-name", {}),
        ("/api/dogs?cursor=made-up", {}),
        ("/api/movies/popular", bad),
        ("/api/patients", {"Authorization": f"Bearer {turn.tokens['USER']}"}),
    ]
    for path, headers in asked:
        answer = turn.caller.request("GET", path, {**headers, "X-Request-ID": request_id})
        said = json.loads(answer.body)
        same = [said.get("request_id"), answer.headers["X-Request-ID"]] == [request_id] * 2
        media = answer.headers["Content-Type"].partition(";")[0]
        found.append([answer.status, media, said.get("status"), same])
    return found


def check_pages(turn: Turn) -> list[Any]:
    """Return the names on the second page, and those of the first one on the way back."""
    caller = turn.caller
    first = caller.send("GET", "/api/dogs")[0]
    second = caller.send("GET", first["next"].removeprefix(caller.url))[0]
    back = caller.send("GET", second["previous"].removeprefix(caller.url))[0]
    names = [[row["name"] for row in page["results"]] for page in (first, second, back)]
    return [*names, back["previous"]]


def check_trace(turn: Turn, server: Server) -> list[Any]:
    """Return what a request leaves in the log and in the metrics."""
    request_id = uuid.uuid4().hex
    turn.caller.ask("GET", ONE_DOG, {"X-Request-ID": request_id})
    until, line = time.monotonic() + LOG_PATIENCE_SECONDS, ""
    while not line and time.monotonic() < until:
        lines = server.log_path.read_text(errors="replace").splitlines()
        line = next((one for one in lines if request_id in one), "")
    said = json.loads(line or "{}")
    fields = [said.get(name) for name in ("request_id", "method", "path", "status")]
    page = turn.caller.ask("GET", "/metrics").body.decode()
    counted = any("_requests_total{" in one and "dogs/" in one for one in page.splitlines())
    return [fields == [request_id, "GET", ONE_DOG, 200], "ms" in said, counted]


CHECKS: dict[str, Callable[[Turn], Any]] = {
    "a revoked session": check_revocation,
    "a user who is not active": check_sleeping_user,
    "entity tags": check_tags,
    "the journal": check_journal,
    "refusals": check_problems,
    "pages by keys": check_pages,
}


def compare(turns: dict[str, Turn], running: dict[str, Server]) -> None:
    """End the program unless every server that promises does what Plaza does."""
    names = [name for name in turns if promising(name)]
    checks = {
        **{what: lambda name, check=check: check(turns[name]) for what, check in CHECKS.items()},
        "log and metrics": lambda name: check_trace(turns[name], running[name]),
    }
    for what, check in checks.items():
        found = {}
        for name in names:
            try:
                found[name] = check(name)
            except (DifferentError, KeyError, TypeError, ValueError) as error:
                raise SystemExit(f"bench: {name}, {what}: {error!r}") from error
        for name in names:
            if found[name] != found["plaza"]:
                raise SystemExit(
                    f"bench: {name} differs in “{what}”:\n{said(found[name])}\nPlaza:\n"
                    f"{said(found['plaza'])}"
                )


def said(found: Any) -> str:
    """Return a finding, not too long."""
    return json.dumps(found, ensure_ascii=False, default=str)[:3000]
