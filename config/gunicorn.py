"""How gunicorn serves: `gunicorn -c config/gunicorn.py` reads everything else from here.

The numbers come from measurements: docs/adr/0012-gunicorn.md.
"""

import json
import os
import select
import sys
import uuid
from pathlib import Path
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]  # it has no types

from config import env, metrics
from core.ops.logging import logging_config


def cpus() -> int:
    """Return the processors that this process may use: affinity, then the container's quota."""
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass  # no control group, or "max"
    return count


# argon2 fills 46 MiB for each sign-in: 24 ms of processor time in pages of 2 MB, 42 ms in 4 KB.
# glibc reads this when a process starts, so gunicorn starts once more, with the same process id.
_TUNABLES = "GLIBC_TUNABLES"
if Path(sys.argv[0]).name == "gunicorn" and _TUNABLES not in os.environ:  # noqa: TID251 - glibc reads it from there
    os.environ[_TUNABLES] = "glibc.malloc.hugetlb=1"  # noqa: TID251 - see above
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own command line, without a shell

# --- Who listens, with how many hands --------------------------------------------------------
wsgi_app = "config.wsgi:application"
bind = f"{env.text('WEB_HOST', '127.0.0.1')}:{env.integer('PORT', 9050, minimum=1)}"
workers = env.integer("WEB_WORKERS", 0) or min(cpus(), 8)
threads = env.integer("WEB_THREADS", 8, minimum=1)
# Its threads wait for requests themselves where the kernel has epoll.
worker_class = "config.epoll_worker.EpollWorker" if hasattr(select, "epoll") else "gthread"
backlog = 512
preload_app = True  # the workers share the code's memory, and start in milliseconds

# --- How long anything may take --------------------------------------------------------------
timeout = 30
graceful_timeout = env.integer("WEB_GRACE_SECONDS", 20, minimum=1)
keepalive = 75  # longer than nginx keeps its side (60 s), so that nginx closes first
max_requests = 20_000  # what leaks is given back now and then,
max_requests_jitter = 4_000  # and not by all workers at once

# --- What a request may look like (nginx refuses the same before) ------------------------------
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
forwarded_allow_ips = ",".join(env.words("TRUSTED_PROXIES", [])) or "127.0.0.1,::1"
# X-Forwarded-Ssl, X-Forwarded-Protocol and their like say nothing here: two that disagree are
# gunicorn's reason to refuse a request.
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""  # nobody in front of us moves our paths by a SCRIPT_NAME header
http_parser = "auto"  # the C parser where gunicorn_h1c is installed

# --- What it says ----------------------------------------------------------------------------
accesslog = None  # core.middleware writes the one line per request
logconfig_dict = logging_config(**env.log_options())

# --- Where it writes -------------------------------------------------------------------------
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its heartbeat files there; a disk may block
control_socket_disable = True  # one per home directory, and several nodes share one

metrics.share(bind.rpartition(":")[2])


_FRONT_ENDS = env.words("CORS_ALLOWED_ORIGINS", [])


def write_problem(sock: Any, status: int, reason: str, _message: str) -> None:
    """Answer what is no request that Django could see as nginx does: a problem document, too."""
    code = {414: "uri_too_long", 500: "internal_error"}.get(status, "bad_request")
    request_id = uuid.uuid4().hex
    body = json.dumps(
        {
            "type": f"/docs/problems/{code}",
            "title": reason,
            "status": status,
            "detail": reason,
            "instance": "",
            "code": code,
            "request_id": request_id,
        }
    )
    head = (
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {request_id}",
        # Its Origin was not read yet: any page may read that the request was refused.
        *(["Access-Control-Allow-Origin: *"] if _FRONT_ENDS else []),
    )
    util.write_nonblock(sock, "\r\n".join([*head, "", body]).encode())


util.write_error = write_problem


def post_fork(server: Any, worker: Any) -> None:
    """Give the worker connections of its own: an inherited socket would be shared."""
    del server, worker
    from django.core.cache import caches  # noqa: PLC0415 - the configuration is read before Django
    from django.db import connections  # noqa: PLC0415 - see above

    for connection in connections.all(initialized_only=True):
        connection.inc_thread_sharing()
        connection.close()
    caches.close_all()
    from core.ops import traces  # noqa: PLC0415 - see above

    traces.start("web")


def child_exit(server: Any, worker: Any) -> None:
    """Drop the gauges of a worker that is gone; its counters stay in the sum."""
    del server
    from prometheus_client import multiprocess  # noqa: PLC0415 - its folder is set first

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # untyped there
