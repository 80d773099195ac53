"""Django's cache for a catalogue's answers: one that is away makes them slower, never wrong."""

import logging
from typing import Any

from django.core.cache import cache

logger = logging.getLogger("plaza.catalog")


def get(key: str) -> Any:
    """Return what is kept under ``key``; None when that is nothing, or the cache is away."""
    try:
        return cache.get(f"movies:{key}")
    except Exception as error:  # noqa: BLE001 - each cache backend raises its own
        logger.warning("movies_without_cache", extra={"cause": type(error).__name__})
        return None


def put(key: str, value: Any, seconds: float) -> None:
    """Keep ``value`` under ``key`` for so long, if the cache is there."""
    try:
        cache.set(f"movies:{key}", value, seconds)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("movies_without_cache", extra={"cause": type(error).__name__})
