"""SQL that is sent again and again."""


class Repeated(str):
    """A statement whose text never changes: worth preparing (:mod:`core.postgresql.prepared`)."""

    __slots__ = ()
