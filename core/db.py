"""What the databases say when they refuse a row, in one language."""

import functools
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import (
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
    models,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError
from django.db.utils import DEFAULT_DB_ALIAS, load_backend
from django.utils import timezone

from core.errors import ApplicationError

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

UNIQUE_VIOLATION = "23505"
READ_ONLY = "25006"
STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's machine, some 100 µs


def violates(error: IntegrityError, model: type[models.Model], constraint: str) -> bool:
    """Tell whether ``error`` is the breach of ``model``'s constraint of that name.

    PostgreSQL names the constraint; SQLite names the columns of a unique one or a primary key.
    """
    cause = error.__cause__
    named = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if named is not None:
        return bool(named == constraint)
    kind, _, what = str(cause or error).partition(" constraint failed: ")
    if kind != "UNIQUE":
        return what == constraint
    table = model._meta.db_table
    names = [model._meta.pk.name] if constraint == f"{table}_pkey" else []
    for candidate in model._meta.constraints:
        if candidate.name == constraint and isinstance(candidate, models.UniqueConstraint):
            names = [*candidate.fields]
    columns = (model._meta.get_field(name).column for name in names)  # type: ignore[union-attr]  # constraints name columns only
    listed = ", ".join(f"{table}.{column}" for column in columns)
    return what in (listed, f"index '{constraint}'")


@contextmanager
def refusing(
    model: type[models.Model], errors: Mapping[str, type[ApplicationError]]
) -> Iterator[None]:
    """Raise the error of the constraint of ``model`` that a write inside breaks.

    ``errors`` has the constraints' names as keys. The breach of any other one stays what it is.
    Whoever goes on in the same transaction after the error opens a savepoint inside::

        with refusing(Dog, {"dogs_name_unique": DogNameTaken}), transaction.atomic():
            dog.save()

    Raises:
        ApplicationError: the one that ``errors`` has for the broken constraint.
    """
    try:
        yield
    except IntegrityError as error:
        for constraint, refusal in errors.items():
            if violates(error, model, constraint):
                raise refusal from error
        raise


def is_duplicate(error: IntegrityError) -> bool:
    """Tell whether ``error`` is the breach of some unique constraint (SQLSTATE 23505)."""
    cause = error.__cause__
    if getattr(cause, "pgcode", ""):
        return bool(cause.pgcode == UNIQUE_VIOLATION)  # type: ignore[union-attr]  # it has one
    return "UNIQUE constraint" in str(cause or error)


def code_of(error: Exception) -> str:
    """Return the SQLSTATE that PostgreSQL gave an error, or an empty text."""
    return str(getattr(error.__cause__, "pgcode", "") or "")


def is_away(error: Exception) -> bool:
    """Tell whether a driver's error means "later": no answer, or one from a read-only standby.

    Any other internal error is a defect of ours.
    """
    return not isinstance(error, InternalError) or code_of(error) == READ_ONLY


def if_writable(write: Callable[P, T]) -> Callable[P, T | None]:
    """Return None instead of an error when the database takes no writes: a full disk, a standby.

    For what an answer can do without. Inside a transaction the error stays: all of that is lost.
    """

    @functools.wraps(write)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return write(*args, **kwargs)
        except (OperationalError, InterfaceError, InternalError) as error:
            if connection.in_atomic_block or not is_away(error):
                raise
            logger.warning("not written", extra={"what": write.__qualname__, "error": str(error)})
            return None

    return attempt


def database_now() -> datetime:
    """Return the time of the database's clock, the one that all nodes share.

    For a moment that one node writes down and another one compares within seconds. With SQLite
    there is one machine, and its clock is this process's.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


@contextmanager
def directly() -> Iterator[None]:
    """Let this thread's connection be the one around the pooler within the block.

    Without ``DATABASE_DIRECT_URL`` it stays what it is.
    """
    if settings.DATABASE_DIRECT is None:
        yield
        return
    described = connections.configure_settings({DEFAULT_DB_ALIAS: settings.DATABASE_DIRECT})
    backend = load_backend(settings.DATABASE_DIRECT["ENGINE"])
    usual = connections[DEFAULT_DB_ALIAS]
    usual.close()
    around = backend.DatabaseWrapper(described[DEFAULT_DB_ALIAS], DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = around
    try:
        yield
    finally:
        around.close()
        connections[DEFAULT_DB_ALIAS] = usual


def on_postgresql(sql: str) -> Callable[[Any, Any], None]:
    """Return what ``RunPython`` of a migration calls to run ``sql`` where triggers can be had."""

    def run(_apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


def advisory_lock(name: str, *, wait: bool = True, on: BaseDatabaseWrapper | None = None) -> bool:
    """Take the lock ``name`` until the transaction ends; tell whether it was free.

    Of whoever asks for a name one at a time has its lock, on all nodes; the others wait, or with
    ``wait=False`` get False at once. ``on`` is another connection than the default one. A lock
    of a session would stay behind in a pooler, which hands sessions on; a transaction's cannot.

    Raises:
        TransactionManagementError: there is no transaction that could hold it.
    """
    database = on or connection
    if database.get_autocommit():
        raise TransactionManagementError(f"The lock {name!r} needs a transaction.")
    if database.vendor != "postgresql":
        return True  # SQLite has one writer, who holds the file from BEGIN IMMEDIATE on
    key = int.from_bytes(hashlib.sha256(f"plaza.{name}".encode()).digest()[:8], signed=True)
    with database.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key])
        return bool(cursor.fetchone()[0])


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End each query inside that takes longer than ``seconds``, in a transaction of its own.

    Raises:
        OperationalError: a query was ended.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [round(seconds * 1000)])
                yield
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return
        end = time.monotonic() + seconds
        connection.ensure_connection()
        connection.connection.set_progress_handler(
            lambda: time.monotonic() > end, STEPS_BETWEEN_LOOKS
        )
        try:
            yield
        finally:
            connection.connection.set_progress_handler(None, 0)
