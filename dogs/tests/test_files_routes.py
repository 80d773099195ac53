"""The routes of files, as their callers rely on them."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.roles import Role
from dogs.models import RelayedFile
from dogs.tests.factories import RelayedFileFactory
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_file_is_accepted_and_shown(user_api, published, django_capture_on_commit_callbacks):
    content = bytes(range(256))
    upload = SimpleUploadedFile("any.thing", content)
    with django_capture_on_commit_callbacks(execute=True):
        response = user_api.post("/api/files", {"file": upload}, format="multipart")
    stored = RelayedFile.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/api/files/{stored.pk}"
    assert response.json() == {
        "id": str(stored.pk),
        "name": "any.thing",
        "size": 256,
        "sha256": hashlib.sha256(content).hexdigest(),
        "status": "pending",
        "attempts": 0,
        "remote_name": "",
        "created_at": response.json()["created_at"],
    }
    with stored.file.open() as file:
        assert file.read() == content
    assert [task for task, _arguments in published] == ["dogs.tasks.relay_file"]
    assert user_api.get(f"/api/files/{stored.pk}").json() == response.json()


def test_files_of_others_are_not_there(user_api, client_for):
    theirs, mine = RelayedFileFactory(), RelayedFileFactory(owner=user_api.user)
    assert_problem(user_api.get(f"/api/files/{theirs.pk}"), 404, "not_found")
    assert [row["id"] for row in user_api.get("/api/files").json()["results"]] == [str(mine.pk)]
    support = client_for(Role.SUPPORT)
    assert support.get(f"/api/files/{theirs.pk}").status_code == 200
    assert len(support.get("/api/files").json()["results"]) == 2


def test_two_callers_one_after_the_other_see_their_own(client_for):
    for user in UserFactory.create_batch(2):
        mine = RelayedFileFactory(owner=user)
        page = client_for(user).get("/api/files").json()
        assert [one["id"] for one in page["results"]] == [str(mine.pk)]


@pytest.mark.parametrize("body", [{}, {"file": "text"}, {"other": "x"}])
def test_upload_without_a_file(user_api, body):
    assert_problem(
        user_api.post("/api/files", body, format="multipart"), 400, "invalid", field="file"
    )
    assert RelayedFile.objects.count() == 0


def test_upload_as_json_is_415(user_api):
    assert_problem(user_api.post("/api/files", {"file": "x"}), 415, "unsupported_media_type")


def test_upload_over_the_limit_is_413(user_api, settings):
    settings.MAX_UPLOAD_BYTES = 2000
    upload = SimpleUploadedFile("big", b"x" * 2000)
    response = user_api.post("/api/files", {"file": upload}, format="multipart")
    assert_problem(response, 413, "payload_too_large")
    assert RelayedFile.objects.count() == 0


@pytest.mark.parametrize("pk", ["1", "x", "{}", "urn:uuid:00000000-0000-0000-0000-000000000000"])
def test_unknown_file(user_api, pk):
    assert_problem(user_api.get(f"/api/files/{pk}"), 404, "not_found")


def test_a_file_has_one_address(user_api):
    stored = RelayedFileFactory(owner=user_api.user)
    for spelling in (f"{{{stored.pk}}}", f"urn:uuid:{stored.pk}", stored.pk.hex):
        assert_problem(user_api.get(f"/api/files/{spelling}"), 404, "not_found")
    assert user_api.get(f"/api/files/{stored.pk}").status_code == 200


def test_of_two_files_none_is_taken(user_api):
    uploads = [SimpleUploadedFile(name, b"x") for name in ("first", "second")]
    response = user_api.post("/api/files", {"file": uploads}, format="multipart")
    assert_problem(response, 400, "invalid", field="file")
    assert response.json()["errors"][0]["code"] == "repeated_file"
    assert RelayedFile.objects.count() == 0


def test_file_list_costs_the_same_at_1_10_and_50_rows(user_api):
    counts = []
    for size in (1, 9, 40):
        RelayedFileFactory.create_batch(size, owner=user_api.user)
        with CaptureQueriesContext(connection) as queries:
            assert user_api.get("/api/files").status_code == 200
        counts.append(len(queries))
    assert counts == [2, 2, 2]
