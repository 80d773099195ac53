"""Faults on demand: what an upstream does instead of answering properly."""

import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


class FaultError(ValueError):
    """The description of a fault is not understood."""


_NUMBERS = frozenset({"delay", "retry_after"})
_WHOLE = frozenset({"status", "big", "times"})
_FLAGS = frozenset({"drip", "drip_headers", "reset", "cut", "garbage", "wrong_type", "error_body"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to misbehave; fields combine (a delay and then a status)."""

    status: int | None = None
    delay: float = 0.0
    retry_after: float | None = None
    redirect: str | None = None
    big: int = 0
    drip: bool = False
    drip_headers: bool = False
    reset: bool = False  # before any answer
    cut: bool = False  # reset in the middle of the body
    garbage: bool = False
    wrong_type: bool = False
    error_body: bool = False
    times: int | None = None

    @classmethod
    def parse(cls, data: Any) -> "Fault":
        """Check a description that came from outside."""
        if not isinstance(data, dict) or not data:
            raise FaultError("a fault is an object with at least one field")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise FaultError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        for name, value in data.items():
            _check(name, value)
        return cls(**data)


def _check(name: str, value: Any) -> None:
    if name in _FLAGS:
        good = isinstance(value, bool)
    elif name in _WHOLE:
        good = type(value) is int and value > 0 and (name != "status" or 200 <= value <= 599)  # noqa: PLR2004 - the range of final HTTP statuses
    elif name in _NUMBERS:
        good = type(value) in {int, float} and value >= 0
    else:
        good = isinstance(value, str) and value.isprintable()
    if not good:
        raise FaultError(f"{name}: {value!r} is not allowed")


class Faults:
    """The faults in force, one per upstream."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}

    def set(self, name: str, **fault: Any) -> None:
        """Let an upstream misbehave from now on, or for the next `times` calls."""
        self.put(name, Fault.parse(fault))

    def put(self, name: str, fault: Fault) -> None:
        """Let an upstream misbehave as described."""
        if name not in self._names:
            raise FaultError(f"{name}: not one of {', '.join(self._names)}")
        with self._lock:
            self._faults[name] = fault

    def clear(self, name: str | None = None) -> None:
        """Let one upstream, or all, behave again."""
        with self._lock:
            for each in self._names if name is None else (name,):
                self._faults.pop(each, None)

    def take(self, name: str) -> Fault:
        """Return what to do with the present call, and count it."""
        with self._lock:
            fault = self._faults.get(name, Fault())
            if fault.times is not None:
                if fault.times > 1:
                    self._faults[name] = replace(fault, times=fault.times - 1)
                else:
                    del self._faults[name]
            return fault

    def listing(self) -> dict[str, dict[str, Any]]:
        """Return the faults in force, only the fields that were set."""
        blank = asdict(Fault())
        with self._lock:
            return {
                name: {key: value for key, value in asdict(fault).items() if value != blank[key]}
                for name, fault in self._faults.items()
            }
