"""What a file's rows came to: problems, counts, and a file that cannot be read on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

MAX_KEPT_PROBLEMS = 100

type_progress = Callable[[int], object]
type_fault = tuple[str, str, str]  # column, code, message


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row; row 1 is the header, row 0 the file as such.

    ``file`` names the file where there are several, ``id`` the row as it calls itself.
    """

    row: int
    column: str
    code: str
    message: str
    file: str = ""
    id: str = ""

    @classmethod
    def of(cls, row: int, faults: list[type_fault], *, file: str = "", id: str = "") -> Self:  # noqa: A002 - the column's name
        """Return the one problem of a row that has ``faults``; its code is the first one's."""
        columns = "; ".join(column for column, _code, _message in faults if column)
        messages = "; ".join(message for _column, _code, message in faults)
        return cls(row, columns, faults[0][1], messages, file, id)

    def as_error(self) -> dict[str, Any]:
        """Return the problem as a member of a problem document's ``errors``."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "reason": self.message,
            "field": self.column or self.file,
            "detail": self.message,
        }

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.file, f"row {self.row}", self.column)))
        return f"{place}: {self.message}"


@dataclass
class Report:
    """All problems of an import: each passed to ``tell`` at once, the first ones kept.

    ``unread`` are the files that could not be read to their ends.
    """

    tell: Callable[[Problem], object] | None = None
    count: int = 0
    kept: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def add(self, problem: Problem) -> None:
        """Take one problem in."""
        self.count += 1
        if len(self.kept) < MAX_KEPT_PROBLEMS:
            self.kept.append(problem)
        if self.tell is not None:
            self.tell(problem)

    def errors(self) -> list[dict[str, Any]]:
        """Return the kept problems as members of a problem document."""
        return [problem.as_error() for problem in self.kept]


@dataclass
class Counts:
    """How many rows of a file did what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows that is."""
        return self.created + self.updated + self.unchanged

    def __str__(self) -> str:
        return f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"


class UnusableFileError(Exception):
    """The file cannot be read on from this row; row 0 is the file as such."""

    def __init__(self, code: str, message: str, row: int = 0, column: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.row, self.column = code, message, row, column

    def as_problem(self, *, file: str = "") -> Problem:
        """Return what a report says of it."""
        return Problem(self.row, self.column, self.code, self.message, file)
