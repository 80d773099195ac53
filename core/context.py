"""Who acts, and in which request: known everywhere without being passed through every call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import uuid4

type_kind = Literal["user", "task", "command", "anonymous"]
KINDS: tuple[type_kind, ...] = get_args(type_kind)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a task, a command, or nobody that we know."""

    kind: type_kind = "anonymous"
    id: int | None = None
    label: str = ""
    role: str = ""


@dataclass(slots=True)
class AdminAction:
    """What somebody does on a page of the admin, and the case because of which they do it.

    ``case_id`` is None until a form names a case. ``count`` is None where the page does not know
    how many rows it is about. ``mark`` belongs to :func:`core.cases.note`.
    """

    action: str
    label: str
    object_id: str = ""
    count: int | None = 1
    case_id: int | None = None
    reason: str = ""
    mark: Any = None


NOBODY = Actor()
request_id: ContextVar[str] = ContextVar("request_id", default="")
# The traceparent (W3C Trace Context) of what happens now, empty when no trace is followed.
trace: ContextVar[str] = ContextVar("trace", default="")
actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
admin_action: ContextVar[AdminAction | None] = ContextVar("admin_action", default=None)


@contextmanager
def acting_as(who: Actor, *, request: str = "", within: str = "") -> Iterator[None]:
    """Let ``who`` act inside the block, under ``request`` or a new request id.

    ``within`` is the traceparent that it belongs to.
    """
    actor_before = actor.set(who)
    request_before = request_id.set(request or uuid4().hex)
    trace_before = trace.set(within)
    try:
        yield
    finally:
        actor.reset(actor_before)
        request_id.reset(request_before)
        trace.reset(trace_before)


@contextmanager
def doing(what: AdminAction) -> Iterator[AdminAction]:
    """Let ``what`` be what is done inside the block."""
    before = admin_action.set(what)
    try:
        yield what
    finally:
        admin_action.reset(before)
