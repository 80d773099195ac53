"""The log for people: what a line looks like, and what can never look like one."""

import logging
import re
import sys
import time

import pytest

from core import context
from core.ops.redaction import HIDDEN
from core.tests.test_logging import CANARY, wired


def in_text(message, *args, level="INFO", colour=False, **extra):
    """What people see of one record, behind its time."""
    handler, stream = wired("text", colour=colour)
    record = logging.LogRecord("plaza.x", getattr(logging, level), "x.py", 1, message, args, None)
    record.created = 1_800_000_000.25
    vars(record).update(extra)
    handler.handle(record)
    when = time.strftime("%H:%M:%S.250 ", time.localtime(record.created))
    assert stream.getvalue().startswith(when)
    assert stream.getvalue().endswith("\n")
    return stream.getvalue().removeprefix(when)[:-1]


REQUEST = {
    "method": "GET",
    "path": "/api/dogs",
    "status": 200,
    "ms": 2.7,
    "client": "127.0.0.1",
}


def test_a_request_is_one_short_line():
    with context.acting_as(context.Actor("user", 7), request="4182b012"):
        said = in_text("request", **REQUEST)
    assert said == "INFO     GET /api/dogs 200 3 ms 127.0.0.1 4182b012"
    assert in_text("request", **REQUEST) == "INFO     GET /api/dogs 200 3 ms 127.0.0.1 -"


def test_what_the_middleware_says_is_such_a_line(api):
    handler, stream = wired("text")
    logger = logging.getLogger("plaza.access")
    logger.addHandler(handler)
    try:
        answer = api.get("/api/nowhere?token=x")
    finally:
        logger.removeHandler(handler)
    [said] = stream.getvalue().splitlines()
    shown = r"\d\d:\d\d:\d\d\.\d{3} INFO     GET /api/nowhere 404 \d+ ms 127\.0\.0\.1 "
    assert re.fullmatch(shown + answer["X-Request-ID"], said)


def test_a_path_cannot_look_like_more_than_a_path():
    said = in_text("request", **{**REQUEST, "path": '/a 200 1 ms "x"\n12:00:00.000 INFO', "ms": 1})
    path = r'"/a 200 1 ms \"x\"\\n12:00:00.000 INFO"'
    assert said == f"INFO     GET {path} 200 1 ms 127.0.0.1 -"


def test_extras_stand_behind_the_message():
    said = in_text(
        "%s failed",
        "dog.ceo",
        level="WARNING",
        reason="timeout",
        text="two words",
        empty="",
        rows=3,
        share=0.5,
        ok=True,
        nothing=None,
        names=["a", "b"],
        password="x",
        request="dropped",
    )
    assert said == (
        'WARNING  dog.ceo failed reason=timeout text="two words" empty="" rows=3 share=0.5 ok=true'
        f' nothing=null names=["a","b"] password={HIDDEN}'
    )


def test_a_line_says_who_and_in_which_request():
    with context.acting_as(context.Actor("user", 7), request="r-1"):
        assert in_text("hello", rows=1) == "INFO     hello rows=1 request_id=r-1 actor=user:7"
    assert in_text("hello") == "INFO     hello"


def test_a_message_that_is_a_structure_is_shown():
    assert in_text({"message": {"a": 1}, "rows": 2}) == "INFO     {'a': 1} rows=2"


def test_a_traceback_is_indented_and_can_forge_no_record():
    try:
        raise ValueError(f"a\n12:00:00.000 INFO     forged password={CANARY}\n\x1b[31mred")  # noqa: TRY301 - its traceback is the point
    except ValueError:
        said = in_text("it failed", level="ERROR", exc_info=sys.exc_info())
    first, second, *rest = said.split("\n")
    assert (first, second) == ("ERROR    it failed", "    Traceback (most recent call last):")
    assert rest[-3:] == [
        "    ValueError: a",
        f"    12:00:00.000 INFO     forged password={HIDDEN}",
        r"    \u001b[31mred",
    ]
    assert [one for one in rest if not one.startswith("    ")] == []
    assert in_text("here", stack_info="Stack\n  file") == "INFO     here\n    Stack\n      file"


def test_celery_does_not_say_everything_twice():
    said = in_text("Task received", name="celery.worker.strategy", data={"id": "1"}, rows=1)
    assert said == "INFO     Task received rows=1"
    assert in_text("Task received", data={"id": "1"}) == 'INFO     Task received data={"id":"1"}'


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("DEBUG", "\x1b[2mDEBUG   \x1b[0m"),
        ("INFO", "\x1b[32mINFO    \x1b[0m"),
        ("WARNING", "\x1b[33mWARNING \x1b[0m"),
        ("ERROR", "\x1b[31mERROR   \x1b[0m"),
        ("CRITICAL", "\x1b[1;31mCRITICAL\x1b[0m"),
    ],
)
def test_only_the_level_has_colour(level, shown):
    assert in_text("x\x1b[31m", level=level, colour=True) == rf"{shown} x\u001b[31m"
    assert "\x1b" not in in_text("x\x1b[31m", level=level)
