"""Credentials' life, tags renamed everywhere, and races."""

import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from rest_framework.exceptions import ValidationError

from allies import services
from allies.errors import (
    AllyInactive,
    AllyNotFound,
    AlreadyRevoked,
    CredentialsNotSet,
    KeyMissing,
    ReasonRequired,
    SealBroken,
)
from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from core import context
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_open_credentials_leaves_an_entry_of_each_use():
    ally = with_credentials(user="aliado", password="}sxh7_5}BdJ4K:Qf")
    opened = services.open_credentials(ally_id=ally.pk, purpose="order 17")
    assert (opened.user, opened.password) == ("aliado", "}sxh7_5}BdJ4K:Qf")
    assert "aliado" not in repr(opened)
    services.open_credentials(ally_id=ally.pk, purpose="order 18")
    uses = history().filter(action="use", model="allies.AllyCredential")
    assert list(uses.values_list("reason", flat=True)) == ["order 17", "order 18"]
    assert set(uses.values_list("object_id", flat=True)) == {str(ally.credentials.get().pk)}


def test_a_use_that_is_rolled_back_was_none():
    ally = with_credentials()
    with transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
        transaction.set_rollback(True)
    assert not history().filter(action="use").exists()


@pytest.mark.parametrize("text", ["ñandú 🐺", "a" * 1000, " spaces ", "\t", "'\"\\"])
def test_what_goes_in_comes_out(text):
    ally = with_credentials(user="u", password=text)
    assert services.open_credentials(ally_id=ally.pk, purpose="x").password == text


def test_refusals_to_open():
    ally = AllyFactory()
    with pytest.raises(AllyNotFound), transaction.atomic():
        services.open_credentials(ally_id="nobody", purpose="x")
    with pytest.raises(CredentialsNotSet), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
    with_credentials(ally)
    with pytest.raises(ReasonRequired), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose=" ")
    Ally.objects.update(is_active=False)
    with pytest.raises(AllyInactive), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
    assert not history().filter(action="use").exists()


def test_a_key_that_is_gone_is_loud(settings):
    ally = with_credentials()
    settings.CREDENTIALS_KEYS = ["other:" + "A" * 43 + "="]
    with pytest.raises(KeyMissing, match="'local'"), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
    settings.CREDENTIALS_KEYS = ["local:" + "A" * 43 + "="]
    with pytest.raises(SealBroken), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
    assert not history().filter(action="use").exists()


@pytest.mark.parametrize("columns", [["user_sealed"], ["password_sealed"], ["data_key"]])
def test_a_ciphertext_moved_to_another_row_does_not_open(columns):
    one, other = with_credentials(), with_credentials()
    source = AllyCredential.objects.get(ally=one)
    taken = {name: getattr(source, name) for name in columns}
    AllyCredential.objects.filter(ally=other).update(**taken)
    with pytest.raises(SealBroken), transaction.atomic():
        services.open_credentials(ally_id=other.pk, purpose="x")


def test_a_whole_row_moved_to_another_ally_or_version_does_not_open():
    one, other = with_credentials(), AllyFactory()
    AllyCredential.objects.update(ally=other)
    with pytest.raises(SealBroken), transaction.atomic():
        services.open_credentials(ally_id=other.pk, purpose="x")
    AllyCredential.objects.update(ally=one, version=2)
    with pytest.raises(SealBroken), transaction.atomic():
        services.open_credentials(ally_id=one.pk, purpose="x")
    AllyCredential.objects.update(version=1)
    assert services.open_credentials(ally_id=one.pk, purpose="x").user == "user-1"


def test_revoking_says_who_when_why_and_promotes_the_newest_left():
    ally = with_credentials(times=3)
    user = UserFactory()
    current = ally.credentials.get(version=3)
    with context.acting_as(context.Actor("user", user.pk, user.email), request="request-9"):
        services.revoke_credentials(credential=current, reason="leaked")
    rows = list(ally.credentials.order_by("version"))
    assert [row.is_current for row in rows] == [False, True, False]
    gone = rows[2]
    assert (gone.revoked_by, gone.revoked_reason, gone.revoked_request_id) == (
        user,
        "leaked",
        "request-9",
    )
    assert gone.revoked_at is not None
    with pytest.raises(AlreadyRevoked), transaction.atomic():
        services.revoke_credentials(credential=current, reason="again")
    with pytest.raises(ReasonRequired), transaction.atomic():
        services.revoke_credentials(credential=rows[1], reason="")
    services.revoke_credentials(credential=rows[0], reason="old")
    assert ally.credentials.get(is_current=True).version == 2
    services.revoke_credentials(credential=rows[1], reason="old")
    with pytest.raises(CredentialsNotSet), transaction.atomic():
        services.open_credentials(ally_id=ally.pk, purpose="x")
    services.add_credentials(ally_id=ally.pk, user="u", password="p")
    assert ally.credentials.get(is_current=True).version == 4


def test_rename_tag_everywhere():
    both = AllyFactory(tags=["finanzas", "educacion", "x"])
    one = AllyFactory(tags=["a", "finanzas"])
    other = AllyFactory(tags=["finanzas personales"])
    assert services.rename_tag(old=" Finanzas", new="Educacion", reason="ticket 7") == 2
    for ally, tags in (
        (both, ["educacion", "x"]),
        (one, ["a", "educacion"]),
        (other, ["finanzas personales"]),
    ):
        ally.refresh_from_db()
        assert ally.tags == tags
    entries = history().filter(reason="ticket 7")
    assert {entry.object_id for entry in entries} == {both.pk, one.pk}
    assert entries.get(object_id=one.pk).changes == {
        "tags": [["a", "finanzas"], ["a", "educacion"]]
    }
    assert services.rename_tag(old="finanzas", new="educacion", reason="again") == 0


def test_rename_tag_in_batches(monkeypatch):
    monkeypatch.setattr(services, "BATCH_ROWS", 3)
    for _ in range(10):
        AllyFactory(tags=["a"])
    assert services.rename_tag(old="a", new="b", reason="x") == 10
    assert set(map(tuple, Ally.objects.values_list("tags", flat=True))) == {("b",)}


def test_rename_refusals():
    AllyFactory(tags=["a"])
    with pytest.raises(ValidationError), transaction.atomic():
        services.rename_tag(old="a", new="b", reason=" ")
    assert Ally.objects.get().tags == ["a"]


def test_rename_and_retag():
    ally = AllyFactory(name="Young-Wolf", tags=["finanzas", "movilidad"])
    services.rename_and_retag(
        ally_id=ally.pk, name="Old-Wolf", remove="finanzas", add="educacion", reason="ticket 8"
    )
    ally.refresh_from_db()
    assert (ally.name, ally.tags) == ("Old-Wolf", ["educacion", "movilidad"])
    entry = history().get()
    assert entry.reason == "ticket 8"
    assert entry.changes == {
        "name": ["Young-Wolf", "Old-Wolf"],
        "tags": [["finanzas", "movilidad"], ["educacion", "movilidad"]],
    }


def test_decryption_has_one_place():
    """`crypto` seals and opens; only `services` asks it to open; nothing else decrypts."""
    app = Path(services.__file__).parent
    for path in app.rglob("*.py"):
        name = path.relative_to(app).as_posix()
        if name.startswith("tests/"):
            continue
        code = path.read_text()
        if name != "credentials/crypto.py":
            for word in ("AESGCM", ".decrypt(", "cryptography", "unseal(", "unwrap("):
                assert word not in code, f"{name} uses {word}"
        if name not in {"credentials/crypto.py", "services.py"}:
            assert "open_sealed" not in code, name
    assert (app / "services.py").read_text().count("open_sealed") == 1


# --- Races: real threads, PostgreSQL ----------------------------------------------------------
def at_once(count, job):
    """Run ``job(number)`` in that many threads and return what they raised."""
    barrier, failures = threading.Barrier(count), []

    def run(number):
        try:
            barrier.wait(timeout=30)
            job(number)
        except Exception as error:  # noqa: BLE001 - the test looks at whatever it was
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_posts_make_versions_and_lose_none(client_for):
    ally = AllyFactory(id="a")
    clients = [client_for("SUPPORT") for _ in range(8)]
    answers = []

    def post(number):
        body = {"user": f"user-{number}", "password": f"password-{number}"}
        answers.append(clients[number].post("/allies/a/credentials", body).status_code)

    assert at_once(8, post) == []
    assert answers == [200] * 8
    rows = list(ally.credentials.order_by("version"))
    assert [row.version for row in rows] == list(range(1, 9))
    assert [row.is_current for row in rows] == [False] * 7 + [True]
    opened = set()
    for row in rows:
        AllyCredential.objects.update(is_current=False)
        AllyCredential.objects.filter(pk=row.pk).update(is_current=True)
        opened.add(services.open_credentials(ally_id="a", purpose="test").user)
    assert opened == {f"user-{number}" for number in range(8)}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_posts_with_one_key_add_once(client_for):
    ally = AllyFactory(id="a")
    client = client_for("SUPPORT")
    token = client._credentials
    from rest_framework.test import APIClient

    answers = []

    def post(_number):
        mine = APIClient()
        mine.credentials(**token)
        response = mine.post(
            "/allies/a/credentials", {"user": "u", "password": "p"}, HTTP_IDEMPOTENCY_KEY="k"
        )
        answers.append((response.status_code, response.content))

    assert at_once(8, post) == []
    assert len(set(answers)) == 1
    assert ally.credentials.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_renames_wait_for_each_other():
    for number in range(40):
        AllyFactory(id=f"a{number:02}", tags=["x", "y"] if number % 2 else ["y", "x"])

    def rename(number):
        old, new = ("x", "z") if number % 2 else ("y", "w")
        services.rename_tag(old=old, new=new, reason="race")

    assert at_once(4, rename) == []
    assert {tuple(sorted(tags)) for tags in Ally.objects.values_list("tags", flat=True)} == {
        ("w", "z")
    }
