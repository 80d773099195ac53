"""The queue of background work, as any of the peers would use it."""

from celery import Celery

queue = Celery("peer", broker="memory://")
queue.conf.task_ignore_result = True


def fetch_picture(dog_id: int) -> None:
    """Queue the search for a dog's picture."""
    queue.send_task("dogs.tasks.fetch_picture", kwargs={"pk": dog_id}, queue="dogs")
