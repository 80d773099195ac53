"""``manage.py demo``: demo data of every enabled app."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core import context, plugs


class Command(BaseCommand):
    help = (
        "Makes the demo data of every enabled app; running it again changes nothing. "
        "Example: manage.py demo --app dogs"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--app", action="append", help="only this app (repeatable)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not settings.DEMO_DATA:
            raise CommandError("Production has no demo data: its tokens are public.")
        with context.acting_as(context.Actor("command", label="demo")):
            for app in plugs.enabled():
                part = app.part("demo")
                if part is None or (options["app"] and app.label not in options["app"]):
                    continue
                with transaction.atomic():
                    self.stdout.write(f"{app.label}: {part.load()}")
