"""``manage.py ensure_admin``: the first administrator, from the environment."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core import context
from users import services
from users.errors import EmailTaken


class Command(BaseCommand):
    help = (
        "Makes the administrator that ADMIN_EMAIL and ADMIN_PASSWORD name, unless an active one "
        "exists. Safe to run in every replica at once."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        given = {name: getattr(settings, name) for name in ("ADMIN_EMAIL", "ADMIN_PASSWORD")}
        if not any(given.values()):
            return
        for name, value in given.items():
            if not value:
                self.stdout.write(f"administrator: none made, {name} is not set")
                return
        with context.acting_as(context.Actor("command", label="ensure_admin")):
            try:
                user = services.ensure_admin()
            except ValidationError as error:
                faults = error.message_dict.items()
                text = "; ".join(f"{name}: {' '.join(words)}" for name, words in faults)
                raise CommandError(text) from error
            except EmailTaken as error:
                raise CommandError("ADMIN_EMAIL belongs to a user without the role.") from error
        if user is not None:
            self.stdout.write(f"administrator {user.email} made")
        else:
            self.stdout.write(
                "administrator: none made from ADMIN_EMAIL, an active one exists already"
                " (another: manage.py createsuperuser)"
            )
