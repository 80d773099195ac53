"""Work that is safe to lose a message of: the row is the job (rule 7).

A row that waits for work carries its own state: a status, the number of attempts and the time at
which it is due. Creating it queues a task after commit; a beat sweep queues again whatever is still
pending and due. So a message may be lost, doubled or late, and a broker may be away: the work is
done once, a little later.

Publishing happens on a background thread. A request never waits for the broker.
"""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Task
from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from core import context
from core.audit import journal
from core.db import database_now
from core.fields import CAUSE_LENGTH
from core.jobs import counts
from core.ops import traces
from core.ops.logging import redacted
from core.text import storable

logger = logging.getLogger("plaza.jobs")

PENDING = "pending"
LEASE = timedelta(seconds=settings.WORK_LEASE_SECONDS)
GRACE = timedelta(seconds=5)
FIRST_DELAY_SECONDS = 5
MAX_DELAY_SECONDS = 600
SWEEP_BATCH_ROWS = 1000
registry: list["Work"] = []


class JobTask(Task):
    """The base of every task: names itself as the actor and takes over request id and trace.

    ``title`` is what people call what it does, on pages about the journal.
    """

    title: Any = ""
    Request = "core.jobs.requests:Request"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task under the request that asked for it."""
        headers = self.request.headers or {}
        with (
            context.acting_as(
                context.Actor("task", label=self.name),
                request=kwargs.pop("request_id", ""),
                within=traces.taken(headers.get("traceparent", "")),
            ),
            traces.span("task", self.name),
            counts.running(self.name),
        ):
            return super().__call__(*args, **kwargs)


class Publisher:
    """Hands messages to the broker from a thread of its own, started when first used.

    A full backlog or a dead broker drops the message: the sweep finds the row.
    """

    def __init__(self, backlog: int = 10_000) -> None:
        self.messages: queue.Queue[tuple[str, dict[str, Any], str]] = queue.Queue(backlog)
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()

    def publish(self, task: str, arguments: dict[str, Any]) -> None:
        """Queue one message and return at once."""
        if self.thread is None or not self.thread.is_alive():
            with self.lock:
                if self.thread is None or not self.thread.is_alive():
                    self.thread = threading.Thread(target=self.run, name="publish", daemon=True)
                    self.thread.start()
        try:
            self.messages.put_nowait((task, arguments, context.trace.get()))
        except queue.Full:
            logger.warning("publish backlog full", extra={"task": task})

    def run(self) -> None:
        """Send messages for as long as the process lives."""
        app = import_string(settings.CELERY_APP)
        while True:
            task, arguments, within = self.messages.get()
            options = {"headers": {"traceparent": within}} if within else {}
            try:
                app.send_task(task, kwargs=arguments, retry=False, ignore_result=True, **options)
            except Exception as error:  # noqa: BLE001 - whatever a broker client raises, the row waits
                logger.warning("broker away", extra={"task": task, "error": str(error)[:200]})
            finally:
                self.messages.task_done()


publisher = Publisher()


def arguments_for(pk: Any, request_id: str = "") -> dict[str, Any]:
    """Return a message's arguments: the row's key as JSON has it, and who asked."""
    return {"pk": pk if isinstance(pk, int) else str(pk), "request_id": request_id}


class Work:
    """The work that waits in one model's rows.

    Arguments name the model's fields: ``status`` holds ``pending`` until the work is done or given
    up, ``attempts`` counts claims, ``due`` says when the next attempt may start. ``cause``, if the
    model has such a column, keeps why the latest attempt came to nothing. ``title`` is what people
    call the work; else it is called as the rows are.
    """

    def __init__(
        self,
        model: type[models.Model],
        *,
        task: str,
        status: str = "status",
        attempts: str = "attempts",
        due: str = "due_at",
        failed: str = "failed",
        cause: str = "",
        title: Any = "",
        max_attempts: int = 12,
        lease: timedelta = LEASE,
    ) -> None:
        self.model, self.task = model, task
        self.cause, self.title = cause, title or model._meta.verbose_name_plural
        self.status, self.attempts, self.due = status, attempts, due
        self.failed, self.max_attempts, self.lease = failed, max_attempts, lease
        registry.append(self)

    @property
    def rows(self) -> models.QuerySet:
        """Return all rows, whatever the model's default manager hides."""
        return self.model._base_manager.all()

    def queue(self, obj: models.Model) -> None:
        """Send the task for ``obj`` once its row is committed."""
        arguments = arguments_for(obj.pk, context.request_id.get())
        transaction.on_commit(lambda: publisher.publish(self.task, arguments))

    def claim(self, pk: Any) -> Any:
        """Return the row to work on, or None when it is done, gone or in another worker's hands.

        The claim is a lease: a worker that dies holds the row no longer than ``lease``, by the
        clock that all workers share.
        """
        now = database_now()
        taken = self.rows.filter(
            Q(pk=pk, **{self.status: PENDING, f"{self.due}__lte": now})
        ).update(**{self.due: now + self.lease, self.attempts: F(self.attempts) + 1})
        row: Any = self.rows.filter(pk=pk).first() if taken else None
        if row is not None and getattr(row, self.attempts) > self.max_attempts:
            self.give_up(row)  # its attempts ended without a word: they crash, or kill the worker
            return None
        return row

    def postpone(self, obj: Any, *, retry_after: float | None = None, cause: object = "") -> None:
        """Try ``obj`` again later, doubling the delay; give up after ``max_attempts``.

        ``cause`` says why; secrets in it are hidden, and what is too long is cut off.
        """
        self.note(obj, cause)
        attempts: int = getattr(obj, self.attempts)
        if attempts >= self.max_attempts:
            self.give_up(obj)
            return
        delay = max(
            retry_after or 0, min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), MAX_DELAY_SECONDS)
        )
        self.rows.filter(pk=obj.pk, **{self.status: PENDING}).update(
            **{self.due: database_now() + timedelta(seconds=delay)}
        )

    def wait(self, obj: Any, seconds: float, *, cause: object = "") -> None:
        """Try ``obj`` again after so long: nothing was tried, so the attempt does not count."""
        self.note(obj, cause)
        self.rows.filter(pk=obj.pk, **{self.status: PENDING}).update(
            **{
                self.due: database_now() + timedelta(seconds=max(seconds, FIRST_DELAY_SECONDS)),
                self.attempts: F(self.attempts) - 1,
            }
        )

    def note(self, obj: Any, cause: object) -> None:
        """Keep why an attempt came to nothing, if the model has a column for it."""
        if self.cause:
            text = storable(redacted(str(cause)), CAUSE_LENGTH)
            self.rows.filter(pk=obj.pk).update(**{self.cause: text})

    @transaction.atomic
    def give_up(self, obj: models.Model, *, reason: str = "given up") -> None:
        """Stop trying, and say so in the object's history."""
        pending = self.rows.filter(pk=obj.pk, **{self.status: PENDING})
        if pending.update(**{self.status: self.failed}):
            changes = {self.status: [PENDING, self.failed]}
            journal.record(journal.Action.CHANGE, obj, changes=changes, reason=reason)
            counts.GIVEN_UP.labels(self.task).inc()
            logger.error("work given up", extra={"task": self.task, "pk": str(obj.pk)})

    def restart(self, obj: Any) -> None:
        """Start over with ``obj``, also after it was given up."""
        fresh = {self.status: PENDING, self.attempts: 0, self.due: database_now()}
        if self.cause:
            fresh[self.cause] = ""
        self.rows.filter(pk=obj.pk).update(**fresh)
        self.queue(obj)

    @transaction.atomic
    def retry(self, pk: Any, *, reason: str) -> bool:
        """Start over with a row that waits or was given up; tell whether there was one.

        It is due now. The history has an entry if it was given up.
        """
        waiting = self.rows.filter(pk=pk, **{f"{self.status}__in": (PENDING, self.failed)})
        row: Any = waiting.select_for_update().first()
        if row is None:
            return False
        status = getattr(row, self.status)
        self.restart(row)
        if status != PENDING:
            changes = {self.status: [status, PENDING]}
            journal.record(journal.Action.CHANGE, row, changes=changes, reason=reason)
        return True

    def sweep(self, publish: Callable[[str, dict[str, Any]], None] | None = None) -> int:
        """Queue again what is pending and due; return how many rows that were."""
        send = publish or publisher.publish
        now = database_now()
        # The first message may still be on its way. Who tried before has died, or waited enough.
        is_late = Q(**{f"{self.attempts}__gt": 0}) | Q(**{f"{self.due}__lte": now - GRACE})
        waiting = (
            self.rows.filter(is_late, **{self.status: PENDING, f"{self.due}__lte": now})
            .order_by(self.due)
            .values_list("pk", flat=True)[:SWEEP_BATCH_ROWS]
        )
        count = 0
        for count, pk in enumerate(waiting, start=1):  # noqa: B007 - the last number is the answer
            send(self.task, arguments_for(pk))
        return count


def sweep_all() -> int:
    """Sweep every kind of work of the enabled apps; return how many rows were queued again."""
    return sum(work.sweep() for work in registry)
