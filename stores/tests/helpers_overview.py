"""The overview of the field: where it is, and what a part of it shows."""

import re

PAGE = "/admin/field/"


def part(response, name):
    """Return what a part of the page shows."""
    assert response.status_code == 200, response.content[:2000]
    shown = response.context[name]
    assert not shown.failed
    return shown.content


def sums(line):
    """Return must-haves and missing ones of a line."""
    return [int(line.must_have), int(line.missing)]


def number_in(link, name):
    """Return the number that a parameter of an address has."""
    return int(re.search(rf"[?&]{name}=([0-9]+)", link)[1])
