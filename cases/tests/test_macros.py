"""A macro does in one press what would be several."""

import pytest

from cases.errors import UnknownResolution
from cases.models import Case, CaseEvent
from cases.services.macros import apply_macro
from cases.tests.factories import CaseFactory, MacroFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "state", "answer"),
    [
        ({}, "open", "Please send a photo."),
        ({"visible": False}, "new", ""),
        ({"to_state": "waiting_seller"}, "waiting_seller", "Please send a photo."),
        ({"to_state": "waiting_vendor", "visible": False}, "waiting_vendor", ""),
        ({"to_state": "resolved", "resolution": "answered"}, "resolved", "Please send a photo."),
    ],
)
def test_what_a_macro_does(supporter, fields, state, answer):
    case = CaseFactory()
    apply_macro(case=case, macro=MacroFactory(**fields))
    case.refresh_from_db()
    assert (case.state, case.answer) == (state, answer)
    last = CaseEvent.objects.latest("id")
    assert (last.note, last.visible_to_seller) == ("Please send a photo.", bool(answer))


def test_a_macro_of_another_kind_or_resolution_changes_nothing(supporter):
    case = CaseFactory()
    for fields in ({"kind": "yoghurt"}, {"to_state": "resolved", "resolution": "alias_of"}):
        with pytest.raises(UnknownResolution):
            apply_macro(case=case, macro=MacroFactory(**fields))
    assert (Case.objects.get().state, CaseEvent.objects.count()) == ("new", 0)
