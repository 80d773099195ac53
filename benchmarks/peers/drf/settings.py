"""A plain Django REST Framework project on Plaza's tables."""

import dj_database_url

from benchmarks import common
from benchmarks.common import (
    AUDIENCE,
    DATABASE_URL,
    HOST,
    ISSUER,
    KEEPS_PROMISES,
    PAGE_ROWS,
    REDIS_URL,
    SIGNING_KEY,
)

SECRET_KEY = SIGNING_KEY
DEBUG = False
ALLOWED_HOSTS = [HOST, "localhost"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "benchmarks.peers.drf",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.peers.drf.urls"
APPEND_SLASH = False
DATABASES = {"default": {**dj_database_url.parse(DATABASE_URL), "CONN_MAX_AGE": 600}}
AUTH_USER_MODEL = "drf.User"
PASSWORD_HASHERS = ["users.hashers.PlazaArgon2PasswordHasher"]
TIME_ZONE = common.TIME_ZONE
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": PAGE_ROWS,
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SIGNING_KEY,
    "AUDIENCE": AUDIENCE,
    "ISSUER": ISSUER,
    "USER_ID_CLAIM": "sub",
    "CHECK_REVOKE_TOKEN": False,
}
if KEEPS_PROMISES:
    MIDDLEWARE = [
        "benchmarks.peers.drf.around.AroundRequests",
        *MIDDLEWARE,
        "django.middleware.http.ConditionalGetMiddleware",  # Django's own entity tags and 304
    ]
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "drf",
        }
    }
    REST_FRAMEWORK |= {
        "DEFAULT_AUTHENTICATION_CLASSES": ["benchmarks.peers.drf.around.LiveSession"],
        "DEFAULT_PAGINATION_CLASS": "benchmarks.peers.drf.around.ByKeys",
        "EXCEPTION_HANDLER": "benchmarks.peers.drf.refusals.refuse",
    }
