"""One developer, one machine: `make run`."""

import base64
import secrets
from pathlib import Path

from config import env

# `cp .env.example .env` has nobody who makes up the secrets, as `make` does.
env.keep_secret("SECRET_KEY", lambda: secrets.token_urlsafe(48))
env.keep_secret(
    "CREDENTIALS_KEYS", lambda: f"kept:{base64.b64encode(secrets.token_bytes(32)).decode()}"
)

from config.settings.base import *  # noqa: E402, F403 - the base reads what was just set; an environment is the base plus what differs
from config.settings.base import STATIC_ROOT  # noqa: E402 - see above

ALLOWED_HOSTS = ["*"]
# Static files come straight from the packages: nothing to collect.
WHITENOISE_USE_FINDERS = True
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
