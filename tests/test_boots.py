"""A process that is forked is as good as one that is started: the control of those tests."""

import json

import pytest

WHAT_IS_THERE = """
import json, os, sys
from django.conf import settings
print(json.dumps({
    "ours": sorted(
        {name.partition(".")[0] for name in sys.modules}
        & {"config", "core", "users", "dogs", "clinic", "movies", "allies", "sandbox"}
    ),
    "configured": settings.configured,
    "environment": dict(os.environ),
    "arguments": sys.argv[1:],
}))
"""


def test_it_has_what_it_was_given_and_nothing_of_another_one(boot):
    for number in "12":
        spoilt = boot("import os, config.env; os.environ['SPOILT'] = 'yes'", {"SECRET_KEY": number})
        assert (spoilt.returncode, spoilt.stdout, spoilt.stderr) == (0, "", "")
        seen = boot(WHAT_IS_THERE, {"NUMBER": number}, "a", number)
        assert json.loads(seen.stdout) == {
            "ours": [],
            "configured": False,
            "environment": {"NUMBER": number},
            "arguments": ["a", number],
        }


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("import sys; sys.exit('plaza: no')", 1, ["plaza: no"]),
        ("import sys; sys.exit(7)", 7, []),
        ("import os; os.abort()", -6, []),
        ("1 / 0", 1, ["Traceback (most recent call last):", "ZeroDivisionError: division by zero"]),
    ],
)
def test_its_end_is_told(boot, code, status, said):
    done = boot(code, {})
    assert (done.returncode, done.stdout) == (status, "")
    lines = done.stderr.splitlines()
    assert lines[:1] + lines[1:][-1:] == said


def test_what_it_leaves_to_the_end_of_the_process_is_done(boot):
    done = boot("import atexit; atexit.register(print, 'bye'); print('hello', end=' ')", {})
    assert done.stdout == "hello bye\n"
