"""Which key each id stands for: a lost ``.env`` makes another ``k1``, and nothing would tell.

The database keeps a fingerprint of a key from the first time that it seals or is seen to open
something. A ring whose key of that id is another one seals nothing: rows of two keys under one id
could not be told apart any more.
"""

import logging

from django.db import DEFAULT_DB_ALIAS

from allies.credentials import crypto
from allies.errors import KeyChanged
from allies.models import AllyCredential, KeyFingerprint

logger = logging.getLogger(__name__)


def sealed_by(key_id: str, using: str) -> int:
    """Return how many credentials need the key of this id."""
    return AllyCredential.objects.using(using).filter(key_id=key_id).count()


def opens(key_id: str, using: str) -> bool | None:
    """Tell whether the ring's key of this id opens what it should; None where there is nothing."""
    rows = AllyCredential.objects.using(using).filter(key_id=key_id)
    row = rows.only("ally_id", "version", "data_key").order_by("-pk").first()
    if row is None:
        return None
    data_key = bytes(row.data_key)
    return crypto.is_wrapped_by(
        ally_id=row.ally_id, version=row.version, key_id=key_id, data_key=data_key
    )


def changed(using: str = DEFAULT_DB_ALIAS) -> dict[str, int]:
    """Return the ids whose key in the ring is another than the one that sealed, with how much.

    Raises:
        CredentialsKeysInvalid: there is no ring.
    """
    known = dict(KeyFingerprint.objects.using(using).values_list("key_id", "fingerprint"))
    found = {}
    for key_id, mine in crypto.ring().fingerprints.items():
        same = known[key_id] == mine if key_id in known else opens(key_id, using) is not False
        if not same and (count := sealed_by(key_id, using)):
            found[key_id] = count
    return found


def claim(key_id: str) -> None:
    """Make sure that the ring's key may seal under its id, in the caller's transaction.

    Of two nodes with different keys of one id the first one has it, and the other one is told.

    Raises:
        KeyChanged: the id stands for another key.
    """
    mine = crypto.ring().fingerprints[key_id]
    rows = KeyFingerprint.objects.filter(pk=key_id).values_list("fingerprint", flat=True)
    known = rows.first()
    if known is None and opens(key_id, DEFAULT_DB_ALIAS) is not False:
        KeyFingerprint.objects.bulk_create(
            [KeyFingerprint(key_id=key_id, fingerprint=mine)], ignore_conflicts=True
        )
        known = rows.first()
    if known != mine:
        raise KeyChanged(key_id, sealed_by(key_id, DEFAULT_DB_ALIAS))


def learn() -> None:
    """Store the fingerprints of keys that were in use before these were kept; at every start.

    An id that stands for another key, which nothing needs any more, is free again. One that is
    still needed is complained of, and sealing with it refused; the rest of the platform starts.
    """
    for key_id, mine in crypto.ring().fingerprints.items():
        stored = KeyFingerprint.objects.filter(pk=key_id)
        opened = opens(key_id, DEFAULT_DB_ALIAS)
        if opened is None:
            if freed := stored.exclude(fingerprint=mine).delete()[0]:
                logger.warning("key id is free again", extra={"key": key_id, "rows": freed})
        elif opened and not stored.exists():
            KeyFingerprint.objects.bulk_create(
                [KeyFingerprint(key_id=key_id, fingerprint=mine)], ignore_conflicts=True
            )
    for key_id, count in changed().items():
        logger.error(str(KeyChanged(key_id, count)))
