"""What a line of a log says."""

from typing import NamedTuple

MAX_LINE_BYTES = 64 * 1024
NO_CLIENT = b"-"


class Entry(NamedTuple):
    """A request. ``time`` is the text of its timestamp, ``form`` the name of the line's format."""

    method: bytes
    path: bytes
    status: int
    client: bytes
    time: bytes
    form: str


class Structure(NamedTuple):
    """A line that is understood and is no request by itself.

    That is a directive that names the columns of the lines below, a part of a line that its
    container's runtime has cut, or a record of Plaza's own that tells of something else.
    """

    form: str
