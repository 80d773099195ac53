"""Whether a class does what the kernel and DRF do, or something of its own."""

from functools import cache
from types import FunctionType
from typing import Any

OURS = ("rest_framework.", "core.api.")


def defined_here(owner: type, *names: str) -> bool:
    """Tell whether a class has these from the kernel or from DRF, and did not write its own."""
    for name in names:
        for one in owner.__mro__:
            if name in vars(one):
                # A function that drf-spectacular wraps to describe it still says whose it is.
                found = vars(one)[name]
                whose = found if isinstance(found, FunctionType) else one
                if not whose.__module__.startswith(OURS):
                    return False
                break
    return True


@cache
def is_stock(view: type, action: str | None) -> bool:
    """Tell whether a view's ``list`` or ``retrieve`` does what DRF's do, and no more."""
    names = {
        "list": ("list", "paginate_queryset", "get_paginated_response"),
        "retrieve": ("retrieve", "get_object", "check_object_permissions"),
    }.get(action or "")
    if names is None:
        return False
    pages: Any = getattr(view, "pagination_class", None) or object
    return defined_here(view, "get_serializer", *names) and defined_here(pages, "paginate_queryset")
