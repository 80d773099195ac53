"""What a request costs, counted and never timed, so that a busy machine breaks no test."""

import gc
import sys
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext


class Cost(NamedTuple):
    """How many statements, function calls and bytes a request takes."""

    statements: int
    calls: int
    bytes: int

    def over(self, budget: "Cost") -> list[str]:
        """Return what is above the budget."""
        return [
            f"{name}: {found} > {most}"
            for name, found, most in zip(self._fields, self, budget, strict=True)
            if found > most
        ]


def calls_of(run):
    """Return how many calls, of Python and of C functions, ``run`` makes in this thread."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    gc.collect()  # what it calls is nobody's cost
    gc.disable()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def cost_of(ask):
    """Return what the request costs that ``ask`` sends, once all that is kept is there.

    It is sent five times: twice to warm up, once to count statements and bytes, twice for calls, of
    which the fewer count.
    """
    ask(), ask()
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    assert response.status_code < 300, response.content
    heads = sum(len(name) + len(value) + 4 for name, value in response.items())
    return Cost(len(queries), min(calls_of(ask), calls_of(ask)), len(response.content) + heads)
