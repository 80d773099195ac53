"""Whether this node's clock is right: tokens, and every time that is written down, go by it."""

import dataclasses
import datetime as dt
import time

from django.db import InterfaceError, OperationalError, connection
from health_check.base import HealthCheck
from health_check.exceptions import HealthCheckException

from core.db import database_now
from core.patience import patience

ASKED_SECONDS = 1.0
MAX_OFF_SECONDS = 30.0  # as long as tokens are good after their end


class ClockOff(HealthCheckException):
    """The node's clock and the database's are too far apart."""


@dataclasses.dataclass
class Clock(HealthCheck):
    """This node's clock shows what the database's does, by which all nodes can be held."""

    timeout = dt.timedelta(seconds=2)

    def run(self) -> None:
        """Compare the two; the way to the database counts as nobody's fault."""
        asked_at = time.time()
        try:
            with patience(ASKED_SECONDS):
                theirs = database_now().timestamp()
        except (OperationalError, InterfaceError):
            connection.close()
            raise
        if asked_at - theirs > MAX_OFF_SECONDS:
            raise ClockOff(f"{asked_at - theirs:.0f} s ahead of the database's clock")
        if theirs - time.time() > MAX_OFF_SECONDS:
            raise ClockOff(f"{theirs - time.time():.0f} s behind the database's clock")
