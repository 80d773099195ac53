"""How often somebody may try a password, or to change their account.

It is counted in the database, before the password is checked. A counter in a cache, or one written
after the check, lets parallel guesses through. Here each guess first takes a place in its bucket by
one conditional UPDATE that commits on its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext

from core.text import email_key
from users.errors import LoginLocked
from users.models import LoginBucket


def digest(*parts: str) -> str:
    """Return a keyed hash: the table alone reveals nobody's address."""
    return salted_hmac("users.limits", "\n".join(parts), algorithm="sha256").hexdigest()


def account_key(email: str) -> str:
    """Return the key that all buckets of one address share, known or not."""
    return digest("account", email_key(email))


@dataclass(frozen=True, slots=True)
class Rate:
    """How many attempts a window of so many seconds takes."""

    attempts: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Which counter an attempt falls into: the strangers', or one that ``own`` names.

    Without a ``rate`` of its own it has that of signing in, as the settings are now. ``user_id``
    ties the counter to the user, whatever their address is; support finds it by ``email``.
    """

    email: str
    own: str = ""
    user_id: int | None = None
    rate: Rate | None = None

    @property
    def key(self) -> str:
        """Return the bucket's unique key."""
        whose = email_key(self.email) if self.user_id is None else f"user {self.user_id}"
        return digest("bucket", whose, self.own)

    @property
    def present_rate(self) -> Rate:
        """Return how many attempts it takes."""
        return self.rate or Rate(settings.LOGIN_ATTEMPTS, settings.LOGIN_WINDOW_SECONDS)


def reserve(bucket: Bucket) -> None:
    """Take a place in the bucket, or raise LoginLocked."""
    now, rate = timezone.now(), bucket.present_rate
    for _attempt in range(5):  # a bucket may be unlocked or purged between two statements
        if acquire(bucket.key, now, rate):
            return
        found = LoginBucket.objects.filter(key=bucket.key).first()
        if found is not None:  # full, or made by somebody else since the UPDATE found none
            if is_full(found, now, rate):
                wait = int((found.window_ends_at - now).total_seconds()) + 1
                raise LoginLocked(retry_after=max(1, wait))
            continue
        row = LoginBucket(
            key=bucket.key,
            account=account_key(bucket.email),
            known_device=bool(bucket.own),
            max_attempts=bucket.rate.attempts if bucket.rate else None,
            window_ends_at=now + timedelta(seconds=rate.seconds),
        )
        LoginBucket.objects.bulk_create([row], ignore_conflicts=True)
    raise LoginLocked(retry_after=1)


def acquire(key: str, now: datetime, rate: Rate) -> bool:
    """Count one attempt if the window allows it. Commits by itself (``durable``).

    Inside the transaction of a request the count would be rolled back with the refusal.
    """
    over = Q(window_ends_at__lte=now)
    fresh_end = now + timedelta(seconds=rate.seconds)
    with transaction.atomic(durable=True):
        taken = (
            LoginBucket.objects.filter(key=key)
            .filter(over | Q(attempts__lt=rate.attempts))
            .update(
                attempts=Case(When(over, then=Value(1)), default=F("attempts") + 1),
                window_ends_at=Case(When(over, then=Value(fresh_end)), default=F("window_ends_at")),
            )
        )
    return taken == 1


def reset(bucket: Bucket) -> None:
    """Empty the bucket after the right password."""
    LoginBucket.objects.filter(key=bucket.key).delete()


def forget_attempts(email: str) -> None:
    """Empty every bucket of signing in to an account, after its owner proved who they are.

    What has a rate of its own stays: codes of the second factor, links asked for.
    """
    rows = LoginBucket.objects.filter(account=account_key(email), max_attempts__isnull=True)
    rows.delete()


def is_locked(bucket: LoginBucket, now: datetime) -> bool:
    """Tell whether another attempt would be refused at ``now``."""
    most = bucket.max_attempts or settings.LOGIN_ATTEMPTS
    return is_full(bucket, now, Rate(most, settings.LOGIN_WINDOW_SECONDS))


def locked_until(email: str, now: datetime) -> datetime | None:
    """Return when the last lock of an account ends; None for one that is not locked at ``now``."""
    buckets = LoginBucket.objects.filter(account=account_key(email))
    return max((one.window_ends_at for one in buckets if is_locked(one, now)), default=None)


def lock_of(bucket: LoginBucket) -> str:
    """Return until when attempts are refused, or how many were made, for people."""
    if is_locked(bucket, timezone.now()):
        until = date_format(timezone.localtime(bucket.window_ends_at), "SHORT_DATETIME_FORMAT")
        return gettext("locked until %s") % until
    most = bucket.max_attempts or settings.LOGIN_ATTEMPTS
    return gettext("%(made)d of %(most)d attempts") % {"made": bucket.attempts, "most": most}


def is_full(bucket: LoginBucket, now: datetime, rate: Rate) -> bool:
    """Tell whether the window that is open at ``now`` takes no more."""
    return bucket.window_ends_at > now and bucket.attempts >= rate.attempts
