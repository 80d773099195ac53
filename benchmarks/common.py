"""What runner and servers agree on: addresses, the database, the keys."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
DATABASE_URL = os.environ.get(
    "BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/plaza_bench"
)
REDIS_URL = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/15")
HOST = "127.0.0.1"
BARE = "_bare"  # how the name of a peer ends that leaves the promises out
PORTS = {
    "plaza": 9061,
    "fastapi": 9062,
    "fastapi_bare": 9067,
    "flask": 9063,
    "flask_bare": 9068,
    "drf": 9064,
    "drf_bare": 9069,
    "limit": 9065,
    "limit_bare": 9070,
    "litestar": 9071,
    "litestar_bare": 9072,
    "bolt_bare": 9073,
    "kinto": 9066,
}
# Whether the peer in this process keeps what Plaza promises beside the answers (peers/promises.py).
KEEPS_PROMISES = os.environ.get("BENCH_PROMISES", "1") == "1"
SIGNING_KEY = "benchmark-0123456789-0123456789-0123456789"  # signs tokens of made-up people only
AUDIENCE = ISSUER = "plaza"
TIME_ZONE = "America/Bogota"
PAGE_ROWS = 50
MAX_PAGE_ROWS = 200
SHOWN_STUDIES = 50  # of a patient, the newest
WORKERS = 2
THREADS = 4  # of each worker: together as many as wrk has connections
POOL_SIZE = 8  # of each worker without threads: however wrk's connections fall to them
CREDENTIALS_KEY = "bench:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def server_environment(database_url: str = DATABASE_URL) -> dict[str, str]:
    """Return the environment of every server: production, on the benchmark's database."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BENCH_DATABASE_URL": database_url,
        "DATABASE_URL": database_url,
        "REDIS_URL": REDIS_URL,
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
