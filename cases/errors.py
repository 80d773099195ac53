"""What can go wrong with cases."""

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, FieldError


class CaseState(Conflict):
    """A case in this state cannot do that."""

    default_code = "case_state"
    default_detail = _("The case's state does not allow this.")

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class CaseTaken(Conflict):
    """Somebody else works on the case."""

    default_code = "case_taken"
    default_detail = _("Somebody else has taken the case.")


class CaseAnotherOpen(Conflict):
    """Another case about the same object is not over."""

    default_code = "case_another_open"
    default_detail = _("There is another case about the same object.")

    def __init__(self, *, existing: int | None = None) -> None:
        super().__init__(existing=existing)


class UnknownKind(FieldError):
    """There is no such kind of cases, or the caller may not file one."""

    default_code = "unknown_case_kind"
    default_detail = _("There is no such kind of cases.")
    field = "kind"


class UnknownResolution(FieldError):
    """A case of this kind does not end like this."""

    default_code = "unknown_resolution"
    default_detail = _("A case of this kind cannot end like this.")
    field = "resolution"


class ResolutionValue(FieldError):
    """A resolution lacks one of its values, or has one that it does not take."""

    default_code = "resolution_value"
    default_detail = _("The resolution wants this value, or does not take it.")


class UnknownCase(FieldError):
    """There is no such case."""

    default_code = "unknown_case"
    default_detail = _("There is no such case.")
    field = "of"


class DuplicateOfItself(FieldError):
    """A case is no duplicate of itself, nor of its own duplicates."""

    default_code = "duplicate_of_itself"
    default_detail = _("A case is not a duplicate of itself.")
    field = "of"


class UnknownAssignee(FieldError):
    """Whoever a case is given to answers cases: active, SUPPORT or ADMIN."""

    default_code = "unknown_assignee"
    default_detail = _("There is no such person in support.")
    field = "assignee"


class UnknownReporter(FieldError):
    """Whoever a case is filed for has an active account."""

    default_code = "unknown_reporter"
    default_detail = _("There is no such active user.")
    field = "reporter"


class NoWorkingTime(Conflict):
    """A calendar has no hours to count."""

    default_code = "no_working_time"
    default_detail = _("The calendar has no working time.")
