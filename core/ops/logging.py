"""One record per line, the same from web, worker, beat and commands, without secrets.

JSON for machines, or text for people who watch a terminal. ``logging_config(level)`` is what the
settings hand to Django; Celery and gunicorn get the same.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

from core import context
from core.ops.redaction import Redactor

_OWN = (
    *("timestamp", "level", "logger", "message", "request_id", "trace_id", "actor"),
    *("exception", "stack"),
)
# Of these we made every character, in add_fields: nobody's secret can be in them.
_TRUSTED = frozenset({"timestamp", "level", "logger", "actor", "trace_id"})
# Django hands the request itself over as an extra; nobody wants its repr in a log.
_DROPPED = ("request", "server_time", "color_message")
# What core.middleware says of a request, in the order of a line for people.
_REQUEST = ("method", "path", "status", "ms", "client")
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class RedactionFilter(logging.Filter):
    """Hides the secrets among a record's arguments, where the format still says what they are."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__()
        self.redactor = redactor or Redactor()

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record; it is always logged."""
        if record.args:
            record.args = self.redactor.arguments(str(record.msg), record.args)
        return True


class JSONFormatter(OrjsonFormatter):
    """Renders a record as one JSON object: who and in which request, then the extras."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__(reserved_attrs=[*RESERVED_ATTRS, *_DROPPED])
        self.redactor = redactor or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a wrong format string must not lose it."""
        try:
            return super().format(record)
        except (TypeError, ValueError, KeyError) as error:
            record.msg = f"{record.msg} ({type(error).__name__} in the log call's arguments)"
            record.args = ()
            return super().format(record)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Put our own fields first; an extra of the same name gets a prefix."""
        actor = context.actor.get()
        extras: dict[str, Any] = {}
        super().add_fields(extras, record, message_dict)
        log_data |= {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": extras.pop("message", None) or record.message,
            "request_id": context.request_id.get() or None,
            "actor": actor.kind if actor.id is None else f"{actor.kind}:{actor.id}",
        }
        if within := context.trace.get():
            log_data["trace_id"] = within[3:35]
        for name, target in (("exc_info", "exception"), ("stack_info", "stack")):
            if trace := extras.pop(name, None):
                log_data[target] = trace
        for name, value in extras.items():
            log_data[f"extra_{name}" if name in _OWN else name] = value

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Hide secrets and bound every field."""
        clean = self.redactor
        return {
            name if name.isidentifier() else clean.text(name, 128): (
                value
                if name in _TRUSTED
                else clean.trace(value)
                if name in ("exception", "stack")
                else clean.value(value, name)
            )
            for name, value in log_data.items()
        }


class TextFormatter(JSONFormatter):
    """Renders the same fields, redacted alike, for people: time, level, message, extras.

    An extra is ``name=value``; a request is ``GET /api/dogs 200 3 ms 127.0.0.1 <request id>``.
    The lines of a traceback are indented, so that no text in it can pass for a record. Times are
    the process's local ones.
    """

    def __init__(self, redactor: Redactor | None = None, *, colour: bool = False) -> None:
        super().__init__(redactor)
        self.colour = colour

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the lines of one record."""
        when = datetime.fromisoformat(log_data["timestamp"]).astimezone()
        level = f"{log_data['level']:<8}"
        if self.colour:
            level = f"\x1b[{_COLOURS.get(log_data['level'], '0')}m{level}\x1b[0m"
        extras = {name: value for name, value in log_data.items() if name not in _OWN}
        if log_data["logger"].startswith("celery."):
            extras.pop("data", None)  # says in a structure what the message says
        words = [f"{when:%H:%M:%S}.{when.microsecond // 1000:03}", level]
        if log_data["message"] == "request" and extras.keys() >= {*_REQUEST}:
            method, path, status, ms, client = (extras.pop(name) for name in _REQUEST)
            rounded = round(ms) if isinstance(ms, float) else ms
            words += [*map(_word, (method, path, status, rounded)), "ms", _word(client)]
            words += [log_data["request_id"] or "-"]
        else:
            words += [str(log_data["message"])]
            named = {"request_id": None, "actor": context.NOBODY.kind}
            extras |= {key: log_data[key] for key, none in named.items() if log_data[key] != none}
        words += [f"{_word(name)}={_word(value)}" for name, value in extras.items()]
        traces = [log_data[name] for name in ("exception", "stack") if name in log_data]
        return "\n".join([" ".join(words), *traces]).replace("\n", "\n    ")


def _word(value: Any) -> str:
    """Return a value as one word: a text as it is or, like anything else, as JSON."""
    if isinstance(value, str) and value and not {*' "='} & {*value}:
        return value
    return orjson.dumps(value).decode()


def logging_config(
    level: str = "INFO", form: str = "json", *, colour: bool = False, secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the ``dictConfig`` of every process; ``secrets`` are values that never may appear.

    ``form`` is ``json`` or ``text``; only ``text`` has ``colour``.
    """
    redactor = Redactor(secrets)
    level = level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": RedactionFilter, "redactor": redactor}},
        "formatters": {
            "json": {"()": JSONFormatter, "redactor": redactor},
            "text": {"()": TextFormatter, "redactor": redactor, "colour": colour},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["redact"],
                "formatter": form,
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django would add handlers of its own, whose lines are not redacted.
            "django": {"handlers": [], "level": level},
            "django.server": {"handlers": [], "level": level},
            # 4xx: the request's own line (core.middleware) has said it already.
            "django.request": {"handlers": [], "level": "ERROR"},
            "django.db.backends": {"handlers": [], "level": "WARNING"},
            "urllib3": {"handlers": [], "level": "WARNING"},
            # gunicorn turns propagation off; its access lines would repeat ours.
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # core.ops.health reports what changes instead of a trace per probe.
            "health_check": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }


def redacted(text: str) -> str:
    """Return a text without the secrets that no log line may have, for what people are shown."""
    redactor: Redactor = settings.LOGGING["filters"]["redact"]["redactor"]
    return redactor.text(text)
