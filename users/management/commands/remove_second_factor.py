"""The way back in for the only administrator, whose app and recovery codes are lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import context
from core.text import email_key
from users import services
from users.models import User


class Command(BaseCommand):
    help = (
        "Remove the second factor of a user and end their sessions."
        " Example: manage.py remove_second_factor ana@example.com"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the user's e-mail address, in any case")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        user = User.objects.filter(email=email_key(email)).first()
        if user is None:
            raise CommandError("No user has this e-mail address.")
        with context.acting_as(context.Actor("command", label="remove_second_factor")):
            removed = services.remove_second_factor(user=user, reason="manage.py")
        self.stdout.write("Removed." if removed else "There is none.")
