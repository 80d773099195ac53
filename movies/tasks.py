"""Background work of the movies app: by id, safe twice (see core.jobs.work)."""

from celery import shared_task

from core.jobs.work import JobTask
from movies import services


@shared_task(base=JobTask)
def refresh_movie(*, pk: int, **_: object) -> None:
    """Read one movie's details from TMDB again."""
    services.refresh_movie(pk=pk)


@shared_task(base=JobTask)
def purge(**_: object) -> dict[str, int]:
    """Delete what nobody can ask for any more; return how much."""
    return services.purge()
