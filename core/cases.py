"""Support cases, for apps that know nothing of the app that keeps them.

An app says in its ``case_kinds.py`` what kinds of cases there are about its objects::

    KINDS = [
        cases.Kind(
            "wilting",
            _("a plant wilts"),
            targets={1: cases.Targets(30, 240), 2: cases.Targets(120, 720)},
            resolutions={"watered": cases.Resolution(_("it had water"))},
        )
    ]

It reports one with :func:`report`, hears of every later change by ``core.signals.case_changed``,
and looks the case up with :func:`view`. The app that keeps cases has a module ``case_keeper.py``
with the functions of :class:`Keeper`. Where no such app runs, nothing is kept: :func:`report` and
:func:`view` return None, and the apps go on by themselves.

What staff do on a page of the admin because of a case (``core.context.AdminAction``) is one of its
events: the journal notes it with the first line of that action, see :func:`note`. No app does
anything for that.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, cast

from django.db import connection, transaction
from rest_framework.exceptions import APIException

from core import context, plugs
from core.values import INT64_MAX

NUMBER = re.compile(r"(?:[A-Za-z]-)?([0-9]{1,19})")
AGE_DAYS = (1, 3, 7)
LOOKS = frozenset({"read", "refused", "export"})

Text = Any  # a text, maybe one that is translated when it is shown


@dataclass(frozen=True, slots=True)
class Targets:
    """What support aims for, in minutes of working time."""

    first_response: int
    solution: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a case of a kind can end; ``takes`` names the further values that this wants."""

    label: Text
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cases: its targets by priority (1 is the highest), and how one can end.

    ``resolve(object_id, resolution, values, reason)`` does what a resolution means for the object.
    It is called in the transaction that resolves the case, with the case's row locked, before any
    other row of the app; it raises what the API or the admin shows, and ``errors`` are the classes
    of that, for the contract. ``facts(object_id)`` returns lines for people: a label and a value
    each. ``page(object_id)`` returns the address in the admin where a person decides, if the app
    has a page for that. ``reported_by`` names the roles that may file one by hand; nobody does if
    it is empty.
    """

    name: str
    label: Text
    targets: Mapping[int, Targets]
    resolutions: Mapping[str, Resolution]
    priority: int = 2
    reported_by: frozenset[str] = frozenset()
    resolve: Callable[[str, str, Mapping[str, Any], str], None] | None = None
    facts: Callable[[str], list[tuple[Text, Text]]] | None = None
    page: Callable[[str], str] | None = None
    errors: tuple[type[APIException], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported. The same kind and object again is the same case while that is not over.

    ``label`` is the object's model (``stores.UnrecognisedGroup``). ``occurrences`` is the number of
    times in all, not how many more: so a report that comes twice counts once. A ``reporter_id`` is
    who wrote subject and details: both are erased when that account is removed.
    """

    kind: str
    subject: str
    details: str = ""
    label: str = ""
    object_id: str = ""
    reporter_id: int | None = None
    occurrences: int = 1
    request_id: str = ""
    app_version: str = ""
    links: Mapping[str, str] = field(default_factory=dict)  # further objects: label → id


@dataclass(frozen=True, slots=True)
class View:
    """A case as its reporter may see it. ``answer`` is the latest thing that support told them."""

    id: int
    number: str
    kind: str
    state: str
    subject: str
    answer: str
    label: str
    object_id: str
    reporter_id: int | None
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Ages:
    """How old the cases are that are not over.

    ``counts`` says how many are younger than each of ``AGE_DAYS``, and older than those before;
    the last one how many are older than all. ``label`` is the model that keeps them, for whoever
    may see its list.
    """

    label: str
    counts: tuple[int, ...]
    overdue: int

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of cases on a day, or on several.

    ``ended`` were resolved or found to be duplicates, and ``open`` is how many were not over when
    the last day ended. ``answered`` had their first answer, after ``response_p50`` and
    ``response_p90`` minutes of working time: half of them, and nine in ten, were answered within.
    ``breached`` is how many due times, of a first answer or of a solution, passed in vain.
    """

    opened: int
    reopened: int
    ended: int
    open: int
    answered: int
    response_p50: float | None
    response_p90: float | None
    breached: int


class Keeper(Protocol):
    """What the module ``case_keeper`` of the app that keeps cases has.

    Every function runs in the caller's transaction. A case's row is locked before any row of the
    app that its object belongs to.
    """

    def report(self, report: Report) -> int:
        """Open a case, or join the one that is there; return its id."""

    def view(self, case_id: int) -> View | None:
        """Return a case, or None if there is none."""

    def reply(self, case_id: int, *, author_id: int, text: str) -> None:
        """Add what the reporter answers."""

    def resolve(
        self, kind: str, object_id: str, resolution: str, values: Mapping[str, Any], reason: str
    ) -> None:
        """Resolve the case that is about an object, and have its kind do what that means."""

    def open_cases(self, search: str) -> list[tuple[int, str]]:
        """Return some cases that are not over, by number or subject: id and what people see."""

    def ages(self, kinds: Collection[str]) -> Ages:
        """Return how old the cases of some kinds are that are not over."""

    def figures(self, kinds: Collection[str], first: dt.date, last: dt.date) -> Figures:
        """Return what became of the cases of some kinds from one day to another."""

    def note_action(
        self, case_id: int, *, action: str, label: str, object_id: str, count: int, text: str
    ) -> None:
        """Add to a case's events what somebody did elsewhere because of it.

        ``action`` is the name of an action of the admin page of the model ``label``, and ``text``
        the reason that was given. ``object_id`` is empty where it is about ``count`` objects. Take
        no lock: whatever was changed is locked already, and a case's row comes before that.
        """


@cache
def keeper() -> Keeper | None:
    """Return the part of the app that keeps cases, if one runs; which apps do never changes."""
    for app in plugs.enabled():
        if (part := app.part("case_keeper")) is not None:
            return cast("Keeper", part)
    return None


def kinds() -> dict[str, Kind]:
    """Return the kinds of cases of all apps that run, by name."""
    parts = (app.part("case_kinds") for app in plugs.enabled())
    return {kind.name: kind for part in parts if part is not None for kind in part.KINDS}


def report(what: Report) -> int | None:
    """Have a case opened or joined; return its id, or None where nobody keeps cases."""
    found = keeper()
    return None if found is None else found.report(what)


def view(case_id: int) -> View | None:
    """Return a case, or None if there is none or nobody keeps any."""
    found = keeper()
    return None if found is None else found.view(case_id)


def resolve(
    kind: Kind, object_id: str, resolution: str, values: Mapping[str, Any], reason: str
) -> None:
    """Resolve what there is about an object: through its case, or directly where nobody keeps any.

    Raises:
        ApplicationError: the case is over, or the kind refuses.
    """
    found = keeper()
    if found is not None:
        found.resolve(kind.name, object_id, resolution, values, reason)
    elif kind.resolve is not None:
        kind.resolve(object_id, resolution, values, reason)


def open_case(spelled: str) -> int | None:
    """Return the id of the case with this number if it is not over: ``C-1042``, or ``1042``."""
    found = NUMBER.fullmatch(spelled.strip())
    if found is None or int(found[1]) > INT64_MAX or (kept := keeper()) is None:
        return None
    for case_id, _text in kept.open_cases(found[1]):
        case = kept.view(case_id)
        number = None if case is None else NUMBER.fullmatch(case.number)
        if number is not None and int(number[1]) == int(found[1]):
            return case_id
    return None


def suggestions() -> list[str]:
    """Return some cases that are not over, as people see them."""
    found = keeper()
    return [] if found is None else [text for _id, text in found.open_cases("")]


def ages(kinds: Collection[str]) -> Ages | None:
    """Return how old the cases of some kinds are that are not over; None where nobody keeps any."""
    found = keeper()
    return None if found is None else found.ages(kinds)


def figures(kinds: Collection[str], first: dt.date, last: dt.date) -> Figures | None:
    """Return what became of the cases of some kinds in a period; None where nobody keeps any."""
    found = keeper()
    return None if found is None else found.figures(kinds, first, last)


class Mark:
    """Goes with a note: tells whether that is there still, or was rolled back."""

    is_committed = False

    def commit(self) -> None:
        """Keep in mind that nothing takes the note away any more."""
        self.is_committed = True

    def stands(self) -> bool:
        """Tell whether the note is there; Django forgets callbacks of what is rolled back."""
        waiting = (function for _savepoints, function, *_ in connection.run_on_commit)
        return self.is_committed or self.commit in waiting


def note(admin_action: context.AdminAction, action: str, *, count: int, reason: str) -> None:
    """Add an action to the events of its case, in the transaction of the journal's line about it.

    One page is one event, however many lines it leaves: what is noted already is left out. A look
    counts only where the line gives the reason that was typed.
    """
    if admin_action.case_id is None or (
        admin_action.mark is not None and admin_action.mark.stands()
    ):
        return
    if action in LOOKS and not (admin_action.reason and reason.endswith(admin_action.reason)):
        return
    found = keeper()
    if found is None:
        return
    found.note_action(
        admin_action.case_id,
        action=admin_action.action,
        label=admin_action.label,
        object_id=admin_action.object_id,
        count=count if admin_action.count is None else admin_action.count,
        text=admin_action.reason,
    )
    admin_action.mark = Mark()
    transaction.on_commit(admin_action.mark.commit)
