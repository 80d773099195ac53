"""Pluggable apps: what an optional app brings, and who is there.

An app is a plug or it is not there. ``PLATFORM_APPS`` decides which optional apps exist; their
URLs, tasks, beat entries, queues and demo data follow from their :class:`PluggableApp`.

Write ``from core import plugs`` in ``apps.py`` and derive from ``plugs.PluggableApp``. Importing
the class by name would leave two AppConfigs in the module, and Django would then silently ignore
both; the system check ``plugs.E001`` catches that.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from django.apps import AppConfig, apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

OPTIONAL_APPS = ("dogs", "clinic", "movies", "allies", "stores")


def every_optional_app() -> list[str]:
    """Return the names of the optional apps whose folder is here, in their usual order."""
    root = Path(__file__).resolve().parent.parent
    return [name for name in OPTIONAL_APPS if (root / name / "apps.py").is_file()]


class PluggableApp(AppConfig):
    """An app that the platform finds by itself.

    Besides the modules that Django knows, a plug may have: ``urls.py`` with ``urlpatterns``
    (mounted at ``/api/``) and ``root_urlpatterns`` (mounted at ``/``), ``tasks.py`` (Celery, in a
    queue named after the app), ``receivers.py`` (connected to :mod:`core.signals` at start-up),
    ``checks.py`` (system checks) and ``demo.py`` (``load()`` makes demo data, safe to repeat).
    """

    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {}

    def ready(self) -> None:
        """Connect the app's receivers and system checks."""
        for name in ("receivers", "checks"):
            self.part(name)

    def part(self, name: str) -> ModuleType | None:
        """Return the app's module ``name``, or None when the app has nothing to say there."""
        if self.module is None or not module_has_submodule(self.module, name):
            return None
        return import_module(f"{self.name}.{name}")


def enabled() -> Iterator[PluggableApp]:
    """Yield the plugs that run in this process, in the order of INSTALLED_APPS."""
    for config in apps.get_app_configs():
        if isinstance(config, PluggableApp):
            yield config


def api_patterns() -> list[URLPattern | URLResolver]:
    """Return the routes of every plug below ``/api/``."""
    parts = (plug.part("urls") for plug in enabled())
    return [path("", include(part.urlpatterns)) for part in parts if part is not None]


def root_patterns() -> list[URLPattern | URLResolver]:
    """Return the routes that plugs want at the root, outside ``/api/``."""
    parts = (plug.part("urls") for plug in enabled())
    return [route for part in parts for route in getattr(part, "root_urlpatterns", [])]


def task_packages() -> list[str]:
    """Return the packages whose ``tasks`` module a worker imports."""
    return [plug.name for plug in enabled() if plug.part("tasks") is not None]


def queues() -> list[str]:
    """Return the names of all queues: one per plug that has tasks."""
    return task_packages()


def route_task(name: str, *_: object, **__: object) -> dict[str, str]:
    """Send a task to the queue of the app that its name starts with (Celery router)."""
    return {"queue": name.partition(".")[0]}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the periodic tasks of every plug."""
    return {key: entry for plug in enabled() for key, entry in plug.beat_schedule.items()}
