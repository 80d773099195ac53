"""One developer, one machine: `make run`."""

from pathlib import Path

from config.settings.base import *  # noqa: F403 - an environment is the base plus what differs
from config.settings.base import STATIC_ROOT

ALLOWED_HOSTS = ["*"]
# Static files come straight from the packages: nothing to collect.
WHITENOISE_USE_FINDERS = True
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
