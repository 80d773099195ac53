"""Start-up checks: the ring of keys can be read, and has what the stored credentials need."""

from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from allies.credentials import crypto, fingerprints
from allies.errors import CredentialsKeysInvalid, KeyChanged
from allies.models import AllyCredential


@checks.register(checks.Tags.security)
def the_key_ring_can_be_read(**_: Any) -> list[checks.CheckMessage]:
    """Refuse to start with a ring that cannot seal."""
    try:
        crypto.ring()
    except CredentialsKeysInvalid as error:
        return [
            checks.Error(str(error), hint="See CREDENTIALS_KEYS in .env.example.", id="allies.E001")
        ]
    return []


@checks.register(checks.Tags.database)
def the_key_ring_opens_what_is_stored(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Name the keys that stored credentials need and the ring lacks (``check --database``)."""
    return [problem for alias in databases or () for problem in problems_of(alias)]


@checks.register
def the_key_ring_is_the_one_that_sealed(
    databases: Any = None, **_: Any
) -> list[checks.CheckMessage]:
    """Warn of the same wherever checks run: an error would stop the commands that repair it."""
    if databases is not None:
        return []  # the check above says it
    try:
        found = problems_of(DEFAULT_DB_ALIAS)
    except DatabaseError:
        return []  # whoever needs the database says that it is away
    return [checks.Warning(one.msg, hint=one.hint, id="allies.W003") for one in found]


def problems_of(alias: str) -> list[checks.CheckMessage]:
    """Return the errors of one database's keys, none where the app has no table yet."""
    if AllyCredential._meta.db_table not in connections[alias].introspection.table_names():
        return []
    return missing_keys(alias) + changed_keys(alias)


def changed_keys(alias: str) -> list[checks.CheckMessage]:
    """Return an error for each key that is another one than what one database was sealed by."""
    try:
        found = fingerprints.changed(alias)
    except (CredentialsKeysInvalid, DatabaseError):
        return []  # allies.E001 or the database's own checks say more
    return [
        checks.Error(str(KeyChanged(key_id, count)), hint=KeyChanged.hint, id="allies.E003")
        for key_id, count in found.items()
    ]


def missing_keys(alias: str) -> list[checks.CheckMessage]:
    """Return an error for each key id that one database needs in vain."""
    try:
        known = crypto.ring().keys
        needed = set(
            AllyCredential.objects.using(alias).values_list("key_id", flat=True).distinct()
        )
    except (CredentialsKeysInvalid, DatabaseError):
        return []  # allies.E001 or the database's own checks say more
    return [
        checks.Error(
            f"Stored credentials need key {key_id!r}, which CREDENTIALS_KEYS does not have.",
            hint="Put the key back; take it out only when rotate_credentials leaves nothing of it.",
            id="allies.E002",
        )
        for key_id in sorted(needed - known.keys())
    ]
