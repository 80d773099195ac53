"""Large uploads: on disk, whole, and without a name that a killed process would leave."""

import tempfile
from pathlib import Path

import pytest
from django.test import RequestFactory

from core.api.parsers import NamelessFileUploadHandler

LARGE = b"0123456789abcdef" * 200_000  # more than Django keeps in memory


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder for temporary files, which begins empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"small", LARGE])
def test_an_upload_is_whole_and_has_no_name(folder, content):
    (folder / "x.csv").write_bytes(content)
    with (folder / "x.csv").open("rb") as file:
        request = RequestFactory().post("/", {"a": file, "b": "text"})
    (folder / "x.csv").unlink()
    upload = request.FILES["a"]
    assert (upload.name, upload.size, upload.read()) == ("x.csv", len(content), content)
    upload.seek(0)
    assert b"".join(upload.chunks()) == content
    assert request.POST["b"] == "text"
    request.close()
    assert upload.closed
    assert list(folder.iterdir()) == []


def test_an_interrupted_upload_is_closed(folder):
    handler = NamelessFileUploadHandler()
    handler.upload_interrupted()
    handler.new_file("a", "x.csv", "text/csv", None)
    handler.receive_data_chunk(LARGE, 0)
    handler.upload_interrupted()
    assert handler.file.closed
    assert list(Path(folder).iterdir()) == []
