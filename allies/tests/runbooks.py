"""Reading the runbooks' pages and running what stands on them."""

import json
import re
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection

BOOKS = Path(settings.BASE_DIR) / "docs" / "runbooks"
FENCE = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


def blocks(page):
    """The page's code blocks in their order: language, what they are, content."""
    return FENCE.findall((BOOKS / page).read_text())


def promises(page, kind):
    """Each block that does something, with the next block that says what one should see."""
    found = blocks(page)
    for number, (language, about, content) in enumerate(found):
        if kind(language, about):
            expected = next(
                (one for one in found[number + 1 :] if one[0] in {"text", "json"}), (None,) * 3
            )
            yield about, content, expected[2]


def cell(value):
    """A value as psql shows it."""
    if isinstance(value, bool):
        return "tf"[not value]
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, str) and value.startswith("["):
        return json.dumps(json.loads(value))
    return str(value)


def statements(script):
    """The statements of a script, as a client sends them."""
    collected = ""
    for line in script.splitlines(keepends=True):
        collected += line
        if sqlite3.complete_statement(collected):
            yield collected.strip()
            collected = ""
    assert not collected.strip()


def run_sql(script):
    """Run a script; return what its last query answered, header first."""
    table = None
    with connection.cursor() as cursor:
        for statement in statements(script):
            cursor.execute(statement)
            if cursor.description and (rows := cursor.fetchall()):
                header = [column[0] for column in cursor.description]
                table = [header, *([cell(value) for value in row] for row in rows)]
    return table


def table_of(text):
    return [line.split("|") for line in text.splitlines()]


def send(method, url, headers, body):
    """Send one request and return status and text."""
    request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 - the live server
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - see above
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def requests_of(text, live_server):
    """The requests of an .http file: method, address, headers, body."""
    variables = dict(re.findall(r"^@(\w+) = (.+)$", text, re.MULTILINE))
    variables["host"] = live_server.url
    filled = re.sub(r"\{\{(\w+)\}\}", lambda match: variables[match[1]], text)
    for part in re.split(r"^###.*$", filled, flags=re.MULTILINE)[1:]:
        head, _, body = part.strip().partition("\n\n")
        first, *lines = head.splitlines()
        method, url = first.split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines)
        yield method, url, headers, body.encode() or None
