"""The WSGI application that gunicorn serves."""

import os
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.urls import reverse

from config import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")  # noqa: TID251 - Django reads its settings' name from here


class Request(WSGIRequest):
    """A request whose malformed ``Content-Type`` is an unknown one: 415, not a traceback."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Parse the header; Django lets the errors of bogus parameters escape (RFC 2231, 8187)."""
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # the stubs leave it out
        except (ValueError, TypeError):  # TypeError: "x; a*=b; a*0=c"
            self.content_type, self.content_params = "", {}
            meta["CONTENT_TYPE"] = "application/octet-stream"


class Handler(WSGIHandler):
    """Django's handler with our request."""

    request_class = Request


django.setup(set_prefix=False)

import config.celery  # noqa: E402, F401 - after setup; else each worker's first message pays for it
from core.ops.start import refuse_lost_timeouts  # noqa: E402 - after setup
from users.checks import refuse_demo_credentials  # noqa: E402 - after setup

refuse_lost_timeouts()
try:
    refuse_demo_credentials()
except ImproperlyConfigured as error:
    env.refuse(str(error))
application = Handler()
# All views and routes, before workers are forked: else the first requests of each load them, for
# 0.6 s of processor time, while others wait behind.
reverse("health-live")
