"""One developer, one machine: `make run`."""

from config.settings.base import *  # noqa: F403 - an environment is the base plus what differs

DEBUG = False
ALLOWED_HOSTS = ["*"]
