"""Background work of the movies app: by id, safe twice (see core.jobs.work)."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from core.jobs.work import JobTask
from movies import services, translations


@shared_task(base=JobTask, title=_("reads a movie again"))
def refresh_movie(*, pk: int, **_: object) -> None:
    """Read one movie's details from TMDB again."""
    services.refresh_movie(pk=pk)


@shared_task(base=JobTask, title=_("deletes copies of movies that nobody needs"))
def purge(**_: object) -> dict[str, int]:
    """Delete what nobody can ask for any more; return how much."""
    return services.purge()


@shared_task(base=JobTask, title=_("reads movies in another language"))
def read_in_language(*, movie_ids: list[int], language: str, **_: object) -> int:
    """Read movies in a language for the lists that show them; return how many came."""
    return translations.read(movie_ids=movie_ids, language=language)
