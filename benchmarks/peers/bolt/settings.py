"""The plain project's settings, served by django-bolt."""

from benchmarks.peers.drf.settings import *  # noqa: F403 - the same project

INSTALLED_APPS = [*INSTALLED_APPS, "django_bolt"]  # noqa: F405 - of the same project
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.peers.bolt.urls"
BOLT_API = ["benchmarks.peers.bolt.api:api"]
