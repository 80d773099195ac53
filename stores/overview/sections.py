"""A part of the page: what it shows, or that its question got no answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from core.admin.cards import CARD_SECONDS
from core.db import time_limit

logger = logging.getLogger("plaza.admin")


@dataclass(slots=True)
class Section:
    """A part of the page. With ``failed`` it has nothing to show, and says so."""

    content: Any = None
    failed: bool = False


def section(name: str, build: Callable[[], Any]) -> Section:
    """Return a part of the page; one that fails or takes longer leaves the page standing."""
    try:
        with time_limit(CARD_SECONDS):
            return Section(build())
    except DatabaseError as error:
        logger.warning("card failed", extra={"card": name, "error": str(error)[:200]})
        return Section(failed=True)
