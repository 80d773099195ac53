"""Settings shared by every environment; what differs stands in local, test and production."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from config import database, env, mail, photos, rest, theme
from core import plugs
from core.ops.logging import logging_config

BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR

# --- What runs -------------------------------------------------------------------------------
PRODUCTION = False
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", "")
if not SECRET_KEY:
    env.refuse(
        "SECRET_KEY is missing or empty. Set it in the environment, or write .env: make install."
    )
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
REQUIRED_APPS = list(plugs.REQUIRED_APPS)
# Unset: all that are here. Empty: none.
_named = env.text("PLATFORM_APPS", ",".join(plugs.every_optional_app())).strip()
PLATFORM_APPS = [name.strip() for name in _named.split(",")] if _named else []
if _objection := plugs.objection(PLATFORM_APPS):
    env.refuse(_objection)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.humanize",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *REQUIRED_APPS,
    *PLATFORM_APPS,
]

# The admin's session, CSRF and message layers are wrapped: they cost an API call nothing.
MIDDLEWARE = [
    "core.middleware.LanguageMiddleware",
    "core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.StripTrailingSlashMiddleware",
    "core.middleware.AdminSessionMiddleware",
    "core.middleware.AdminCsrfMiddleware",
    "core.middleware.AdminAuthenticationMiddleware",
    "users.middleware.BrowserSessionMiddleware",
    "users.middleware.StaffSecondFactorMiddleware",
    "core.middleware.AdminMessageMiddleware",
    "core.middleware.AdminActorMiddleware",
    "users.middleware.TimeZoneMiddleware",
    "users.middleware.KnownDeviceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# Front ends on other origins (Fetch standard); without any, no request pays for the question.
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS", [])
CORS_URLS_REGEX = r"^/(api|allies)/"
CORS_ALLOW_HEADERS = [
    "accept",
    "accept-language",
    "authorization",
    "content-encoding",  # gzip of a JSON body
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "tus-resumable",
    "upload-checksum",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-app-version",
    "x-device",
    "x-request-id",
    "x-requested-with",
    "x-sync-backlog",
    # Tracers' (W3C Trace Context, Sentry, Zipkin, Jaeger, Datadog, AWS).
    "b3",
    "baggage",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "uber-trace-id",
    "x-amzn-trace-id",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-datadog-origin",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-trace-id",
    *env.words("CORS_ALLOW_HEADERS", []),
]
CORS_EXPOSE_HEADERS = [
    "Age",
    "Cache-Status",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Server-Time",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Offset",
    "X-Request-ID",
]
# Requests a second, sustained, of one token and of one address (core.rates); 0: no limit.
RATE_LIMIT_PER_SECOND = env.integer("RATE_LIMIT_PER_SECOND", 600)
if RATE_LIMIT_PER_SECOND:
    MIDDLEWARE.insert(2, "core.middleware.RateLimitMiddleware")
if CORS_ALLOWED_ORIGINS:
    MIDDLEWARE.insert(1, "corsheaders.middleware.CorsMiddleware")
APPEND_SLASH = False
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "core" / "templates" / "theme"],  # before the theme's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DEMO_DATA = env.flag("DEMO_DATA", default=False)

# --- Data ------------------------------------------------------------------------------------
DATABASES = {
    "default": database.settings_of(
        "DATABASE_URL",
        env.text("DATABASE_URL", ""),
        pooled=env.flag("DATABASE_POOLED", default=False),
    )
}
DATABASE_DIRECT = database.direct(
    "DATABASE_DIRECT_URL", env.text("DATABASE_DIRECT_URL", ""), DATABASES["default"]
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.service("REDIS_URL", ("redis", "rediss", "unix"))
CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "plaza",
            "OPTIONS": {
                # A cache that is away makes the platform slower, never wrong.
                "IGNORE_EXCEPTIONS": True,
                "LOG_IGNORED_EXCEPTIONS": True,
                "SOCKET_CONNECT_TIMEOUT": 0.1,
                "SOCKET_TIMEOUT": 0.1,
            },
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "core.cache.FileCache",
            "LOCATION": str(VAR_DIR / "cache"),
        }
    }
# Encrypts backups (core.backups).
BACKUP_KEY = env.text("BACKUP_KEY", "")
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))
STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(VAR_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "photos": photos.storage(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- People and their tokens -----------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.LimitedBackend"]
PASSWORD_HASHERS = ["users.hashers.PlazaArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"users.password_validators.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "MaximumLengthValidator",
    )
]
ADMIN_EMAIL = env.text("ADMIN_EMAIL", "")
ADMIN_PASSWORD = env.text("ADMIN_PASSWORD", "")
JWT_SIGNING_KEY = env.text("JWT_SIGNING_KEY", "") or SECRET_KEY
JWT_SIGNING_KEY_FALLBACKS = env.words(
    "JWT_SIGNING_KEY_FALLBACKS", SECRET_KEY_FALLBACKS if JWT_SIGNING_KEY == SECRET_KEY else []
)
ACCESS_TOKEN_SECONDS = env.integer("ACCESS_TOKEN_SECONDS", 900, minimum=1)
REFRESH_TOKEN_DAYS = env.integer("REFRESH_TOKEN_DAYS", 30, minimum=1, maximum=3650)
REFRESH_GRACE_SECONDS = 10
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=ACCESS_TOKEN_SECONDS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=REFRESH_TOKEN_DAYS),
    "AUDIENCE": "plaza",
    "ISSUER": "plaza",
    "LEEWAY": 30,
    "USER_ID_CLAIM": "sub",
}
# "required": staff without a second factor can do nothing but set one up.
STAFF_SECOND_FACTOR = env.choice("STAFF_SECOND_FACTOR", "optional", ("optional", "required"))
LOGIN_ATTEMPTS = env.integer("LOGIN_ATTEMPTS", 5, minimum=1)
LOGIN_WINDOW_SECONDS = env.integer("LOGIN_WINDOW_SECONDS", 900, minimum=1)

# --- Mail, and where its links lead ----------------------------------------------------------
EMAIL_URL = env.text("EMAIL_URL", "file://")
MAIL_ENABLED = bool(EMAIL_URL)
vars().update(mail.settings_of("EMAIL_URL", EMAIL_URL))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "plaza@localhost")
_port = env.integer("PORT", 9050, minimum=1, maximum=65535)
PUBLIC_URL = env.outside("PUBLIC_URL", f"http://127.0.0.1:{_port}")
PASSWORD_RESET_URL = env.page("PASSWORD_RESET_URL", "{token}")

# --- The API ---------------------------------------------------------------------------------
REST_FRAMEWORK = rest.REST_FRAMEWORK
SPECTACULAR_SETTINGS = {
    "TITLE": "Plaza",
    "DESCRIPTION": (
        f"One platform of pluggable apps: {', '.join(['users', *PLATFORM_APPS])}. What every route "
        "does the same way (signing in, pages, entity tags, repeated requests, errors) is in "
        "docs/api.md of the repository."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Proprietary", "identifier": "LicenseRef-Plaza"},
    "SERVERS": [
        {"url": "/", "description": "The platform that this file came from."},
        {"url": "http://127.0.0.1:9050", "description": "`make run` on this machine."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {"Role": "core.roles.Role", "JournalAction": "core.models.Action"},
    "POSTPROCESSING_HOOKS": [
        "core.api.schema.document.name_enums",
        "core.api.schema.document.complete",
    ],
}
MAX_BODY_BYTES = env.integer("MAX_BODY_BYTES", 1024 * 1024, minimum=1024)
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 32 * 1024 * 1024, minimum=1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "core.api.parsers.NamelessFileUploadHandler",
]
IDEMPOTENCY_DAYS = 7
FAST_READS = env.flag("FAST_READS", default=True)

# --- Outside APIs ----------------------------------------------------------------------------
DOG_API_URL = env.outside("DOG_API_URL", "https://dog.ceo/api")
DOG_PICTURE_HOSTS = env.words("DOG_PICTURE_HOSTS", ["images.dog.ceo"])
DOG_PICTURES_URL = env.service("DOG_PICTURES_URL", ["http", "https"])
DOG_PICTURE_DELAY_SECONDS = env.integer("DOG_PICTURE_DELAY_SECONDS", 0)
RELAY_API_URL = env.outside("RELAY_API_URL", "https://gttb.guane.dev/api")
FILES_KEEP_DAYS = env.integer("FILES_KEEP_DAYS", 90, minimum=1, maximum=36_500)

# --- Allies ----------------------------------------------------------------------------------
# Public, so good for one laptop only: production refuses it.
LOCAL_CREDENTIALS_KEY = "local:bG9jYWwta2V5LWZvci1vbmUtbGFwdG9wLW9ubHkhISE="
CREDENTIALS_KEYS = env.words("CREDENTIALS_KEYS", [])

# --- Movies ----------------------------------------------------------------------------------
# Half of a web process's threads may wait for TMDB (movies); config/gunicorn.py reads the same.
WEB_THREADS = env.integer("WEB_THREADS", 8, minimum=1)
TMDB_API_URL = env.outside("TMDB_API_URL", "https://api.themoviedb.org/3")
TMDB_IMAGE_URL = env.outside("TMDB_IMAGE_URL", "https://image.tmdb.org/t/p/w500")
TMDB_API_KEY = env.text("TMDB_API_KEY", "").strip()
TMDB_ACCESS_TOKEN = env.text("TMDB_ACCESS_TOKEN", "").strip()
TMDB_DAYS = 180  # TMDB's terms of use: no copy older than six months
MOVIES_CACHE_SECONDS = env.integer("MOVIES_CACHE_SECONDS", 30, maximum=TMDB_DAYS * 86_400)
MOVIES_STALE_DAYS = env.integer("MOVIES_STALE_DAYS", 30, maximum=TMDB_DAYS)

# --- Stores ----------------------------------------------------------------------------------
VISITS_LEFTOVERS_MONTHS = env.integer("VISITS_LEFTOVERS_MONTHS", 12, minimum=1, maximum=1200)
PHOTOS_MONTHS = env.integer("PHOTOS_MONTHS", 12, minimum=1, maximum=1200)
VISITS_POSITIONS_MONTHS = env.integer("VISITS_POSITIONS_MONTHS", 6, minimum=2, maximum=1200)
# Percent of the must-haves that should be on the shelf, on the overview of the field.
STORES_COMPLIANCE_TARGET = env.integer("STORES_COMPLIANCE_TARGET", 90, minimum=1, maximum=100)

# What looks at stored photos (stores.recognition); manual: only people do.
RECOGNITION = env.choices("RECOGNITION", "manual", ("manual", "barcode", "http"))
RECOGNITION_API_URL = ""
if "http" in RECOGNITION:
    RECOGNITION_API_URL = env.outside(
        "RECOGNITION_API_URL", "https://vision.example/api", required=True
    )
RECOGNITION_API_TOKEN = env.text("RECOGNITION_API_TOKEN", "").strip()

# --- Background work -------------------------------------------------------------------------
CELERY_APP = "config.celery.app"
BROKERS = ("amqp", "amqps", "redis", "rediss", "filesystem", "memory")
CELERY_BROKER_URL = (
    env.service("CELERY_BROKER_URL", BROKERS) or REDIS_URL or "filesystem://localhost/"
)
# quorum: RabbitMQ keeps each message on a majority of its nodes.
CELERY_QUEUES = env.choice("CELERY_QUEUES", "classic", ("classic", "quorum"))
SWEEP_SECONDS = env.integer("SWEEP_SECONDS", 10, minimum=1)
WORK_LEASE_SECONDS = env.integer("WORK_LEASE_SECONDS", 30, minimum=1)

# --- People read their language, in their time -----------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
# The language of commands that have one: the terminal's (POSIX: the first of these that is set).
TERMINAL_LANGUAGE = env.text("LC_ALL", "") or env.text("LC_MESSAGES", "") or env.text("LANG", "")
LOCALE_PATHS = [BASE_DIR / "core" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "America/Bogota")

# --- Logs ------------------------------------------------------------------------------------
_log = env.log_options()
LOG_LEVEL, LOG_FORMAT = _log["level"], _log["form"]
LOGGING = logging_config(
    **_log,
    secrets=[
        SECRET_KEY,
        JWT_SIGNING_KEY,
        ADMIN_PASSWORD,
        BACKUP_KEY,
        TMDB_API_KEY,
        TMDB_ACCESS_TOKEN,
        RECOGNITION_API_TOKEN,
        vars().get("EMAIL_HOST_PASSWORD", ""),
        photos.secret(),
    ],
)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

# --- What operators see ------------------------------------------------------------------------
BUILD_VERSION = env.text("PLAZA_VERSION", "") or SPECTACULAR_SETTINGS["VERSION"]
BUILD_COMMIT = env.text("PLAZA_COMMIT", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.service("OTEL_EXPORTER_OTLP_ENDPOINT", ("http", "https"))
TRACES_SAMPLE_PERCENT = env.integer("TRACES_SAMPLE_PERCENT", 100, maximum=100)
if OTEL_EXPORTER_OTLP_ENDPOINT:
    if not env.installed("opentelemetry.exporter.otlp.proto.http"):
        env.refuse(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed."
            " Unset it, or install the category tracing of Pipfile (docs/observability.md)."
        )
    MIDDLEWARE.insert(
        MIDDLEWARE.index("core.middleware.RequestContextMiddleware") + 1,
        "core.ops.traces.TracingMiddleware",
    )

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = env.integer("ADMIN_SESSION_SECONDS", 12 * 3600, minimum=600)
ADMIN_IDLE_SECONDS = env.integer("ADMIN_IDLE_SECONDS", 3600, minimum=300)
SESSION_COOKIE_HTTPONLY = True
# The language that somebody chose in the admin's menu; the API hears Accept-Language alone.
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_PATH = "/admin/"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
UNFOLD = theme.UNFOLD
