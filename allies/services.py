"""Writes with consequences: allies, their tags, and the credentials' whole life.

``open_credentials`` is the one place that decrypts.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from allies import selectors
from allies.constants import LOG_ANALYSED, MAX_REPORTED_ALLIES
from allies.credentials import crypto, fingerprints
from allies.errors import (
    AllyIdTaken,
    AllyInactive,
    AllyNotFound,
    AlreadyRevoked,
    CredentialsNotSet,
    ReasonRequired,
)
from allies.models import Ally, AllyCredential
from allies.values import read_tag, swap_tags
from core import context
from core.audit import journal
from core.db import refusing

BATCH_ROWS = 1000


def acting_user() -> int | None:
    """Return the id of the user who acts; a command or task has none."""
    who = context.actor.get()
    return who.id if who.kind == "user" else None


@transaction.atomic(savepoint=False)
def register_ally(**fields: Any) -> Ally:
    """Take an ally in.

    Raises:
        AllyIdTaken: another ally has the id.
    """
    ally = Ally(**fields)
    with refusing(Ally, {"allies_ally_pkey": AllyIdTaken}):
        ally.save(force_insert=True)
    journal.record(journal.Action.CREATE, ally, changes=journal.initial(ally))
    return ally


@transaction.atomic(savepoint=False)
def change_ally(*, ally: Ally, reason: str = "", **fields: Any) -> Ally:
    """Change the named fields of an ally whose row is locked."""
    if changes := journal.change(ally, fields):
        journal.record(journal.Action.CHANGE, ally, changes=changes, reason=reason)
    return ally


@transaction.atomic(savepoint=False)
def remove_ally(*, ally: Ally) -> None:
    """Delete an ally and its credentials; the journal keeps that they were there."""
    credentials = list(AllyCredential.objects.select_for_update().filter(ally=ally))
    entries = [journal.entry(journal.Action.DELETE, item) for item in [*credentials, ally]]
    journal.record_many(entries)
    ally.delete()


@transaction.atomic(savepoint=False)
def rename_and_retag(
    *, ally_id: str, name: str, remove: str = "", add: str = "", reason: str
) -> Ally:
    """Give a store another name and one tag for another, as its owner asked.

    Raises:
        ReasonRequired: nobody said why.
        AllyNotFound: no ally has the id.
    """
    if not reason.strip():
        raise ReasonRequired
    ally = locked(ally_id)
    tags = swap_tags(ally.tags, remove=remove, add=add)
    return change_ally(ally=ally, reason=reason, name=name, tags=tags)


def locked(ally_id: str) -> Ally:
    """Return an ally with its row locked, which puts writers about it in a queue.

    Raises:
        AllyNotFound: no ally has the id.
    """
    ally = Ally.objects.select_for_update().filter(pk=ally_id).first()
    if ally is None:
        raise AllyNotFound
    return ally


# --- Tags ------------------------------------------------------------------------------------
@transaction.atomic
def rename_tag(*, old: str, new: str, reason: str) -> int:
    """Rename a tag on every ally that carries it; return how many those are.

    An ally that carries both keeps one. Rows are locked in the order of their ids, so that two
    renamings wait for each other instead of dying.

    Raises:
        ReasonRequired: nobody said why.
        ValidationError: one of the two is no tag.
    """
    if not reason.strip():
        raise ReasonRequired
    old, new = read_tag(old), read_tag(new)
    if old == new:
        return 0
    count = 0
    for batch in carriers(old):
        now, entries = timezone.now(), []
        for ally in batch:
            before = ally.tags
            ally.tags, ally.updated_at = swap_tags(before, remove=old, add=new), now
            changes = {"tags": [before, ally.tags]}
            entries.append(
                journal.entry(journal.Action.CHANGE, ally, changes=changes, reason=reason)
            )
        Ally.objects.bulk_update(batch, ["tags", "updated_at"], batch_size=200)
        journal.record_many(entries)
        count += len(batch)
    return count


def carriers(tag: str) -> Iterator[list[Ally]]:
    """Yield the allies that carry a tag, locked, in batches by id."""
    last = ""
    while True:
        rows = selectors.with_tag(Ally.objects.select_for_update(), tag)
        batch = list(rows.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


# --- Logs ------------------------------------------------------------------------------------
@transaction.atomic
def record_log_report(*, report: dict[str, Any], reason: str) -> None:
    """Keep that a log was looked into, and of each ally that it names how many calls failed.

    Nothing else of the log is kept. ``report`` is what :func:`accesslog.summary.summarise` made;
    of very many allies those with the most failures are kept.
    """
    text = f"{LOG_ANALYSED}: {reason}"
    journal.record(journal.Action.READ, Ally, count=report["lines"]["total"], reason=text)
    affected = report["credentials"]["allies_hurt"][:MAX_REPORTED_ALLIES]
    journal.record_many(
        journal.entry(
            journal.Action.READ,
            Ally(pk=row["id"], name=row["name"]),
            count=row["failed"],
            reason=text,
        )
        for row in affected
    )


# --- Credentials -----------------------------------------------------------------------------
@transaction.atomic(savepoint=False)
def add_credentials(*, ally_id: str, user: str, password: str, reason: str = "") -> AllyCredential:
    """Make a new version of an ally's credentials, which becomes the current one.

    The former version stays valid until it is revoked. The ally's row lock gives parallel calls
    their versions one after the other.

    Raises:
        AllyNotFound: no ally has the id.
        CredentialsKeysInvalid: there is no key to seal them with.
        KeyChanged: the key is another than the one that sealed the others.
    """
    ally = locked(ally_id)
    fingerprints.claim(crypto.ring().current)
    mine = AllyCredential.objects.filter(ally=ally)
    version = (mine.aggregate(last=Max("version"))["last"] or 0) + 1
    sealed = crypto.seal_credentials(ally_id=ally.pk, version=version, user=user, password=password)
    mine.filter(is_current=True).update(is_current=False)
    credential = AllyCredential(
        ally=ally,
        version=version,
        key_id=sealed.key_id,
        data_key=sealed.data_key,
        user_sealed=sealed.user,
        password_sealed=sealed.password,
        created_by_id=acting_user(),
        request_id=context.request_id.get(),
    )
    credential.save(force_insert=True)
    journal.record(
        journal.Action.CREATE, credential, changes=journal.initial(credential), reason=reason
    )
    journal.record(journal.Action.CHANGE, ally, changes={"credentials": None}, reason=reason)
    return credential


@transaction.atomic(savepoint=False)
def revoke_credentials(*, credential: AllyCredential, reason: str) -> AllyCredential:
    """Revoke one version; the newest that is left becomes the current one.

    Raises:
        ReasonRequired: nobody said why.
        AlreadyRevoked: somebody else was faster.
    """
    if not reason.strip():
        raise ReasonRequired
    ally = locked(credential.ally_id)
    credential = AllyCredential.objects.select_for_update().get(pk=credential.pk)
    if credential.revoked_at is not None:
        raise AlreadyRevoked
    fields = {
        "is_current": False,
        "revoked_at": timezone.now(),
        "revoked_by_id": acting_user(),
        "revoked_request_id": context.request_id.get(),
        "revoked_reason": reason,
    }
    changes = journal.change(credential, fields)
    journal.record(journal.Action.CHANGE, credential, changes=changes, reason=reason)
    promote_newest(ally, reason)
    return credential


def promote_newest(ally: Ally, reason: str) -> None:
    """Make the newest usable version current when none is."""
    newest = selectors.usable_credentials().filter(ally=ally).order_by("-version").first()
    if newest is not None and not newest.is_current:
        newest.is_current = True
        newest.save(update_fields=["is_current"])
        changes = {"is_current": [False, True]}
        journal.record(journal.Action.CHANGE, newest, changes=changes, reason=reason)


@transaction.atomic(savepoint=False)
def open_credentials(*, ally_id: str, purpose: str) -> crypto.Opened:
    """Return an ally's current user name and password, to call the partner with.

    Each use is in the journal, in the same transaction, with its purpose.

    Raises:
        ReasonRequired: nobody said what for.
        AllyNotFound: no ally has the id.
        AllyInactive: the ally is switched off.
        CredentialsNotSet: nothing is set, or all is revoked.
        KeyMissing, SealBroken: what is stored cannot be opened with the keys at hand.
    """
    if not purpose.strip():
        raise ReasonRequired
    ally = Ally.objects.filter(pk=ally_id).first()
    if ally is None:
        raise AllyNotFound
    if not ally.is_active:
        raise AllyInactive
    credential = AllyCredential.objects.filter(ally=ally, is_current=True).first()
    if credential is None:
        raise CredentialsNotSet
    journal.record(journal.Action.USE, credential, reason=purpose)
    sealed = crypto.Sealed(
        credential.key_id,
        bytes(credential.data_key),
        bytes(credential.user_sealed),
        bytes(credential.password_sealed),
    )
    return crypto.open_sealed(ally_id=ally.pk, version=credential.version, sealed=sealed)
