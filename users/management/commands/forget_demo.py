"""``manage.py forget_demo``: take the public credentials of the demo data away."""

from typing import Any

from django.core.management.base import BaseCommand

from core import context
from users import services


class Command(BaseCommand):
    help = "Revokes the demo tokens and blocks the demo password. Running it again is fine."

    def handle(self, *_args: Any, **_options: Any) -> None:
        with context.acting_as(context.Actor("command", label="forget_demo")):
            users = services.forget_demo()
        self.stdout.write(f"{users} demo users without credentials")
