"""The envelope: what opens, what does not, and which rings are refused."""

import base64
import os

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from allies import checks
from allies.credentials import crypto
from allies.errors import CredentialsKeysInvalid, SealBroken
from allies.models import AllyCredential
from allies.tests.factories import with_credentials

KEY = base64.b64encode(b"k" * 32).decode()
PLACE = {"ally_id": "a", "version": 1}


def sealed(**changes):
    return crypto.seal_credentials(**{**PLACE, "user": "u", "password": "p", **changes})


def test_the_format():
    made = sealed()
    assert made.key_id == "local"
    assert made.user[:1] == made.password[:1] == made.data_key[:1] == b"\x01"
    assert len(made.data_key) == 1 + 12 + 32 + 16
    assert len(made.user) == 1 + 12 + 1 + 16
    assert sealed().user != made.user
    assert crypto.open_sealed(**PLACE, sealed=made) == crypto.Opened("u", "p")


@pytest.mark.parametrize("field", ["user", "password", "data_key"])
def test_every_flipped_bit_is_noticed(field):
    made = sealed()
    raw = getattr(made, field)
    for position in range(len(raw)):
        bent = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        values = {name: getattr(made, name) for name in ("key_id", "data_key", "user", "password")}
        with pytest.raises(SealBroken):
            crypto.open_sealed(**PLACE, sealed=crypto.Sealed(**{**values, field: bent}))


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x01" * 28, b"\x02" * 60])
def test_what_was_never_sealed_does_not_open(raw):
    made = sealed()
    wrong = crypto.Sealed(made.key_id, made.data_key, raw, made.password)
    with pytest.raises(SealBroken):
        crypto.open_sealed(**PLACE, sealed=wrong)


@pytest.mark.parametrize("place", [{"ally_id": "b"}, {"version": 2}])
def test_another_place_does_not_open(place):
    with pytest.raises(SealBroken):
        crypto.open_sealed(**{**PLACE, **place}, sealed=sealed())


def test_user_and_password_cannot_change_places():
    made = sealed()
    wrong = crypto.Sealed(made.key_id, made.data_key, made.password, made.user)
    with pytest.raises(SealBroken):
        crypto.open_sealed(**PLACE, sealed=wrong)


def test_a_data_key_cannot_be_named_after_another_key(settings):
    settings.CREDENTIALS_KEYS = [f"one:{KEY}", f"two:{KEY}"]
    made = sealed()
    wrong = crypto.Sealed("two", made.data_key, made.user, made.password)
    with pytest.raises(SealBroken):
        crypto.open_sealed(**PLACE, sealed=wrong)


def test_no_two_places_look_alike():
    assert crypto.bound_to("a1", 1, "user") != crypto.bound_to("a", 11, "user")
    assert crypto.bound_to("a", 1, "us", "er") != crypto.bound_to("a", 1, "user")


def test_the_first_key_of_the_ring_is_the_current_one(settings):
    settings.CREDENTIALS_KEYS = [f"new:{base64.b64encode(os.urandom(32)).decode()}", f"old:{KEY}"]
    assert crypto.ring().current == "new"
    assert sealed().key_id == "new"
    assert "AESGCM" not in repr(crypto.ring())


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [KEY],
        [f":{KEY}"],
        [f"a b:{KEY}"],
        [f"{'x' * 33}:{KEY}"],
        ["a:"],
        ["a:not base64"],
        ["a:" + base64.b64encode(b"k" * 16).decode()],
        ["a:" + base64.b64encode(b"k" * 33).decode()],
        [f"a:{KEY}", f"a:{KEY}"],
    ],
)
def test_rings_that_are_refused(settings, entries):
    settings.CREDENTIALS_KEYS = entries
    with pytest.raises(CredentialsKeysInvalid) as caught:
        crypto.ring()
    assert KEY not in str(caught.value)
    assert [message.id for message in checks.the_key_ring_can_be_read()] == ["allies.E001"]


@pytest.mark.django_db
def test_a_check_names_the_key_that_stored_credentials_need(settings):
    with_credentials()
    AllyCredential.objects.update(key_id="lost")
    with pytest.raises(SystemCheckError, match="'lost'"):
        call_command("check", databases=["default"])
    call_command("check")


@pytest.mark.parametrize(
    "keys", ["", "main:short", "main:bG9jYWwta2V5LWZvci1vbmUtbGFwdG9wLW9ubHkhISE="]
)
def test_production_refuses_to_start(boot, keys):
    environment = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "x9" * 32,
        "ALLOWED_HOSTS": "plaza.example.com",
        "CREDENTIALS_KEYS": keys,
        "DOG_API_URL": "https://dog.example",
        "RELAY_API_URL": "https://relay.example",
        "TMDB_API_URL": "https://tmdb.example",
        "DOG_PICTURES_URL": "",
        "TMDB_API_KEY": "x" * 32,
    }
    done = boot("import django; django.setup()", environment)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "plaza: CREDENTIALS_KEYS is missing, malformed or holds the local"
    )
    assert done.stderr.count("\n") == 1
