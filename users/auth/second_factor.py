"""A second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

The secret is sealed with a key that follows from SECRET_KEY, so a copy of the database makes no
codes; one that a former key sealed (SECRET_KEY_FALLBACKS) is sealed anew when it is next used.
"""

import hmac
import os
import re
import secrets
from base64 import b32encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from core.audit import journal
from core.db import database_now
from users.auth import limits
from users.constants import (
    MAX_SECOND_FACTOR_GUESSES,
    RECOVERY_CODES,
    SECOND_FACTOR_WINDOW_SECONDS,
)
from users.errors import (
    InvalidSecondFactor,
    SecondFactorExists,
    SecondFactorRequired,
    SecondFactorSetupRequired,
)
from users.models import SecondFactor, User

SESSION_KEY = "users.second_factor"  # in a browser's session: its user has one
STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # before and after the present one (RFC 6238, 5.2)
SECRET_BYTES = 20  # of SHA-1's output (RFC 4226, 4, R6)
NONCE_BYTES = 12
ISSUER = "Plaza"
CODE = re.compile(r"[0-9]{6}", re.ASCII)
RATE = limits.Rate(MAX_SECOND_FACTOR_GUESSES, SECOND_FACTOR_WINDOW_SECONDS)


def is_required(user: User) -> bool:
    """Tell whether the user must have a second factor."""
    return settings.STAFF_SECOND_FACTOR == "required" and user.is_staff


def of(user: User) -> SecondFactor | None:
    """Return the second factor that is asked for, if the user has one."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


# --- the secret --------------------------------------------------------------------------------
def cipher(key: str, user_id: int) -> AESGCM:
    """Return the cipher of one user's secret."""
    return AESGCM(hmac.digest(key.encode(), f"second factor|{user_id}".encode(), "sha256"))


def sealed(secret: bytes, user_id: int) -> bytes:
    """Return the secret as it is stored."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher(settings.SECRET_KEY, user_id).encrypt(nonce, secret, None)


def opened(factor: SecondFactor) -> bytes:
    """Return the secret, or raise InvalidSecondFactor when no key of the settings sealed it."""
    stored = bytes(factor.secret)
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            found = cipher(key, factor.user_id).decrypt(
                stored[:NONCE_BYTES], stored[NONCE_BYTES:], None
            )
        except InvalidTag:
            continue
        if key != settings.SECRET_KEY:
            SecondFactor.objects.filter(pk=factor.pk).update(secret=sealed(found, factor.user_id))
        return found
    raise InvalidSecondFactor


def totp(secret: bytes) -> TOTP:
    """Return what makes codes, as every authenticator app does by default."""
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - RFC 6238's, and all that apps know


def present_step() -> int:
    """Return the number of the time step that the database's clock is in.

    A node whose clock is a minute off would refuse every code.
    """
    return int(database_now().timestamp()) // STEP_SECONDS


def recovery_digests_of(code: str) -> list[str]:
    """Return the digests of a recovery code, however it was typed, under each key."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return [
        salted_hmac("users.recovery", plain, secret=key, algorithm="sha256").hexdigest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


# --- checking ----------------------------------------------------------------------------------
@sensitive_variables("otp")
def check(*, user: User, otp: str) -> None:
    """Make sure that who knows the password has the second factor, too, if there is one.

    Each try counts before it is compared. Must not run inside a transaction.

    Raises:
        SecondFactorRequired: there is one, and no code came along.
        InvalidSecondFactor: the code is wrong, was used, or is of another time.
        LoginLocked: there were too many tries.
        SecondFactorSetupRequired: there is none, and must be one.
    """
    factor = of(user)
    if factor is None:
        if is_required(user):
            raise SecondFactorSetupRequired
        return
    if not otp:
        raise SecondFactorRequired
    prove(factor=factor, user=user, otp=otp)


@sensitive_variables("otp")
def prove(*, factor: SecondFactor, user: User, otp: str) -> None:
    """Use up a code of the factor, or raise InvalidSecondFactor or LoginLocked."""
    bucket = limits.Bucket(user.email, own="otp", user_id=user.pk, rate=RATE)
    limits.reserve(bucket)
    typed = otp.replace(" ", "")
    taken = use_code(factor, typed) if CODE.fullmatch(typed) else use_recovery(factor, otp)
    if not taken:
        raise InvalidSecondFactor
    limits.reset(bucket)


@sensitive_variables("code")
def use_code(factor: SecondFactor, code: str) -> bool:
    """Take a code of the app, unless it or a later one was taken: of two at once, one wins."""
    codes, present = totp(opened(factor)), present_step()
    matching = [
        step
        for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
        if hmac.compare_digest(codes.generate(step * STEP_SECONDS), code.encode())
    ]
    if not matching:
        return False
    rows = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=matching[0])
    return rows.update(last_step=matching[0]) == 1


@transaction.atomic
@sensitive_variables("code")
def use_recovery(factor: SecondFactor, code: str) -> bool:
    """Take a recovery code, once; the journal says how many are left."""
    row = SecondFactor.objects.select_for_update().filter(pk=factor.pk).first()
    if row is None or row.confirmed_at is None:
        return False
    typed = set(recovery_digests_of(code))
    left = [digest for digest in row.recovery_digests if digest not in typed]
    if len(left) == len(row.recovery_digests):
        return False
    row.recovery_digests = left
    row.save(update_fields=["recovery_digests"])
    journal.record(
        journal.Action.CHANGE,
        row,
        changes={"recovery_digests": None},
        reason=f"A recovery code was used, {len(left)} are left.",
    )
    return True


# --- having one --------------------------------------------------------------------------------
@transaction.atomic
def begin(*, user: User) -> tuple[str, str]:
    """Start a second factor that is not asked for yet.

    Returns the secret as people type it and the address that the QR code holds, for this once.

    Raises:
        SecondFactorExists: the user has one.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if of(user) is not None:
        raise SecondFactorExists
    SecondFactor.objects.filter(user=user).delete()
    secret = os.urandom(SECRET_BYTES)
    SecondFactor.objects.create(user=user, secret=sealed(secret, user.pk))
    address = totp(secret).get_provisioning_uri(user.email, ISSUER)
    return b32encode(secret).decode(), address


@sensitive_variables("otp")
def confirm(*, user: User, otp: str) -> list[str]:
    """Ask for the started factor from now on; return the recovery codes, for this once.

    Must not run inside a transaction, as the try has to count.

    Raises:
        InvalidSecondFactor: the app shows another code, or nothing was started.
        LoginLocked: there were too many tries.
    """
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=True).first()
    if factor is None:
        raise InvalidSecondFactor
    prove(factor=factor, user=user, otp=otp)
    codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _code in range(RECOVERY_CODES)]
    with transaction.atomic():
        now = timezone.now()
        started = SecondFactor.objects.filter(pk=factor.pk, confirmed_at__isnull=True)
        kept = [recovery_digests_of(code)[0] for code in codes]
        if not started.update(confirmed_at=now, recovery_digests=kept):
            raise InvalidSecondFactor
        changes = {"confirmed_at": [None, now.isoformat()]}
        journal.record(journal.Action.CREATE, factor, changes={"user": [None, user.pk], **changes})
    return codes


@transaction.atomic
def remove(*, user: User, reason: str) -> bool:
    """Ask the user for no second factor any more; return whether they had one."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None:
        return False
    journal.record(journal.Action.DELETE, factor, changes={"user": [user.pk, None]}, reason=reason)
    factor.delete()
    return True
