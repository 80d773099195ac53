"""What the databases say when they refuse a row, in one language."""

from django.db import IntegrityError, models


def violates(error: IntegrityError, model: type[models.Model], constraint: str) -> bool:
    """Tell whether ``error`` is the breach of ``model``'s constraint of that name.

    PostgreSQL names the constraint; SQLite names the columns of a unique one.
    """
    cause = error.__cause__
    named = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if named is not None:
        return bool(named == constraint)
    message = str(cause or error)
    if constraint in message:
        return True
    for candidate in model._meta.constraints:
        if candidate.name == constraint and isinstance(candidate, models.UniqueConstraint):
            columns = [model._meta.get_field(name).column for name in candidate.fields]
            return message.endswith(
                ", ".join(f"{model._meta.db_table}.{column}" for column in columns)
            )
    return False


def is_duplicate(error: IntegrityError) -> bool:
    """Tell whether ``error`` is the breach of some unique constraint (SQLSTATE 23505)."""
    cause = error.__cause__
    return getattr(cause, "pgcode", "") == "23505" or "UNIQUE constraint" in str(cause or error)
