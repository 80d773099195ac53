"""What containers, service managers and loggers put before a line; taken off, layer by layer.

A prefix is a name and a pattern; a group ``time`` is kept for lines that have no time of their own.
"""

import re
from datetime import UTC
from typing import NamedTuple

from allies.accesslog.times import read_time

ANSI = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
MAX_LAYERS = 6
# The one whose lines are cut at 16 KiB, and go on in the next.
CUT = "cri"
DATE_TIME = (
    rb"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[T ]| - )[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    rb"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
ZONED = (
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    rb"(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
NO_YEAR = rb"[A-Z][a-z]{2} [ 0-3]?[0-9] (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
LEVEL = (
    rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|"
    rb"trace|debug|info|notice|warn(?:ing)?|error|critical|fatal)"
)
# One program's name with its process: nginx: or gunicorn[123]:
TAG = rb"[A-Za-z0-9_./@()-]{1,64}(?:\[[^\]\s]{1,64}\])?: ?"
WORD = rb"[A-Za-z0-9_.-]{1,80}"
# A logger's name, with the place in the code; not the client in front of a request.
LOGGER = (
    rb"[A-Za-z_][\w.-]{0,80}(?::[A-Za-z_<][\w<>.]{0,80}|:[0-9]{1,6}(?![.0-9])){0,3}"
    rb"(?: [:|-] (?!\")|: (?!\")|:(?=[^\s])(?![0-9]{1,5} - \"))"
)


class Prefix(NamedTuple):
    """One layer."""

    name: str
    pattern: re.Pattern[bytes]


# In this order: a later one would take a piece of an earlier one.
PREFIXES = (
    Prefix(
        CUT, re.compile(rb"(?P<time>" + ZONED + rb") (?:stdout|stderr) (?P<cut>[PF])(?::\S*)? ")
    ),
    Prefix("kubectl", re.compile(rb"\[(?:pod|deployment|job)/[^\]\s]{1,300}\] ")),
    Prefix("honcho", re.compile(rb"[0-9]{2}:[0-9]{2}:[0-9]{2} [\w.-]{1,80} *\| ?")),
    Prefix("compose", re.compile(rb"[\w.-]{1,120} *\| ?")),
    Prefix(
        "syslog",
        re.compile(
            rb"(?:<[0-9]{1,3}>)?1 (?P<time>"
            + DATE_TIME
            + rb"|-) \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) (?:\xef\xbb\xbf)?"
        ),
    ),
    Prefix(
        "syslog",
        re.compile(
            rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} )?(?P<time>"
            + NO_YEAR
            + rb")(?: "
            + WORD
            + rb")?:? (?:"
            + TAG
            + rb")"
        ),
    ),
    Prefix(
        "syslog",
        re.compile(
            rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} )?(?P<time>"
            + DATE_TIME
            + rb") (?!"
            + LEVEL
            + rb"\b)(?:"
            + WORD
            + rb" )?(?:"
            + TAG
            + rb")"
        ),
    ),
    Prefix(
        "syslog", re.compile(rb"<[0-9]{1,3}>(?:(?P<time>" + NO_YEAR + rb") )?(?:" + TAG + rb")?")
    ),
    # 2023-10-10 13:55:36,123 - werkzeug - INFO - , [2023-10-10 13:55:36 +0000] [12] [INFO]
    Prefix(
        "logging",
        re.compile(
            rb"(?:\[?"
            + LEVEL
            + rb"\]? +)?\[?(?P<time>"
            + DATE_TIME
            + rb")(?::? ?"
            + LEVEL
            + rb"/[\w-]+)?\]?"
            rb"(?: ?[-|:] ?| +)(?:(?:\[[0-9]+\]|" + WORD + rb") (?:- )?(?:[0-9]+ ){0,2})?"
            rb"\[?"
            + LEVEL
            + rb"\]?(?: +in)?(?=[\s:|-])(?: ?\[[^\]]{1,100}\](?= ))?(?: *[:|-] *| +)(?:"
            + LOGGER
            + rb")?"
        ),
    ),
    Prefix("logging", re.compile(rb"[IWEF][0-9]{4} [0-9:.]{8,15} +[0-9]+ [\w./-]+:[0-9]+\] ")),
    # INFO:werkzeug: and INFO:     and [INFO]
    Prefix(
        "logging",
        re.compile(
            rb"(?:\["
            + LEVEL
            + rb"\]|"
            + LEVEL
            + rb")(?: *[:|-] *| +)(?:(?!https?:)"
            + LOGGER
            + rb")?"
        ),
    ),
    # INFO 2023-10-10 13:55:36,123 basehttp 12 140
    Prefix(
        "logging", re.compile(rb"(?P<time>" + DATE_TIME + rb"),? " + WORD + rb" [0-9]+ [0-9]+ ")
    ),
    Prefix("timestamp", re.compile(rb"\[?(?P<time>" + ZONED + rb")\]?:? +(?=\S)")),
)


class Bare(NamedTuple):
    """A line without its prefixes: their names, the last time among them, whether it goes on."""

    rest: bytes
    names: tuple[str, ...]
    time: bytes
    goes_on: bool


def strip_prefixes(line: bytes) -> Bare:
    """Take off what stands before a line."""
    names: list[str] = []
    time, goes_on = b"", False
    for _ in range(MAX_LAYERS):
        line = line.lstrip()
        for name, pattern in PREFIXES:
            match = pattern.match(line)
            if match is None:
                continue
            found = match.groupdict()
            moment = found.get("time")
            if moment and read_time(moment, UTC) is not None:
                time = moment
            goes_on = found.get("cut") == b"P"
            names.append(name)
            line = line[match.end() :]
            break
        else:
            break
        if names[-1] == CUT:
            break  # what follows may be the middle of a line
    return Bare(line, tuple(dict.fromkeys(names)), time, goes_on)
