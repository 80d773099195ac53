"""Lines that name their values: JSON objects and ``key=value`` pairs, by the names servers use."""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from allies.accesslog.clients import client_of
from allies.accesslog.entry import NO_CLIENT, Entry, Structure

# The first name that has a usable value wins; a dot goes into an object, or is part of the name.
NAMES: dict[str, tuple[str, ...]] = {
    "method": (
        "method", "request_method", "http_method", "requestMethod", "RequestMethod", "verb",
        "request.method", "req.method", "http.request.method", "http.method",
        "httpRequest.requestMethod", "cs-method", "cs_method", "httpMethod",
    ),
    "path": (
        "path", "uri", "request_uri", "RequestPath", "request_path", "url", "requestUrl",
        "request.uri", "request.path", "request.url", "req.url", "url.original", "url.path",
        "url.full", "http.url", "http.target", "httpRequest.requestUrl", "cs-uri-stem", "cs-uri",
        "cs_uri_stem", "uri_path", "target", "requestURI", "URI",
    ),
    "status": (
        "DownstreamStatus", "status", "status_code", "statusCode", "response_status",
        "responseStatus", "OriginStatus", "response.status", "response.status_code",
        "response.statusCode", "res.statusCode", "res.status", "http.response.status_code",
        "http.status_code", "httpRequest.status", "sc-status", "sc_status", "http_status", "code",
        "resp",
    ),
    "client": (
        "client", "client_ip", "clientip", "clientIp", "clientIP", "remote_addr", "remote_ip",
        "client_addr", "ClientHost", "ClientAddr", "remoteAddr", "remoteIp", "remote_address",
        "ip", "fwd", "request.client_ip", "request.remote_ip", "request.remote_addr",
        "req.remoteAddress", "req.ip", "client.ip", "source.ip", "client.address",
        "source.address", "httpRequest.remoteIp", "http.client_ip", "c-ip", "c_ip", "c-dns",
        "remote_host", "host_ip", "remote", "peer", "srcIP",
    ),
    "time": (
        "time", "timestamp", "@timestamp", "time_iso8601", "StartUTC", "StartLocal", "ts", "msec",
        "time_local", "datetime", "date", "asctime", "t", "start_time", "requestTime",
        "eventTime", "written_at", "_time", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP",
    ),
    "request": ("request", "request_line", "req", "http_request"),
}  # fmt: skip
# A text that holds a line of its own, as docker, journald and logging libraries wrap it.
WRAPPED = (
    ("docker", "log"),
    ("journald", "MESSAGE"),
    ("json", "message"),
    ("json", "msg"),
    ("json", "textPayload"),
    ("json", "line"),
    ("json", "event"),
)
# What a record is called, by what it has.
RECORD_NAMES = (
    ("traefik json", "DownstreamStatus"),
    ("traefik json", "OriginStatus"),
    ("caddy json", "resp_headers"),
    ("caddy json", "bytes_read"),
    ("plaza json", "actor"),
    ("nginx json", "upstream_status"),
    ("nginx json", "request_time"),
    ("google json", "httpRequest"),
)
# What every record of core.ops.logging has, and what core.middleware calls a request's.
OWN = {"timestamp", "level", "logger", "message", "request_id", "actor"}
OWN_REQUEST = "request"
ALLOWED_METHOD = re.compile(r"[A-Z]{3,20}")
REQUEST_LINE = re.compile(r"([A-Z]{3,20}) (\S(?:.*\S)?) HTTP/[0-9.]{1,3}|([A-Z]{3,20}) (\S+)")
STATUSES = {str(number): number for number in range(100, 600)}
PAIR = re.compile(rb'([A-Za-z_@][\w.@-]{0,60})=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=[\s,]|$)')
ENOUGH_PAIRS = 3


class Layout(NamedTuple):
    """The names that a record with certain keys can have for each role, and its format."""

    roles: dict[str, tuple[str, ...]]
    form: str
    # As they stand in the line, of what may not be given twice.
    decisive: tuple[bytes, ...]


@lru_cache(maxsize=256)
def layout_of(keys: tuple[str, ...]) -> Layout:
    """Return the layout of the records with these keys: the lines of a log are alike."""
    there = {*keys}
    roles = {
        role: tuple(name for name in names if name in there or name.partition(".")[0] in there)
        for role, names in NAMES.items()
    }
    forms = (name for name, key in RECORD_NAMES if key in there)
    decisive = {
        name.partition(".")[0]
        for role in ("method", "path", "status", "request")
        for name in roles[role]
    }
    return Layout(roles, next(forms, "json"), tuple(b'"%b"' % key.encode() for key in decisive))


def find(data: dict[str, Any], name: str) -> Any:
    """Return the plain value of a name, or None."""
    value = data.get(name)
    if value is None and "." in name:
        value = data
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return None if isinstance(value, dict | list | bool) else value


def first_of(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    """Return the first value that the names have."""
    for name in names:
        value = find(data, name)
        if value is not None and value not in {"", "-"}:
            return value
    return None


def status_of(data: dict[str, Any], names: tuple[str, ...]) -> int | None:
    """Return the first value that is a status."""
    for name in names:
        value = find(data, name)
        if value is not None:
            whole = isinstance(value, float) and value.is_integer()
            status = STATUSES.get(str(int(value)) if whole else str(value))
            if status is not None:
                return status
    return None


def read_record(data: dict[str, Any], form: str | None = None) -> Entry | Structure | None:
    """Return the request that a record names, when method, path and status are there.

    Of our own records only the access line is one: the others that have all three are calls that
    we made.
    """
    if data.keys() >= OWN and data["message"] != OWN_REQUEST:
        return Structure("plaza json")
    layout = layout_of(tuple(data))
    roles = layout.roles
    method, path = first_of(data, roles["method"]), first_of(data, roles["path"])
    if not isinstance(method, str) or not isinstance(path, str):
        match = REQUEST_LINE.fullmatch(str(first_of(data, roles["request"])))
        if match is None:
            return None
        method, path = match[1] or match[3], match[2] or match[4]
    if not ALLOWED_METHOD.fullmatch(method):
        return None
    status = status_of(data, roles["status"])
    if status is None:
        return None
    time = as_bytes(first_of(data, roles["time"]))
    client = record_client(data, roles["client"])
    return Entry(as_bytes(method), as_bytes(path), status, client, time, form or layout.form)


def record_client(data: dict[str, Any], names: tuple[str, ...]) -> bytes:
    """Return the first value that is an address or a host name; of a list its first."""
    for name in names:
        value = find(data, name)
        if isinstance(value, str):
            client = client_of(value.partition(",")[0].strip().encode("utf-8", "replace"))
            if client:
                return client
    return NO_CLIENT


def as_bytes(value: Any) -> bytes:
    """Return a JSON value as the other lines have it."""
    if isinstance(value, float):
        return f"{value:.6f}".encode()
    return b"" if value is None else str(value).encode("utf-8", "surrogateescape")


# --- JSON ------------------------------------------------------------------------------------
def json_object(line: bytes) -> dict[str, Any] | None:
    """Return the object on a line, or None; bytes that are no UTF-8 are shown escaped.

    Of a name given twice in one object nobody knows which one counts: that is no object.
    """
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            data = orjson.loads(line.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            return None
    if not isinstance(data, dict):
        return None
    if any(line.count(key) > 1 for key in layout_of(tuple(data)).decisive):
        try:
            json.loads(line.decode("utf-8", "replace"), object_pairs_hook=once)
        except (ValueError, RecursionError):
            return None
    return data


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs; raise ValueError for a name given twice."""
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError(pairs)
    return data


def wrapped(data: dict[str, Any]) -> tuple[str, str] | None:
    """Return the text of a record that holds a line of its own, and what wraps it."""
    for name, key in WRAPPED:
        value = data.get(key)
        if isinstance(value, str):
            return name, value
    return None


# --- key=value -------------------------------------------------------------------------------
def read_pairs(line: bytes) -> Entry | Structure | None:
    """Read ``method=GET path="/x" status=200``; a name given twice is one doubt too many."""
    pairs = PAIR.findall(line)
    if len(pairs) < ENOUGH_PAIRS:
        return None
    data: dict[str, Any] = {}
    for key, value in pairs:
        name = key.decode("ascii", "replace")
        if name in data:
            return None
        data[name] = value.strip(b'"').decode("utf-8", "surrogateescape")
    form = "heroku" if data.get("at") and "dyno" in data else "key=value"
    return read_record(data, form)
