"""What the containers run: every default that is only good for a laptop is refused here."""

import re

from config import env, mail
from config.settings import base
from config.settings.base import *  # noqa: F403 - an environment is the base plus what differs

PRODUCTION = True
INSECURE = ("change-me", "insecure", "secret", "only-for-tests")
for _name, _value in (("SECRET_KEY", base.SECRET_KEY), ("JWT_SIGNING_KEY", base.JWT_SIGNING_KEY)):
    if len(_value) < 32 or _value.lower().startswith(INSECURE):  # noqa: PLR2004 - 256 bits as text
        env.refuse(f"{_name} is missing, short or a default. Set at least 32 random characters.")
if env.flag("DEBUG", default=False):
    env.refuse("DEBUG is on. Unset it: production never shows tracebacks.")
_HOSTS = env.words("ALLOWED_HOSTS", [])  # without the default that suits one machine
if not _HOSTS or "*" in _HOSTS:
    env.refuse("ALLOWED_HOSTS is not set. Set the host names that clients use, comma-separated.")
for _name, _value in (
    ("DOG_API_URL", base.DOG_API_URL),
    ("DOG_PICTURES_URL", base.DOG_PICTURES_URL or "https://"),
    ("RELAY_API_URL", base.RELAY_API_URL),
    ("TMDB_API_URL", base.TMDB_API_URL),
):
    if not _value.startswith("https://"):
        env.refuse(f"{_name} is not https: the sandbox is a development tool. Set the real API.")

KEY_ENTRY = re.compile(r"[A-Za-z0-9._-]{1,32}:[A-Za-z0-9+/]{43}=")
LOCAL_KEY = base.LOCAL_CREDENTIALS_KEY.partition(":")[2]
if "allies" in base.PLATFORM_APPS and (
    not base.CREDENTIALS_KEYS
    or not all(KEY_ENTRY.fullmatch(entry) for entry in base.CREDENTIALS_KEYS)
    or any(entry.endswith(LOCAL_KEY) for entry in base.CREDENTIALS_KEYS)
):
    env.refuse(
        "CREDENTIALS_KEYS is missing, malformed or holds the local key."
        " Set id:base64 of 32 random bytes, the current key first."
    )

# No mail by default: a container's disk is no mailbox. Links need an address, with or without mail.
EMAIL_URL = env.text("EMAIL_URL", "")
MAIL_ENABLED = bool(EMAIL_URL)
vars().update(mail.settings_of("EMAIL_URL", EMAIL_URL))
PUBLIC_URL = base.PUBLIC_URL if env.text("PUBLIC_URL", "") else ""
if MAIL_ENABLED and not PUBLIC_URL and not base.PASSWORD_RESET_URL:
    env.refuse("PUBLIC_URL is not set, and EMAIL_URL is: mails with links need its address.")

STORAGES = {
    **base.STORAGES,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
HTTPS = env.flag("HTTPS", default=True)
SECURE_SSL_REDIRECT = False  # ASVS 4.1.2: an API refuses plain HTTP at the proxy, never redirects
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
