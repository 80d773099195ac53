"""Checking a password, the same way for the API's sign-in and for the admin's form."""

import functools
import logging

from django.contrib.auth.hashers import check_password, get_hasher, make_password
from django.views.decorators.debug import sensitive_variables

from users.auth import devices, limits
from users.constants import MAX_PASSWORD_CHARACTERS
from users.errors import LoginLocked
from users.models import User
from users.values import former_forms, normal_password

logger = logging.getLogger("users.backends")  # the name that operators' filters know


@functools.lru_cache(maxsize=2)
def dummy_hash(algorithm: str) -> str:
    """Return a hash that no password matches knowingly, made once per process and algorithm."""
    return make_password(f"nobody-{algorithm}")


@sensitive_variables("password")
def check_credentials(*, email: str, password: str, device: str = "") -> User | None:
    """Return the active user with this e-mail and password, None, or raise LoginLocked.

    The attempt is counted before any hash is computed, and an unknown address costs one hash too.
    """
    user = User.objects.filter(is_active=True).by_email(email)
    bucket = limits.Bucket(email, own=devices.known_device(device, user))
    try:
        limits.reserve(bucket)
    except LoginLocked:
        logger.warning("sign-in locked", extra={"account": limits.account_key(email)[:12]})
        raise
    form = normal_password(password)
    too_long = len(form) > MAX_PASSWORD_CHARACTERS
    if user is None or not user.has_usable_password() or too_long:
        for one in [form, *former_forms(password)]:  # as many hashes as a wrong password takes
            check_password(one[:MAX_PASSWORD_CHARACTERS], dummy_hash(get_hasher().algorithm))
        return None
    if not user.check_password(password):
        return None
    limits.reset(bucket)
    return user
