"""What ``/health/ready`` says of the allies: whether the keys are those of the database."""

import dataclasses
import datetime as dt

from django.db import connection
from health_check.base import HealthCheck

from allies.credentials import crypto
from allies.models import AllyCredential, KeyFingerprint
from core.ops.health import Finding


@dataclasses.dataclass
class CredentialsKeys(HealthCheck):
    """Every key that credentials need is in the ring, and the same. Cheap however many they are."""

    timeout = dt.timedelta(seconds=2)

    def run(self) -> None:
        """Compare the fingerprints, of which there are few."""
        try:
            mine = crypto.ring().fingerprints
            known = KeyFingerprint.objects.values_list("key_id", "fingerprint")
            wrong = [
                key_id
                for key_id, fingerprint in known
                if mine.get(key_id) != fingerprint
                and AllyCredential.objects.filter(key_id=key_id).exists()
            ]
        finally:
            connection.close()  # this thread's own
        if wrong:
            raise Finding(f"missing or another: {', '.join(sorted(wrong))}")


CHECKS = {"credentials_keys": CredentialsKeys()}
