"""The cache in tests: locmem, or a Redis that several processes share."""

from django.core.cache import cache


def forget_cache() -> None:
    """Empty this process's cache; flushing Redis would take the other processes' keys too."""
    delete_pattern = getattr(cache, "delete_pattern", None)
    if delete_pattern is None:
        cache.clear()
    else:
        delete_pattern("*")
