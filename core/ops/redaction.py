"""What a log line must not carry: secrets in whatever shape they arrive.

A secret is known by the name beside it (``password=…``, ``"token": "…"``, ``?api_key=…``), by its
shape (a JWT, an ``Authorization`` value, the password of a URL) or by its value, for those that the
settings hold. Query strings lose their values altogether: they carry what people search for.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "[redacted]"
MAX_TEXT_CHARACTERS = 4096
MAX_TRACE_CHARACTERS = 16384
MAX_ITEMS = 50
MAX_DEPTH = 5

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|sign(?:ing)?[_-]?key|secret[_-]?key|encryption[_-]?key|refresh|access|jwt|otp|pin|cvv|dsn"
    r"|authorization|credentials?(?:[_-]?keys?)?|cookie|session(?:id|[_-]?key)|csrf\w*token"
    r"|(?:database|redis|broker)[_-]?url)s?(?:[_-]?(?:\d|hash|old|new|value))?"
)
# Where a name may start: not in the middle of a word, but after the hump of a camelCase one.
_START = r"(?:(?<![A-Za-z])|(?<=[a-z0-9])(?=[A-Z]))"
_VALUE = (
    r"\"(?:[^\"\\]|\\.)*(?:\"|$)|'(?:[^'\\]|\\.)*(?:'|$)|\\+[\"'].*?(?:\\+[\"']|$)"
    r"|[\[({][^\])}]*[\])}]?|[^\s,;&\"'()\[\]{}<>]+"
)
_SECRET_NAME = re.compile(rf"(?i)(?:^|[_\-. ]){_NAME}$")
_BEFORE = re.compile(rf"{_START}(?i:{_NAME})[\"']?\s*(?:is|was|:|=|=>)?\s*[\"'(<]?$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUERY = re.compile(r"(\?|&(?:amp;)?)([\w.\[\]%~+-]{1,64})=([^\s&\"'<>\\)\]}]*)")
_RULES = tuple(
    (re.compile(pattern, re.DOTALL), replacement)
    for pattern, replacement in (
        (
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}-----|\Z)",
            HIDDEN,
        ),
        # Whole headers: a scheme that we do not know, several cookies.
        (
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*[:=]\s*)(?![\"'\[])[^\r\n\"']+",
            rf"\1\2{HIDDEN}",
        ),
        (r"(?i)\b(bearer\s+)[\w\-.~+/=]{6,}", rf"\1{HIDDEN}"),
        (
            r"\b((?i:basic|digest|token)\s+)(?=[\w\-.~+/]*(?:\d|=|[a-z][A-Z]))[\w\-.~+/=]{8,}",
            rf"\1{HIDDEN}",
        ),
        (r"\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?", HIDDEN),
        (r"(://)[^/\s@\"'<>]{1,512}@", rf"\1{HIDDEN}@"),
        # "password": "x", 'password': 'x' (also escaped), password: x, password=x, password => x
        (
            (
                rf"({_START}(?i:{_NAME})(?:\\*[\"'])?\s{{0,8}}(?:=>|[:=])\s{{0,8}}[bru]?)"
                rf"(?!\[redacted)(?:{_VALUE})"
            ),
            rf"\1{HIDDEN}",
        ),
    )
)
# Most lines hold nothing of the kind: one search is enough to know.
_SUSPECT = re.compile(
    r"(?i)pass|pwd|secret|token|key|refresh|access|jwt|otp|pin|cvv|dsn|auth|credential|cookie"
    r"|session|csrf|url|bearer|basic|digest|eyJ|://|PRIVATE"
)
# Line breaks and whatever else moves a terminal's cursor or turns text around.
_UNSAFE = {
    code: f"\\u{code:04x}"
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x200E,
        0x200F,
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
    )
} | {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
_PLACEHOLDER = re.compile(r"%[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[diouxXeEfFgGcrsa%]")


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Tell whether a value under this name must not be shown."""
    return _SECRET_NAME.search(_HUMP.sub("_", name[-64:])) is not None


class Redactor:
    """Hides secrets in texts and structures. ``secrets`` are values to hide wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = sorted({value for value in secrets if len(value) >= 8}, key=len, reverse=True)  # noqa: PLR2004 - shorter ones would hide ordinary words
        self._values = re.compile("|".join(map(re.escape, values))) if values else None

    def text(self, value: str, limit: int = MAX_TEXT_CHARACTERS) -> str:
        """Return the text without secrets and control characters, cut to ``limit``."""
        # Cut with a margin first, so that hostile sizes cost nothing; then to the limit, because
        # a cut secret would no longer look like one.
        value = self._hide(value[: limit * 2])
        if not value.isprintable():
            value = value.translate(_UNSAFE).encode("utf-8", "backslashreplace").decode()
        if len(value) > limit:
            value = f"{value[:limit]}… (+{len(value) - limit})"
        return value

    def trace(self, value: str) -> str:
        """Return a traceback without secrets; of a long one the end, which says what happened.

        Its line breaks stay: a traceback is read by lines, and in JSON they break nothing.
        """
        lines = [
            self.text(line, MAX_TEXT_CHARACTERS)
            for line in self._hide(value[-4 * MAX_TRACE_CHARACTERS :]).split("\n")
        ]
        clean = "\n".join(lines)
        return clean if len(clean) <= MAX_TRACE_CHARACTERS else f"…{clean[-MAX_TRACE_CHARACTERS:]}"

    def _hide(self, value: str) -> str:
        if self._values is not None:
            value = self._values.sub(HIDDEN, value)
        if "?" in value:
            value = _QUERY.sub(rf"\1\2={HIDDEN}", value)
        if _SUSPECT.search(value):
            for pattern, replacement in _RULES:
                value = pattern.sub(replacement, value)
        return value

    def value(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """Return anything as JSON-ready data without secrets, of bounded size."""
        if value is None or isinstance(value, bool | float):
            return value
        if name and is_secret(name):
            return HIDDEN
        if isinstance(value, str | int):  # most values are: asking an ABC costs more than the rest
            return self._scalar(value)
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            items = list(value.items())[:MAX_ITEMS]
            return {self.text(str(k), 128): self.value(v, str(k), depth + 1) for k, v in items}
        if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
            return [self.value(item, name, depth + 1) for item in list(value)[:MAX_ITEMS]]
        return self._scalar(value)

    def _scalar(self, value: Any) -> int | str:
        if isinstance(value, int):
            # JSON readers take 64 bits, and Python refuses to print the longest ones.
            return value if value.bit_length() < 64 else f"int of {value.bit_length()} bits"  # noqa: PLR2004 - the bits of the line before
        if isinstance(value, bytes | bytearray):
            value = bytes(value[:MAX_TEXT_CHARACTERS]).decode("utf-8", "replace")
        return self.text(value if isinstance(value, str) else _shown(value))

    def arguments(self, message: str, args: Any) -> Any:
        """Return a log call's arguments with those hidden that the message calls a secret.

        ``log("token %s", token)`` names its secret in the format, ``log("%(token)s", {...})`` in
        the dictionary; once merged, neither would differ from any other word.
        """
        if isinstance(args, Mapping):
            return {k: HIDDEN if is_secret(str(k)) else self._argument(v) for k, v in args.items()}
        if not isinstance(args, tuple):
            return args
        hidden = list(args)
        position = 0
        for match in _PLACEHOLDER.finditer(message):
            if match[0] == "%%":
                continue
            position += match[0].count("*")
            if position >= len(hidden):
                break
            if match[0][-1] in "sra" and _BEFORE.search(message, 0, match.start()):
                hidden[position] = HIDDEN
            position += 1
        return tuple(self._argument(item) for item in hidden)

    def _argument(self, value: Any) -> Any:
        """Structures are cleaned while their keys still say what is secret; the rest stays."""
        return self.value(value) if isinstance(value, Mapping | list | tuple) else value


def _shown(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - a log line must not fail for its argument's sake
        return f"<unprintable {type(value).__name__}: {type(error).__name__}>"
