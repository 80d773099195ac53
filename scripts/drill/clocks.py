"""Nodes whose clocks disagree, by a preloaded library: tokens of one, used at the other."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.calls import Answer, Caller
from scripts.drill import programs
from scripts.drill.clients import JSON
from scripts.drill.rig import DATABASE, SELLERS, Rig
from scripts.drill.stage import Stage
from scripts.nodes import Node
from scripts.proxy import ROOT
from users.constants import DEMO_PASSWORD

SOURCE = ROOT / "scripts" / "drill" / "clock.c"
OFF_SECONDS = 300
TOO_FAR_SECONDS = 660  # more than a token may be dated from now (users.constants)
ROUNDS = 3
UNAUTHORIZED = 401
# What a node that is ahead wrote down is due as much later by everybody else's clock.
DUE_NOW = "UPDATE dogs_dog SET picture_due_at = now() WHERE picture_status = 'pending'"


@contextmanager
def apart(rig: Rig, *, behind: int = OFF_SECONDS) -> Iterator[None]:
    """Have one node five minutes ahead inside the block, the other one as many seconds behind."""
    usual = [node.environment for node in rig.nodes]
    library = str(compiled(rig.folder / "clock.so"))
    try:
        for node, seconds in zip(rig.nodes, (OFF_SECONDS, -behind), strict=True):
            shift = {"LD_PRELOAD": library, "SHIFTED_SECONDS": str(seconds)}
            restart(node, {**node.environment, **shift})
        yield
    finally:
        for node, environment in zip(rig.nodes, usual, strict=True):
            restart(node, environment)
        rig.primary.ask(DUE_NOW, name=DATABASE)


@contextmanager
def too_far_apart(rig: Rig) -> Iterator[None]:
    """Have the other node further behind than any token may be dated ahead."""
    with apart(rig, behind=TOO_FAR_SECONDS):
        yield


def restart(node: Node, environment: dict[str, str]) -> None:
    """Start a node anew with another environment."""
    node.kill()
    node.environment = environment
    node.start()


def compiled(library: Path) -> Path:
    """Return the library that shifts a clock, made when it is first asked for."""
    if not library.exists():
        making = [programs.compiler() or "cc", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
        subprocess.run(making, check=True)  # noqa: S603 - our own file
    return library


def tokens_used_elsewhere(stage: Stage) -> None:
    """Sign in at one node; use, refresh and end the session at the other; and the other way."""
    for _ in range(ROUNDS):
        for here, there in (stage.rig.nodes, stage.rig.nodes[::-1]):
            for kept, text in journey(Caller(here.port, ""), Caller(there.port, "")):
                if not kept:
                    stage.promise(kept, text)
        time.sleep(1)
    stage.promise(not stage.said, "tokens of one node are good at the other, until they end")
    found = [clock_of(node) for node in stage.rig.nodes]
    is_said = all("database's clock" in said for said in found)
    stage.promise(is_said, f"readiness says so ({'; '.join(found)})")
    stage.is_whole()


def journey(here: Caller, there: Caller) -> list[tuple[bool, str]]:
    """Return what became of a session that begins here and is used there."""
    body = {"email": SELLERS[0], "password": DEMO_PASSWORD}
    signed_in = post(here, "/api/auth/token", body)
    if not signed_in.is_ok:
        return [(False, f"whoever has the password signs in ({signed_in.status})")]
    first = json.loads(signed_in.body)
    used = asked(there, first["access"])
    second = post(there, "/api/auth/token/refresh", {"refresh": first["refresh"]})
    # The answer was lost: the same token, at the other node, within the grace.
    again = post(here, "/api/auth/token/refresh", {"refresh": first["refresh"]})
    if not second.is_ok:
        return [(False, f"a token is refreshed elsewhere ({second.status})")]
    pair = json.loads(second.body)
    back = asked(here, pair["access"])
    ended = post(there, "/api/auth/logout", {"refresh": pair["refresh"]})
    over = [asked(one, pair["access"]).status for one in (here, there)]
    over.append(post(here, "/api/auth/token/refresh", {"refresh": pair["refresh"]}).status)
    return [
        (used.is_ok, f"a token is good elsewhere ({used.status})"),
        (again.body == second.body, f"a repeated refresh gets the same pair ({again.status})"),
        (back.is_ok, f"the next token is good where it began ({back.status})"),
        (ended.is_ok, f"whoever signs out elsewhere is told so ({ended.status})"),
        (over == [UNAUTHORIZED] * 3, f"nothing of an ended session is good ({over})"),
    ]


def post(caller: Caller, path: str, body: dict[str, str]) -> Answer:
    """Send JSON."""
    return caller.once("POST", path, json.dumps(body).encode(), JSON)


def asked(caller: Caller, token: str) -> Answer:
    """Return what the owner of a token is told about themselves."""
    caller.token = token
    return caller.once("GET", "/api/users/me")


def clock_of(node: Node) -> str:
    """Return what a node says of its clock."""
    found = json.loads(Caller(node.port, "").once("GET", "/health/ready").body)
    return str(found["checks"]["clock"].get("detail", "right"))
