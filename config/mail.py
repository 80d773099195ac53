"""How mail leaves: ``EMAIL_URL`` as Django's settings."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config import env

BACKENDS = "django.core.mail.backends"
# Scheme, and the query that may say the same of smtp://, to Django's switch and the usual port.
ENCRYPTION = {"smtp": ("", 25), "smtp+tls": ("EMAIL_USE_TLS", 587), "smtps": ("EMAIL_USE_SSL", 465)}
QUERIES = {"tls": "smtp+tls", "ssl": "smtps"}
TIMEOUT_SECONDS = 10
EXAMPLES = "smtp+tls://user:password@host:587, smtps://…, console:// or file:///path"


def settings_of(name: str, url: str) -> dict[str, Any]:
    """Return the settings that variable ``name`` stands for; without a URL mail goes nowhere.

    A malformed one stops the process and is not quoted, as it may hold a password.
    """
    if not url:
        return {"EMAIL_BACKEND": f"{BACKENDS}.dummy.EmailBackend"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        env.refuse(f"{name} is no URL. Example: {EXAMPLES}.")
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{BACKENDS}.console.EmailBackend"}
    if parts.scheme == "file" and not parts.netloc:
        folder = Path(parts.path) if parts.path not in {"", "/"} else env.VAR_DIR / "mail"
        return {
            "EMAIL_BACKEND": f"{BACKENDS}.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(folder),
        }
    scheme = encryption_of(parts.scheme, parts.query)
    if scheme not in ENCRYPTION or not parts.hostname:
        env.refuse(f"{name} must be like one of {EXAMPLES}.")
    switch, usual = ENCRYPTION[scheme]
    return {
        "EMAIL_BACKEND": f"{BACKENDS}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or usual,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
        **({switch: True} if switch else {}),
    }


def encryption_of(scheme: str, query: str) -> str:
    """Return the scheme that says the same as ``smtp`` with a query; any other query means none."""
    if not query:
        return scheme
    (key, value), *more = parse_qsl(query, keep_blank_values=True) or [("", "")]
    means = scheme == "smtp" and not more and value.lower() in {"true", "1"}
    return QUERIES.get(key, "") if means else ""
