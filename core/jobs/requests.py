"""How a worker's first process hears that a run ended without a word."""

from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.worker import request

from core.jobs import counts

# Billiard reports a killed process by the first of these that it notices.
_LOST = (WorkerLostError, SystemExit, KeyboardInterrupt)


class Request(request.Request):
    """Counts what core.jobs.counts cannot: its process is gone."""

    def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
        """Count a run that was lost or over its time limit, then do as Celery does."""
        error = getattr(exc_info.exception, "exc", exc_info.exception)  # billiard may wrap it
        for outcome, kinds in (("lost", _LOST), ("late", TimeLimitExceeded)):
            if isinstance(error, kinds):
                counts.RUNS.labels(self.name, outcome).inc()
        return super().on_failure(exc_info, *args, **kwargs)
