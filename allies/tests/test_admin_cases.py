"""What support does with allies because of a case is one event of it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from allies.tests.test_admin import LIST, page, preview_then, support  # noqa: F401 - a fixture
from core.tests.keepers import notes

pytestmark = pytest.mark.django_db
CREDENTIALS = "/admin/allies/allycredential/"


def note(action, reason, label="allies.Ally", object_id="", count=1):
    about = {"action": action, "label": label, "object_id": object_id, "count": count}
    return {"case": 7, **about, "text": reason}


def test_a_tag_renamed_on_allies(support, keeper):  # noqa: F811 - the fixture
    for name in "abc":
        AllyFactory(id=name, tags=["finanzas"])
    data = {"old": "finanzas", "new": "educacion", "reason": "ticket 7", "case": "C-1007"}
    shown = support.post(f"{LIST}rename-tag/", data)
    assert 'value="C-1007"' in page(shown)
    assert notes() == []
    preview_then(support, f"{LIST}rename-tag/", data)
    assert notes() == [note("rename_tag", "ticket 7", count=3)]


def test_pages_of_one_ally(support, keeper):  # noqa: F811 - the fixture
    AllyFactory(id="a_41", name="Young-Wolf")
    data = {"name": "Old-Wolf", "reason": "ticket 8", "case": "1007"}
    preview_then(support, f"{LIST}a_5F41/rename/", data)
    data = {"user": "u", "password": "p", "reason": "ticket 9", "case": "1007"}
    assert support.post(f"{LIST}a_5F41/credentials/", data).status_code == 302
    assert notes() == [
        note("rename_ally", "ticket 8", object_id="a_41"),
        note("add_credentials", "ticket 9", object_id="a_41"),
    ]


def test_versions_revoked(support, keeper):  # noqa: F811 - the fixture
    keys = [str(one.pk) for one in with_credentials(times=3).credentials.order_by("version")[:2]]
    data = {"action": "revoke", "_selected_action": keys, "reason": "leak", "case": "C-1007"}
    assert "2 versions revoked" in page(support.post(CREDENTIALS, data, follow=True))
    assert notes() == [note("revoke", "leak", "allies.AllyCredential", count=2)]
    again = support.post(CREDENTIALS, data, follow=True)
    assert "revoked already" in page(again)
    assert len(notes()) == 1
    refused = support.post(CREDENTIALS, {**data, "case": "C-1008"}, follow=True)
    assert "No open case has this number." in page(refused)
    assert AllyCredential.objects.filter(revoked_at=None).count() == 1


def test_a_log_that_was_looked_at(support, keeper):  # noqa: F811 - the fixture
    data = {"file": SimpleUploadedFile("s.log", b"x\ny"), "reason": "ticket 10", "case": "C-1007"}
    page(support.post(f"{LIST}analyse-log/", data))
    assert notes() == [note("analyse_log", "ticket 10", count=1)]


@pytest.mark.parametrize("case", ["C-1008", "9" * 30, "a\x00", "<b>"])
def test_a_case_that_is_none_changes_no_ally(support, keeper, case):  # noqa: F811 - the fixture
    AllyFactory(id="a", tags=["x"])
    shown = support.post(
        f"{LIST}rename-tag/", {"old": "x", "new": "y", "reason": "r", "case": case}
    )
    assert list(shown.context["form"].errors) == ["case"]
    data = {"user": "u", "password": "p", "reason": "r", "case": case}
    assert support.post(f"{LIST}a/credentials/", data).status_code == 200
    assert (Ally.objects.get().tags, history().count(), notes()) == (["x"], 0, [])
