"""Rows past services and models, for what the database itself refuses."""

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from stores.tests.helpers_unchanged import nothing_changes


def refused(constraint_name, /, write, *arguments, **values):
    """Assert that the named constraint refuses a write, and that nothing was written."""
    with (
        nothing_changes(),
        pytest.raises(IntegrityError) as error,
        transaction.atomic(),
    ):
        write(*arguments, **values)
    constraint = next(
        one
        for model in apps.get_app_config("stores").get_models()
        for one in model._meta.constraints
        if one.name == constraint_name
    )
    # SQLite names the columns of a unique constraint.
    columns = getattr(constraint, "fields", ())
    text = str(error.value)
    assert constraint_name in text or (columns and all(column in text for column in columns)), text


def change(row, **values):
    """Write columns past services and models."""
    models.QuerySet(type(row)).filter(pk=row.pk).update(**values)


def copy(row, **values):
    """Store a row like this one but for some values."""
    fields = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    type(row)(**{**fields, **values}).save(force_insert=True)
