"""``If-Match`` is compared under the row's lock: of many writers with one tag, one wins."""

import threading

import pytest
from django.db import connections
from rest_framework.test import APIClient

from core.api import renderers
from core.errors import PreconditionFailed
from core.models import JournalEntry
from core.roles import Role
from users.auth.sessions import open_session
from users.auth.tokens import pair_of
from users.models import User
from users.tests.factories import UserFactory


def test_comparison_is_strong_for_writes_and_weak_for_reads():
    tag = renderers.etag_of(b"body")
    renderers.require_match(tag, tag)
    renderers.require_match("*", tag)
    renderers.require_match(f'"a", {tag}', tag)
    for other in (f"W/{tag}", '"a"', "nonsense", ""):
        with pytest.raises(PreconditionFailed):
            renderers.require_match(other, tag)
    assert renderers.unchanged(f"W/{tag}", tag)
    assert renderers.unchanged("*", tag)
    assert not renderers.unchanged('"a"', tag)


@pytest.mark.django_db
def test_write_answers_with_the_new_tag(admin_api):
    user = UserFactory()
    path = f"/api/users/{user.pk}"
    changed = admin_api.patch(path, {"name": "Grace"}, HTTP_IF_MATCH=admin_api.get(path)["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] == admin_api.get(path)["ETag"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_with_one_tag():
    admin, user = UserFactory(role=Role.ADMIN), UserFactory(name="nobody")
    token = pair_of(open_session(user=admin)).access
    path = f"/api/users/{user.pk}"

    def client():
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    tag = client().get(path)["ETag"]
    barrier = threading.Barrier(16)
    statuses: list[int] = []

    def write(number: int) -> None:
        barrier.wait()
        response = client().patch(path, {"name": f"writer {number}"}, HTTP_IF_MATCH=tag)
        statuses.append(response.status_code)
        connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [412] * 15
    assert User.objects.get(pk=user.pk).name.startswith("writer")
    assert JournalEntry.objects.filter(model="users.User", action="change").count() == 1


def test_the_length_of_what_is_not_sent_again_is_not_0(admin_api):
    path = f"/api/users/{admin_api.user.pk}"
    whole = admin_api.get(path)
    response = admin_api.get(path, HTTP_IF_NONE_MATCH=whole["ETag"])
    assert (response.status_code, response.content) == (304, b"")
    assert response["Content-Length"] == whole["Content-Length"] == str(len(whole.content))
    assert "Content-Type" not in response
