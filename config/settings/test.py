"""The suite: SQLite with nothing installed, or whatever DATABASE_URL and REDIS_URL point at."""

import tempfile
from pathlib import Path

from config import env

SECRET_KEY = "only-for-tests-" + "x" * 40
env.put("SECRET_KEY", SECRET_KEY)  # a fresh clone has no .env

from config.settings import base  # noqa: E402 - reads what was just set
from config.settings.base import *  # noqa: E402, F403 - see above; an environment is the base plus what differs

JWT_SIGNING_KEY = SECRET_KEY
SIMPLE_JWT = {**base.SIMPLE_JWT, "SIGNING_KEY": JWT_SIGNING_KEY}
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PLATFORM_APPS = base.PLATFORM_APPS
TERMINAL_LANGUAGE = ""  # whatever the developer's terminal speaks
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = str(Path(tempfile.gettempdir()) / "plaza-test-media")
STATIC_ROOT = str(Path(tempfile.gettempdir()) / "plaza-test-static")
Path(STATIC_ROOT).mkdir(exist_ok=True)

DATABASES = {"default": {**base.DATABASES["default"]}}
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["TEST"] = {"NAME": env.text("TEST_DATABASE_NAME", "") or None}
LOCAL_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {
    "default": {**base.CACHES["default"], "KEY_PREFIX": "plaza-test"}
    if base.REDIS_URL
    else LOCAL_MEMORY
}

# The broker is nobody: a test that wants a task runs it itself, as a worker would.
CELERY_BROKER_URL = "memory://"
DOG_API_URL = "http://127.0.0.1:1/dogs/api"
DOG_PICTURES_URL = "http://127.0.0.1:1/pictures"
RELAY_API_URL = "http://127.0.0.1:1/relay/api"
DOG_PICTURE_DELAY_SECONDS = 0
TMDB_API_URL = "http://127.0.0.1:1/tmdb/3"
TMDB_API_KEY = "only-for-tests"
TMDB_ACCESS_TOKEN = ""
RECOGNITION = ["manual"]
RECOGNITION_API_URL = ""
RECOGNITION_API_TOKEN = "only-for-tests"  # noqa: S105 - opens nothing
CREDENTIALS_KEYS = [base.LOCAL_CREDENTIALS_KEY]
