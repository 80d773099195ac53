"""What the page of a case offers to do with it; the services do it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.constants import ACTIVE, MOVES_TO_DUPLICATE, State
from cases.forms.work import (
    AssignForm,
    DuplicateForm,
    MacroForm,
    PriorityForm,
    ReopenForm,
    ReplyForm,
    ResolveForm,
    WaitForm,
    WorkForm,
    resolutions_of,
)
from cases.models import Case
from cases.services import duplicates, work
from cases.services.macros import apply_macro
from core import context

type_done = Callable[[Case, Any], Case]


@dataclass(frozen=True, slots=True)
class Work:
    """Something to do with a case: the form that it takes, what does it, what is said then.

    ``buttons`` are names and labels; the one that was pressed is in the form's data.
    """

    title: Any
    form: type[WorkForm]
    does: type_done
    said: Any
    buttons: tuple[tuple[str, Any], ...]


def user_id() -> int:
    """Return who acts."""
    found = context.actor.get().id
    assert found is not None  # noqa: S101 - the admin lets nobody else in
    return found


def take(case: Case, _form: WorkForm) -> Case:
    """Take the case."""
    return work.take(case=case, user_id=user_id())


def assign(case: Case, form: WorkForm) -> Case:
    """Give it to somebody."""
    return work.assign(case=case, assignee_id=form.cleaned_data["assignee"])


def reply(case: Case, form: WorkForm) -> Case:
    """Write to the reporter, or a note."""
    text, visible = form.cleaned_data["text"], "internal" not in form.data
    return work.reply(case=case, text=text, visible=visible)


def wait(case: Case, form: WorkForm) -> Case:
    """Stop the clock."""
    return work.wait(case=case, to=form.cleaned_data["to"], note=form.cleaned_data["text"])


def resolve(case: Case, form: Any) -> Case:
    """End it."""
    data = form.cleaned_data
    return work.resolve(
        case=case, resolution=data["resolution"], values=form.values(), note=data["text"]
    )


def reopen(case: Case, form: WorkForm) -> Case:
    """Go on with it."""
    return work.reopen(case=case, note=form.cleaned_data["text"])


def duplicate(case: Case, form: WorkForm) -> Case:
    """End it because of another."""
    return duplicates.mark_duplicate(case=case, of_id=form.cleaned_data["of"])


def priority(case: Case, form: WorkForm) -> Case:
    """Say how much it matters."""
    return work.change(case=case, fields={"priority": form.cleaned_data["priority"]})


def macro(case: Case, form: WorkForm) -> Case:
    """Do what a macro says."""
    return apply_macro(case=case, macro=form.cleaned_data["macro"])


WORKS = {
    "take": Work(_("Take"), WorkForm, take, _("The case is yours."), (("do", _("Take")),)),
    "reply": Work(
        _("Reply"),
        ReplyForm,
        reply,
        _("Written."),
        (("do", _("Send to the reporter")), ("internal", _("Keep as internal note"))),
    ),
    "note": Work(
        _("Note"), ReplyForm, reply, _("Written."), (("internal", _("Keep as internal note")),)
    ),
    "resolve": Work(
        _("Resolve"), ResolveForm, resolve, _("The case is resolved."), (("do", _("Resolve")),)
    ),
    "wait": Work(_("Wait"), WaitForm, wait, _("The case waits."), (("do", _("Wait")),)),
    "assign": Work(_("Assign"), AssignForm, assign, _("Assigned."), (("do", _("Assign")),)),
    "priority": Work(_("Priority"), PriorityForm, priority, _("Changed."), (("do", _("Change")),)),
    "duplicate": Work(
        _("Duplicate"),
        DuplicateForm,
        duplicate,
        _("The case is a duplicate."),
        (("do", _("It is a duplicate")),),
    ),
    "reopen": Work(_("Reopen"), ReopenForm, reopen, _("The case goes on."), (("do", _("Reopen")),)),
    "macro": Work(_("Macro"), MacroForm, macro, _("Done."), ()),
}


def offered(case: Case) -> list[str]:
    """Return the names of what a case in its state allows, beside taking it and macros."""
    if case.state not in ACTIVE:
        return ["note", "reopen"] if case.resolved_at is not None else ["note"]
    names = ["reply", "resolve", "wait", "assign", "priority"]
    if not resolutions_of(case):
        names.remove("resolve")
    return [*names, "duplicate"] if case.state in MOVES_TO_DUPLICATE else names


def can_be_taken(case: Case, by: Any) -> bool:
    """Tell whether somebody would get the case by taking it."""
    if case.state not in ACTIVE:
        return False
    return case.assignee_id is None or (case.state == State.REOPENED and case.assignee_id != by)
