"""A reply, a move and a resolution in one press."""

from django.db.models import QuerySet

from cases.constants import WAITING, State
from cases.errors import UnknownResolution
from cases.models import Case, Macro
from cases.services import work
from cases.services.kinds import kind_of


def macros_for(case: Case) -> QuerySet[Macro]:
    """Return the macros that fit a case: of its kind, and whose resolution that kind has."""
    plain = [name for name, one in kind_of(case.kind).resolutions.items() if not one.takes]
    rows = Macro.objects.filter(kind__in=["", case.kind], resolution__in=["", *plain])
    return rows.order_by("title_key", "pk")


def apply_macro(*, case: Case, macro: Macro) -> Case:
    """Do with a case what a macro says.

    Raises:
        UnknownResolution: the macro is for another kind of cases.
        ApplicationError: what the same reply, wait or resolution by hand would raise.
    """
    if macro.kind and macro.kind != case.kind:
        raise UnknownResolution
    if macro.to_state == State.RESOLVED:
        return work.resolve(
            case=case, resolution=macro.resolution, note=macro.reply, visible=macro.visible
        )
    if macro.to_state in WAITING:
        to = State(macro.to_state)
        return work.wait(case=case, to=to, note=macro.reply, visible=macro.visible)
    return work.reply(case=case, text=macro.reply, visible=macro.visible)
