"""What is looked at when the platform starts: whether the keys are those of the database."""

import logging

from allies.credentials import fingerprints
from allies.errors import CredentialsKeysInvalid

logger = logging.getLogger(__name__)


def load() -> str:
    """Learn the fingerprints of keys in use, and complain of a key that is another one."""
    try:
        fingerprints.learn()
    except CredentialsKeysInvalid as error:  # the system check says it too: nobody starts with it
        logger.error(str(error))  # noqa: TRY400 - a sentence for an operator, no defect of ours
    return "fingerprints of keys"
