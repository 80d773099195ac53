"""The Celery application: a queue per app, work acknowledged after it is done.

The row is the job (core.jobs.work): a lost message costs time until the next sweep, never work.
"""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import (
    after_task_publish,
    beat_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_ready,
)
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

from config import env, metrics

WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", 0, maximum=65535)
if WORKER_METRICS_PORT and "worker" in sys.argv:
    metrics.share(f"worker-{WORKER_METRICS_PORT}")  # its first process adds up what they count

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")  # noqa: TID251 - Django reads its settings' name from here

import django  # noqa: E402 - prometheus-client, which it brings, reads what was just set

django.setup()

from django.conf import settings  # noqa: E402 - after setup
from django.utils.log import configure_logging  # noqa: E402 - after setup

from core import plugs  # noqa: E402 - after setup
from core.ops import exposition, heartbeat, traces  # noqa: E402 - after setup
from core.ops.start import refuse_lost_timeouts  # noqa: E402 - after setup

TRANSPORT_ALIASES["filesystem"] = "core.jobs.broker:Transport"
app = Celery("plaza")


def transport_options() -> dict[str, Any]:
    """Return what the broker at hand needs to neither lose nor delay a message."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder = settings.VAR_DIR / "broker"
        for name in ("messages", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.2,
        }
    if settings.CELERY_BROKER_URL.startswith("redis"):
        return {"visibility_timeout": 600, "socket_connect_timeout": 1, "socket_timeout": 5}
    return {"confirm_publish": True}


def queue_arguments() -> dict[str, str]:
    """Return what RabbitMQ shall make of a queue; Celery leaves out what such a one refuses."""
    return {"x-queue-type": "quorum"} if settings.CELERY_QUEUES == "quorum" else {}


app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_transport_options=transport_options(),
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=1,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=60,
    task_soft_time_limit=50,
    task_serializer="json",
    accept_content=["json"],
    timezone=settings.TIME_ZONE,
    task_default_queue="core",
    # Each with a routing key of its own: Celery would give all the default one, and every message
    # would arrive once per queue.
    task_queues=[
        Queue(name, Exchange(name), routing_key=name, queue_arguments=queue_arguments())
        for name in plugs.queues()
    ],
    task_routes=[plugs.route_task],
    beat_schedule=plugs.beat_schedule(),
    # Without a file, which a crash or a full disk may cut off: an interval counts from the start.
    beat_scheduler="celery.beat:Scheduler",
)
app.autodiscover_tasks(plugs.task_packages)


worker_init.connect(refuse_lost_timeouts)


@setup_logging.connect  # Celery would otherwise install its own handlers
def use_our_logging(**_: object) -> None:
    """Log as the web processes do."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_init.connect
@worker_process_init.connect
def begin_traces(**_: object) -> None:
    """Send spans, where they are asked for: from here with threads, else from each process."""
    traces.start("worker")


@worker_ready.connect
def show_metrics(**_: object) -> None:
    """Answer Prometheus once the pool has its processes: a fork would copy the thread's locks."""
    if WORKER_METRICS_PORT:
        exposition.serve(env.text("WEB_HOST", "127.0.0.1"), WORKER_METRICS_PORT)


@beat_init.connect
def touch_heartbeat(**_: object) -> None:
    """Let whoever watches beat see when it last sent something: a hung beat looks alive."""
    sign = settings.VAR_DIR / "beat-alive"

    def show(**_: object) -> None:
        sign.touch()
        heartbeat.show(heartbeat.BEAT)

    after_task_publish.connect(show, weak=False)
