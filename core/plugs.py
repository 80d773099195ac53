"""Pluggable apps: what an optional app brings, and who is there.

A plugin app is there or it is not. A folder of the repository with an ``apps.py`` is an app;
``PLATFORM_APPS`` decides which of the optional ones run; their URLs, tasks, beat entries, queues
and demo data follow from their :class:`PluggableApp`. Nobody keeps a list of their names.

Write ``from core import plugs`` in ``apps.py`` and derive from ``plugs.PluggableApp``. Importing
the class by name would leave two AppConfigs in the module, and Django would then silently ignore
both; the system check ``plugs.E001`` catches that.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from django.apps import AppConfig, apps
from django.urls import URLPattern, URLResolver
from django.utils.functional import cached_property
from django.utils.module_loading import module_has_submodule

from core import segments

ROOT = Path(__file__).resolve().parent.parent
REQUIRED_APPS = ("core", "users")


def folders_with(file: str) -> list[str]:
    """Return the names, in alphabetical order, of the importable folders that have ``file``."""
    names = {path.parent.name for path in ROOT.glob(f"*/{file}")}
    return sorted(filter(str.isidentifier, names))


def every_optional_app() -> list[str]:
    """Return the names of the optional apps whose folder is here, in alphabetical order."""
    return [name for name in folders_with("apps.py") if name not in REQUIRED_APPS]


def objection(names: Sequence[str]) -> str:
    """Return why ``names`` cannot be PLATFORM_APPS, as one sentence, or an empty text.

    A folder with models and without ``apps.py`` is an objection whatever the names are: it was
    meant to be an app, and would be silently absent.
    """
    optional, every = every_optional_app(), folders_with("apps.py")
    for name in names:
        if not name:
            return f"PLATFORM_APPS has an empty name: {','.join(names)!r}."
        if names.count(name) > 1:
            return f"PLATFORM_APPS names {name!r} {names.count(name)} times."
        if name.isidentifier() and name not in every and (ROOT / name).is_dir():
            return f"PLATFORM_APPS names {name!r}, a folder without apps.py."
        if name not in optional:
            known = ", ".join(optional) or "none"
            return f"PLATFORM_APPS names {name!r}, which is no app here. Known: {known}."
    for name in folders_with("models.py"):
        if name not in every:
            return f"The folder {name!r} has models.py but no apps.py, so it would be no app."
    return ""


class PluggableApp(AppConfig):
    """An app that the platform finds by itself.

    Besides the modules that Django knows, a plugin app may have: ``urls.py`` with ``urlpatterns``
    (mounted at ``/api/``) and ``root_urlpatterns`` (mounted at ``/``), ``tasks.py`` (Celery, in a
    queue named after the app), ``receivers.py`` (connected to :mod:`core.signals` at start-up),
    ``checks.py`` (system checks), ``health.py`` (``CHECKS`` that ``/health/ready`` reports),
    ``case_kinds.py`` and ``case_keeper.py`` (support cases, :mod:`core.cases`), ``cards.py`` (what
    the admin's home page and menu show, :mod:`core.admin.cards` and :mod:`core.admin.pages`),
    ``finders.py`` (what the admin's search finds, :mod:`core.admin.search`), ``panels.py`` (what it
    has about an object, on the object's page in the admin, :mod:`core.admin.panels`), ``words.py``
    (what its lines of the journal are called, :mod:`core.admin.words`),
    ``metrics.py`` (``collect()`` yields what ``/metrics`` says of the app's rows),
    ``reference.py`` (``load()`` writes what the app cannot do without, at every start) and
    ``demo.py`` (``load()`` makes demo data); both are safe to repeat.
    """

    beat_schedule: ClassVar[dict[str, dict[str, Any]]] = {}
    # Names in the contract of choices whose fields are called alike, with their dotted paths.
    enum_names: ClassVar[dict[str, str]] = {}
    # Beginnings of paths that are limited per token only: their callers share addresses.
    limited_by_token: ClassVar[tuple[str, ...]] = ()
    # Beginnings of paths that take larger bodies of one media type, with their most bytes.
    body_limits: ClassVar[dict[str, tuple[str, int]]] = {}

    def ready(self) -> None:
        """Connect the app's receivers and system checks."""
        for name in ("receivers", "checks"):
            self.part(name)

    def part(self, name: str) -> ModuleType | None:
        """Return the app's module ``name``, or None when the app has nothing to say there."""
        if name not in self.parts:
            there = self.module is not None and module_has_submodule(self.module, name)
            self.parts[name] = import_module(f"{self.name}.{name}") if there else None
        return self.parts[name]

    @cached_property
    def parts(self) -> dict[str, ModuleType | None]:
        """Return the modules that were asked for: the disk is looked at once for each."""
        return {}


def enabled() -> Iterator[PluggableApp]:
    """Yield the plugin apps that run in this process, in the order of INSTALLED_APPS."""
    for config in apps.get_app_configs():
        if isinstance(config, PluggableApp):
            yield config


def api_patterns() -> list[URLPattern | URLResolver]:
    """Return the routes of every plugin app below ``/api/``."""
    parts = (app.part("urls") for app in enabled())
    return [segments.mount(part.urlpatterns) for part in parts if part is not None]


def root_patterns() -> list[URLPattern | URLResolver]:
    """Return the routes that plugin apps want at the root, outside ``/api/``."""
    parts = (app.part("urls") for app in enabled())
    return [route for part in parts for route in getattr(part, "root_urlpatterns", [])]


def task_packages() -> list[str]:
    """Return the packages whose ``tasks`` module a worker imports."""
    return [app.name for app in enabled() if app.part("tasks") is not None]


def queues() -> list[str]:
    """Return the names of all queues: one per plugin app that has tasks."""
    return task_packages()


def route_task(name: str, *_: object, **__: object) -> dict[str, str]:
    """Send a task to the queue of the app that its name starts with (Celery router)."""
    return {"queue": name.partition(".")[0]}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the periodic tasks of every plugin app."""
    return {key: entry for app in enabled() for key, entry in app.beat_schedule.items()}


def paths_limited_by_token() -> tuple[str, ...]:
    """Return the beginnings of paths whose callers are limited per token, not per address."""
    return tuple(path for app in enabled() for path in app.limited_by_token)


def body_limits() -> list[tuple[str, str, int]]:
    """Return where larger bodies are taken: beginning of the path, media type, most bytes."""
    return [(path, *limit) for app in enabled() for path, limit in app.body_limits.items()]
