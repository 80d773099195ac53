"""Where photos are kept is what the environment says."""

import pytest

from config import env, photos


@pytest.fixture
def variables(monkeypatch):
    values: dict[str, str] = {}
    monkeypatch.setattr(env, "text", lambda name, default="": values.get(name, default))
    return values


def test_photos_are_kept_in_a_folder_unless_a_bucket_is_named(variables):
    assert photos.storage() == {"BACKEND": "stores.photos.files.DiskPhotos"}


def test_a_bucket_without_its_package_stops_the_process(variables, monkeypatch):
    variables["PHOTOS_BUCKET"] = "plaza-photos"
    monkeypatch.setattr(photos, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as stopped:
        photos.storage()
    assert "pipenv sync --categories s3" in str(stopped.value)


def test_a_bucket_is_private_and_has_a_deadline(variables, monkeypatch):
    asked = {}

    class Module:
        @staticmethod
        def Config(**options):  # noqa: N802 - botocore's own name
            asked.update(options)
            return "config"

    monkeypatch.setattr(photos, "find_spec", lambda name: name)
    monkeypatch.setattr(photos, "import_module", lambda _name: Module)
    variables.update(
        PHOTOS_BUCKET="plaza-photos",
        PHOTOS_S3_URL="https://s3.example",
        PHOTOS_S3_KEY="key",
        PHOTOS_S3_SECRET="secret",
    )
    found = photos.storage()
    assert found["BACKEND"] == "storages.backends.s3.S3Storage"
    assert found["OPTIONS"] == {
        "bucket_name": "plaza-photos",
        "endpoint_url": "https://s3.example",
        "region_name": None,
        "access_key": "key",
        "secret_key": "secret",
        "file_overwrite": True,
        "default_acl": None,
        "querystring_auth": True,
        "client_config": "config",
    }
    assert (asked["connect_timeout"], asked["read_timeout"]) == (10, 10)
