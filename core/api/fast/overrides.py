"""Whether a class does what the kernel and DRF do, or overrides it."""

from functools import cache
from types import FunctionType
from typing import Any

DEFAULTS = ("rest_framework.", "core.api.")
# What `list` and `retrieve` are made of, and what the paginator has to do with them.
READS = {
    "list": ("list", "paginate_queryset", "get_paginated_response"),
    "retrieve": ("retrieve", "get_object", "get_object_from", "check_object_permissions"),
}


def overrides(owner: type, *names: str) -> bool:
    """Tell whether a class has one of these from elsewhere than the kernel or DRF."""
    for name in names:
        for one in owner.__mro__:
            if name in vars(one):
                # A function that drf-spectacular wraps to describe it still says whose it is.
                found = vars(one)[name]
                whose = found if isinstance(found, FunctionType) else one
                if not whose.__module__.startswith(DEFAULTS):
                    return True
                break
    return False


@cache
def overrides_read(view: type, action: str | None) -> bool:
    """Tell whether an action is anything but the ``list`` or ``retrieve`` of DRF."""
    names = READS.get(action or "")
    if names is None:
        return True
    pages: Any = getattr(view, "pagination_class", None) or object
    return overrides(view, "get_serializer", *names) or overrides(pages, "paginate_queryset")
