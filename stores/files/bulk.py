"""Many rows by their business keys: all are checked first, and what is good is written at once.

A row that names a stored key changes what it says of it and leaves the rest; any other one is new.
Rows that stay as they are get no lock, no journal line and no row version. What is unique stays
where it is: a GTIN does not move from one product to another within one body.

    bulk = ProductBulk()
    batch = bulk.check(rows)  # only reads
    if not batch.faults:
        counts = bulk.write(batch)  # one transaction, one stamp
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.serializers import BaseSerializer

from core.audit import journal
from core.db import refusing
from core.errors import ApplicationError
from core.files import Counts
from core.problems import field_errors
from stores import clock
from stores.models import Stamped

type_values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of the row at ``index``, from 0."""

    index: int
    field: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as JSON has it."""
        return asdict(self)


@dataclass(slots=True)
class Draft:
    """A checked row: ``stored`` is what it changes, None for a new one."""

    index: int
    key: Any
    values: type_values
    stored: Any = None


@dataclass
class Batch:
    """What a check made of rows."""

    new: list[Draft] = field(default_factory=list)
    changed: list[Draft] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """Return what writing would do."""
        return Counts(len(self.new), len(self.changed), self.unchanged)


class Bulk(ABC):
    """Base: what all kinds of rows have in common. An instance sees one body, or one file."""

    model: ClassVar[type[Stamped]]
    serializer_class: ClassVar[type[BaseSerializer]]
    # The fields of a row that say which one it is.
    key_fields: ClassVar[tuple[str, ...]]
    # What a broken constraint means: somebody else was faster.
    errors: ClassVar[Mapping[str, type[ApplicationError]]]

    def __init__(self, *, reason: str = "bulk") -> None:
        self.reason = reason
        self.seen: set[Any] = set()

    # -- what each kind says of itself ------------------------------------------------------------
    def context(self, rows: list[type_values]) -> dict[str, Any]:
        """Return the serializer's context: what the rows name, looked up at once."""
        del rows
        return {}

    @abstractmethod
    def key_of(self, values: type_values) -> Any:
        """Return a valid row's key as stored ones compare."""

    @abstractmethod
    def stored(self, keys: set[Any]) -> dict[Any, Any]:
        """Return the stored rows by these keys."""

    def judge(self, drafts: list[Draft]) -> Iterable[tuple[Draft, str, ErrorDetail]]:
        """Yield what is wrong with drafts beside others and stored rows: draft, field, error."""
        del drafts
        return ()

    def set_fields(self, obj: Any, values: type_values) -> None:
        """Set on an instance what a row says, but for its key."""
        for name, value in values.items():
            if name not in self.key_fields or obj.pk is None:
                setattr(obj, name, value)

    def lock(self, drafts: list[Draft]) -> None:
        """Lock what the rows of the batch lean on, before they themselves are."""
        del drafts  # most lean on nothing

    def follow(self, changed: dict[Any, dict[str, Any]]) -> list[Stamped]:
        """Write what follows from changes (by key of the row) and return what to stamp, too."""
        del changed
        return []

    # -- checking ---------------------------------------------------------------------------------
    def check(self, rows: list[Any]) -> Batch:
        """Return what to write, and every fault; nothing is locked or written."""
        batch = Batch()
        drafts = self.find(self.read(rows, batch), batch)
        refused = set()
        for draft, name, error in self.judge(drafts):
            refused.add(draft.index)
            batch.faults.append(fault_of(draft, name, error))
        for draft in drafts:
            if draft.index in refused:
                continue
            if draft.stored is None:
                batch.new.append(draft)
            elif self.changes(draft):
                batch.changed.append(draft)
            else:
                batch.unchanged += 1
        batch.faults.sort(key=lambda fault: fault.index)
        return batch

    def read(self, rows: list[Any], batch: Batch) -> list[tuple[Draft, set[str]]]:
        """Return the rows that are valid by themselves, each with the fields that it lacks."""
        objects = [row for row in rows if isinstance(row, dict)]
        serializer = self.serializer_class(partial=True, context=self.context(objects))
        needed = {name for name, one in serializer.fields.items() if one.required}  # type: ignore[attr-defined]  # it has fields
        drafts = []
        for index, row in enumerate(rows):
            try:
                key, values = self.read_row(serializer, row)
            except ValidationError as error:
                batch.faults += [Fault(index, **fault) for fault in field_errors(error.detail)]
            else:
                drafts.append((Draft(index, key, values), needed - row.keys()))
        return drafts

    def read_row(self, serializer: BaseSerializer, row: Any) -> tuple[Any, type_values]:
        """Return the key and the values of one row, the first of its key.

        Raises:
            ValidationError: it is not valid.
        """
        if not isinstance(row, dict):
            raise ValidationError(_("Not an object."), code="not_an_object")
        if absent := [name for name in self.key_fields if name not in row]:
            raise ValidationError({name: required() for name in absent})
        values = serializer.run_validation(row)
        key = self.key_of(values)
        if key in self.seen:
            message = ErrorDetail(_("An earlier row has the same key."), code="repeated")
            raise ValidationError({self.key_fields[0]: message})
        self.seen.add(key)
        return key, values

    def find(self, read: list[tuple[Draft, set[str]]], batch: Batch) -> list[Draft]:
        """Return the drafts with what is stored of them; a new one must have all that it needs."""
        stored = self.stored({draft.key for draft, _lacks in read}) if read else {}
        drafts = []
        for draft, lacks in read:
            draft.stored = stored.get(draft.key)
            if draft.stored is None and lacks:
                batch.faults += [fault_of(draft, name, required()) for name in sorted(lacks)]
            else:
                drafts.append(draft)
        return drafts

    def changes(self, draft: Draft) -> dict[str, Any]:
        """Return what a draft changes in its stored row, which gets the new values."""
        before = journal.snapshot(draft.stored)
        self.set_fields(draft.stored, draft.values)
        return journal.diff(before, draft.stored)

    # -- writing ----------------------------------------------------------------------------------
    @transaction.atomic(savepoint=False)
    def write(self, batch: Batch) -> Counts:
        """Write a batch: rows locked in the order of their keys, and one stamp for all.

        Raises:
            ApplicationError: the one of ``errors`` whose constraint somebody else's row breaks.
        """
        self.lock([*batch.new, *batch.changed])
        with refusing(self.model, self.errors):
            changed, changes = self.update(batch.changed)
            created = self.insert(batch.new)
        followed = self.follow(changes)
        entries = [
            journal.entry(journal.Action.CHANGE, obj, changes=changes[obj.pk], reason=self.reason)
            for obj in changed
        ]
        entries += [
            journal.entry(
                journal.Action.CREATE, obj, changes=journal.initial(obj), reason=self.reason
            )
            for obj in created
        ]
        journal.record_many(entries)
        clock.stamp(*changed, *created, *followed)
        unchanged = batch.unchanged + len(batch.changed) - len(changed)
        return Counts(len(created), len(changed), unchanged)

    def update(self, drafts: list[Draft]) -> tuple[list[Any], dict[Any, dict[str, Any]]]:
        """Change stored rows as they are once they are locked; return them and their changes."""
        if not drafts:
            return [], {}
        values = {draft.stored.pk: draft.values for draft in drafts}
        # Not the keys: a commit of who holds the clock may look whether a row is there.
        locked = self.model.objects.select_for_update(no_key=True).filter(pk__in=values)
        changed, changes = [], {}
        for obj in locked.order_by("pk"):
            before = journal.snapshot(obj)
            self.set_fields(obj, values[obj.pk])
            if difference := journal.diff(before, obj):
                changed.append(obj)
                changes[obj.pk] = difference
        # One statement of plain values; bulk_update() would write a CASE per row and column.
        self.model.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=[self.model._meta.pk.name],
            update_fields=[one.name for one in self.columns()],
        )
        return changed, changes

    def columns(self) -> list[models.Field]:
        """Return the columns that an update writes: all but the keys and the row version.

        A business key stays as it is, and named here it would lock its row against commits.
        """
        keys = {*self.key_fields, *(f"{name}_key" for name in self.key_fields), "seq"}
        return [
            one
            for one in self.model._meta.concrete_fields
            if not one.primary_key and one.name not in keys
        ]

    def insert(self, drafts: list[Draft]) -> list[Any]:
        """Insert new rows in the order of their keys, in which everybody waits for others."""
        objects = []
        for draft in sorted(drafts, key=lambda draft: draft.key):
            obj = self.model()
            self.set_fields(obj, draft.values)
            objects.append(obj)
        created: list[Any] = self.model.objects.bulk_create(objects)
        return created


def required() -> ErrorDetail:
    """Return the error of a field that is not there."""
    return ErrorDetail(_("This field is required."), code="required")


def fault_of(draft: Draft, name: str, error: ErrorDetail) -> Fault:
    """Return an error of a draft's field."""
    return Fault(draft.index, name, error.code or "invalid", str(error))
