"""A key id stands for one key: another one under it is told of, and seals nothing."""

import base64
from contextvars import ContextVar

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, transaction

from allies import reference, services
from allies.credentials import crypto, fingerprints
from allies.errors import KeyChanged
from allies.models import AllyCredential, KeyFingerprint
from allies.tests.factories import AllyFactory, history, with_credentials
from core.db import violates
from core.ops import health
from core.roles import Role
from core.tests.helpers_threads import together

pytestmark = pytest.mark.django_db

SENTENCE = "Key 'k1' in CREDENTIALS_KEYS is not the one that sealed 2 credentials."


def entry(key_id, letter):
    return f"{key_id}:{base64.b64encode(letter.encode() * 32).decode()}"


@pytest.fixture
def lost(settings):
    """Two credentials of a key that is lost, and another key of its id in the ring."""
    settings.CREDENTIALS_KEYS = [entry("k1", "a")]
    with_credentials(), with_credentials()
    settings.CREDENTIALS_KEYS = [entry("k1", "b")]


def known():
    return dict(KeyFingerprint.objects.values_list("key_id", "fingerprint"))


def rows():
    return list(AllyCredential.objects.order_by("pk").values())


def test_a_fingerprint_is_of_one_key_and_one_id_and_holds_neither():
    first, again = (crypto.fingerprint_of("k1", b"a" * 32) for _ in range(2))
    assert (first, len(first)) == (again, 64)
    others = {crypto.fingerprint_of("k1", b"b" * 32), crypto.fingerprint_of("k2", b"a" * 32)}
    assert len({first, *others}) == 3
    assert (b"a" * 32).hex() not in first


def test_the_first_use_is_remembered(settings):
    settings.CREDENTIALS_KEYS = [entry("k1", "a"), entry("k0", "z")]
    assert known() == {}
    with_credentials()
    assert known() == {"k1": crypto.fingerprint_of("k1", b"a" * 32)}
    with_credentials()
    assert len(known()) == 1
    assert fingerprints.changed() == {}


def test_another_key_of_the_id_seals_nothing(lost, client_for):
    before, ally = rows(), AllyFactory()
    with pytest.raises(KeyChanged, match="sealed 2 credentials"), transaction.atomic():
        services.add_credentials(ally_id=ally.pk, user="u", password="p")
    answer = client_for(Role.SUPPORT).post(
        f"/allies/{ally.pk}/credentials", {"user": "u", "password": "p"}
    )
    assert (answer.status_code, answer.json()) == (500, {"message": "Server error"})
    assert rows() == before


def test_the_check_says_so(lost):
    with pytest.raises(SystemCheckError, match=r"allies\.E003") as caught:
        call_command("check", databases=["default"])
    assert SENTENCE in str(caught.value)


def test_a_check_without_a_database_warns_of_it_and_stops_no_command(lost, capsys):
    call_command("check")
    said = capsys.readouterr().err
    assert "allies.W003" in said
    assert SENTENCE in said


def test_what_was_sealed_before_fingerprints_were_kept_is_tried(lost, settings):
    KeyFingerprint.objects.all().delete()
    assert fingerprints.changed() == {"k1": 2}
    with pytest.raises(KeyChanged), transaction.atomic():
        services.add_credentials(ally_id=AllyFactory().pk, user="u", password="p")
    assert known() == {}
    settings.CREDENTIALS_KEYS = [entry("k1", "a")]
    assert fingerprints.changed() == {}
    reference.load()
    assert known() == {"k1": crypto.fingerprint_of("k1", b"a" * 32)}


def test_the_start_says_so_and_goes_on(lost, monkeypatch):
    said = []
    monkeypatch.setattr(fingerprints.logger, "error", said.append)
    reference.load()
    assert said == [SENTENCE]
    assert known() == {"k1": crypto.fingerprint_of("k1", b"a" * 32)}


def test_the_start_with_an_empty_ring_says_so_and_goes_on(settings, monkeypatch):
    settings.CREDENTIALS_KEYS, said = [], []
    monkeypatch.setattr(reference.logger, "error", said.append)
    reference.load()
    assert said == ["CREDENTIALS_KEYS is empty: set id:base64, the current key first."]


@pytest.mark.parametrize("dry_run", [True, False])
def test_rotation_says_so_and_wraps_nothing(lost, dry_run, capsys):
    before = rows()
    with pytest.raises(CommandError):
        call_command("rotate_credentials", dry_run=dry_run)
    assert SENTENCE in capsys.readouterr().err
    assert (rows(), history().filter(reason="rotate_credentials").count()) == (before, 0)


def test_a_new_id_in_front_leads_out(lost, settings, capsys):
    settings.CREDENTIALS_KEYS = [entry("k2", "c"), entry("k1", "b")]
    ally = with_credentials(user="new")
    assert services.open_credentials(ally_id=ally.pk, purpose="test").user == "new"
    with pytest.raises(CommandError, match="2 credentials could not be opened"):
        call_command("rotate_credentials")
    assert SENTENCE in capsys.readouterr().err


def test_an_id_used_again_after_rotation(settings):
    settings.CREDENTIALS_KEYS = [entry("k1", "a")]
    ally = with_credentials(user="kept")
    settings.CREDENTIALS_KEYS = [entry("k2", "b"), entry("k1", "a")]
    call_command("rotate_credentials")
    settings.CREDENTIALS_KEYS = [entry("k1", "c"), entry("k2", "b")]
    assert fingerprints.changed() == {}  # nothing needs the former k1
    with pytest.raises(KeyChanged), transaction.atomic():
        services.add_credentials(ally_id=ally.pk, user="u", password="p")
    reference.load()  # the next start frees the id
    services.add_credentials(ally_id=ally.pk, user="again", password="p")
    assert known()["k1"] == crypto.fingerprint_of("k1", b"c" * 32)
    assert services.open_credentials(ally_id=ally.pk, purpose="test").user == "again"


# -- readiness -----------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ring", [[("k1", "b")], [("k2", "a")]], ids=["another", "missing"])
def test_readiness_is_degraded(lost, settings, client, ring):
    settings.CREDENTIALS_KEYS = [entry(*one) for one in ring]
    health.forget()
    body = client.get("/health/ready").json()
    assert body["status"] == "degraded"
    detail = {"status": "failed", "detail": "missing or another: k1"}
    assert body["checks"]["credentials_keys"] == detail
    settings.CREDENTIALS_KEYS = [entry("k1", "a")]
    health.forget()
    assert client.get("/health/ready").json()["checks"]["credentials_keys"] == {"status": "ok"}
    health.forget()


# -- the database --------------------------------------------------------------------------------
@pytest.mark.parametrize("values", [{"key_id": "", "fingerprint": "x"}, {"key_id": "k"}])
def test_an_incomplete_fingerprint_is_refused(values):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        KeyFingerprint.objects.create(**values)
    assert violates(caught.value, KeyFingerprint, "allies_fingerprint_complete")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_nodes_with_different_keys_one_seals(settings, monkeypatch):
    """Each thread is a node with a ring of its own."""
    allies = AllyFactory.create_batch(2)
    nodes = [crypto.read_ring((entry("k1", letter),)) for letter in "ab"]

    ring = ContextVar("ring")

    def act(number):
        ring.set(nodes[number])
        services.add_credentials(ally_id=allies[number].pk, user="u", password="p")

    monkeypatch.setattr(crypto, "ring", ring.get)
    outcomes = together(2, act)
    assert sorted(type(one).__name__ for one in outcomes) == ["KeyChanged", "NoneType"]
    assert AllyCredential.objects.count() == 1
    winner = nodes[outcomes.index(None)]
    assert known() == dict(winner.fingerprints)
