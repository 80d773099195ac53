"""Settings of a control: nodes wait for a cache that hangs, as Django's own defaults do."""

from config.settings.local import *  # noqa: F403 - a control is the real settings less one promise
from config.settings.local import CACHES

CACHES["default"]["OPTIONS"] |= {"SOCKET_TIMEOUT": 5, "SOCKET_CONNECT_TIMEOUT": 5}
