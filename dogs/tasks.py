"""Background work of the dog adoption app: by id, safe twice (see core.jobs.work)."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from core.jobs.work import JobTask
from dogs import retention, services


@shared_task(base=JobTask, title=_("finds a picture for a dog"))
def fetch_picture(*, pk: int, **_: object) -> None:
    """Find a picture for one dog."""
    services.fetch_picture(pk=pk)


@shared_task(base=JobTask, title=_("passes a file on"))
def relay_file(*, pk: str, **_: object) -> None:
    """Pass one file on to the relay."""
    services.relay_file(pk=pk)


@shared_task(base=JobTask, title=_("deletes files without a row"))
def remove_orphans(**_: object) -> int:
    """Delete stored files whose row never came."""
    return retention.remove_orphans()


@shared_task(base=JobTask, title=_("erases files that were kept long enough"))
def purge_files(**_: object) -> int:
    """Erase files that were kept long enough."""
    return retention.purge_files()
