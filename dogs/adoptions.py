"""Adoption: the act, its undo, and the history that the dog's two columns follow."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.db import refusing
from core.rows import store
from dogs.constants import EndReason
from dogs.errors import AdoptionContradictory, DogAdopted, DogNameTaken, DogNotAdopted
from dogs.models import Adoption, Dog

CONSTRAINT_ERRORS = {
    "dogs_name_unique": DogNameTaken,
    "dogs_owner_has_adopted": AdoptionContradictory,
}
REMOVED_BATCH_ROWS = 1000


def in_step(dog: Dog, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``fields`` with what one of ``is_adopted`` and ``owner`` says of the other.

    An owner has adopted the dog; a dog that is not adopted has none. Without its owner it is free
    again, unless the same change says that it is adopted: by somebody without an account.
    """
    fields = dict(fields)
    if "owner" in fields and "is_adopted" not in fields:
        owner = fields["owner"]
        fields["is_adopted"] = owner is not None or (dog.is_adopted and dog.owner_id is None)
    elif fields.get("is_adopted") is False:
        fields.setdefault("owner", None)
    return fields


def write(dog: Dog, fields: Mapping[str, Any], *, reason: EndReason | None = None) -> Dog:
    """Change the fields of a locked dog, its history of adoptions and its journal as one.

    Raises:
        DogNameTaken: another dog has the new name.
        AdoptionContradictory: an owner, but not adopted.
    """
    was_adopted = dog.is_adopted
    with refusing(Dog, CONSTRAINT_ERRORS):
        changes = journal.change(dog, in_step(dog, fields))
    if not changes:
        return dog
    said = "" if reason is None else reason.value
    journal.record(journal.Action.CHANGE, dog, changes=changes, reason=said)
    if changes.keys() & {"is_adopted", "owner"}:
        if was_adopted:
            passed_on = EndReason.PASSED_ON if dog.is_adopted else EndReason.RETURNED
            end_open([dog.pk], reason or passed_on)
        if dog.is_adopted:
            begin(dog)
    return dog


def begin(dog: Dog) -> Adoption:
    """Store the open adoption of a dog that was just adopted."""
    adoption = Adoption(dog=dog, owner_id=dog.owner_id)
    store(adoption)
    return adoption


def end_open(dogs: list[int], reason: EndReason) -> None:
    """End the open adoptions of these dogs."""
    now = timezone.now()
    # Another node's clock may have been ahead: nothing ends before it began.
    end = Greatest(Coalesce("adopted_at", Value(now)), Value(now))
    rows = Adoption.objects.filter(dog__in=dogs, ended_at__isnull=True)
    rows.update(ended_at=end, end_reason=reason)


@transaction.atomic(savepoint=False)
def adopt_dog(*, dog: Dog, owner: Any) -> Adoption:
    """Give a locked dog to a user and return the adoption.

    Raises:
        DogAdopted: it has a home.
    """
    if dog.is_adopted:
        raise DogAdopted
    write(dog, {"owner": owner})
    return Adoption.objects.get(dog=dog, ended_at__isnull=True)


@transaction.atomic(savepoint=False)
def release_dog(*, dog: Dog) -> None:
    """Undo the adoption of a locked dog: it looks for a home again.

    Raises:
        DogNotAdopted: it has none.
    """
    if not dog.is_adopted:
        raise DogNotAdopted
    write(dog, {"is_adopted": False}, reason=EndReason.RETURNED)


@transaction.atomic(savepoint=False)
def release_dogs_of(*, user_id: int) -> int:
    """Set the dogs of a removed user free; return how many dogs that were."""
    count, last = 0, 0
    while True:
        mine = Dog.objects.select_for_update().filter(owner_id=user_id, pk__gt=last)
        dogs = list(mine.order_by("pk")[:REMOVED_BATCH_ROWS])
        if not dogs:
            return count
        keys = [dog.pk for dog in dogs]
        end_open(keys, EndReason.OWNER_REMOVED)
        Dog.objects.filter(pk__in=keys).update(is_adopted=False, owner=None)
        changes = {"is_adopted": [True, False], "owner": [user_id, None]}
        journal.record_many(
            journal.entry(
                journal.Action.CHANGE,
                dog,
                changes=changes,
                reason=noop("the owner's account was removed"),
            )
            for dog in dogs
        )
        count, last = count + len(dogs), keys[-1]
