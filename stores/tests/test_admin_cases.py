"""A visit declared void because of a case."""

import pytest

from core import cases
from core.roles import Role
from core.tests.keepers import FakeKeeper, notes
from stores.tests.factories import VisitFactory
from stores.tests.helpers_admin import ADMIN, done, errors_of, signed_in
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(monkeypatch):
    """Somebody who keeps two cases, of which C-1007 is open; other tests here want another."""
    monkeypatch.setattr(cases, "keeper", lambda: kept)
    kept = FakeKeeper(case7=False, case8=True)
    return kept


def test_a_visit_is_void_because_of_a_case(keeper):
    support, row = signed_in(Role.SUPPORT), VisitFactory()
    path = f"{ADMIN}visit/{row.pk}/void/"
    with nothing_changes():
        for case in ("C-1008", "9" * 30, "a\x00"):
            assert list(errors_of(support.post(path, {"reason": "x", "case": case}))) == ["case"]
    assert notes() == []
    said = done(support.post(path, {"reason": "a test", "case": "C-1007"}))
    assert said == ["The visit is void."]
    about = {"action": "void", "label": "stores.Visit", "object_id": str(row.pk)}
    assert notes() == [{"case": 7, **about, "count": 1, "text": "a test"}]
    again = done(support.post(path, {"reason": "a test", "case": "C-1007"}))
    assert again == ["The visit is void."]
    assert len(notes()) == 1
