"""What runner and servers agree on: addresses, the database, the keys."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
DATABASE_URL = os.environ.get(
    "BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/plaza_bench"
)
HOST = "127.0.0.1"
PORTS = {
    "plaza": 9061,
    "fastapi": 9062,
    "flask": 9063,
    "drf": 9064,
    "limit": 9065,
    "kinto": 9066,
}
SIGNING_KEY = "benchmark-0123456789-0123456789-0123456789"  # signs tokens of made-up people only
AUDIENCE = ISSUER = "plaza"
TIME_ZONE = "America/Bogota"
PAGE_ROWS = 50
WORKERS = 2
THREADS = 8
CREDENTIALS_KEY = "bench:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def server_environment(database_url: str = DATABASE_URL) -> dict[str, str]:
    """Return the environment of every server: production, on the benchmark's database."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BENCH_DATABASE_URL": database_url,
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "RATE_LIMIT_PER_SECOND": "1000000",  # counted and never reached
        "CELERY_BROKER_URL": "memory://",
        "SECRET_KEY": SIGNING_KEY,
        "JWT_SIGNING_KEY": SIGNING_KEY,
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "CREDENTIALS_KEYS": CREDENTIALS_KEY,
        "DEBUG": "false",
        "DEMO_DATA": "false",
        "HTTPS": "false",
        "ADMIN_EMAIL": "",
        "ADMIN_PASSWORD": "",
        "TIME_ZONE": TIME_ZONE,
        "LOG_LEVEL": "INFO",
        "WEB_HOST": HOST,
        "WEB_WORKERS": str(WORKERS),
        "WEB_THREADS": str(THREADS),
        "ACCESS_TOKEN_SECONDS": "86400",
        "DOG_API_URL": "https://dog.invalid",
        "DOG_PICTURES_URL": "",
        "EMAIL_URL": "",
        "RELAY_API_URL": "https://relay.invalid",
        "TMDB_API_URL": "https://tmdb.invalid",
        "TMDB_API_KEY": "none",
    }
