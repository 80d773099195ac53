"""``manage.py refresh_keys``: keys of names, addresses and words, after rows came by SQL."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from core.keys import Refresh, key_fields


class Command(BaseCommand):
    help = (
        "Writes the columns by which rows are unique and found (name_key, email_key, search_key) "
        "where they are not what they should be: after rows were written by SQL, or under a "
        "former version. Rows whose key is another row's stay, and each is named. Running it again "
        "is fine. Example: manage.py refresh_keys allies.Ally"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("models", nargs="*", help="such as dogs.Dog; all without any")

    def handle(self, *_args: Any, models: list[str], **_options: Any) -> None:
        known = {model._meta.label: model for model in apps.get_models() if key_fields(model)}
        if unknown := sorted({*models} - known.keys()):
            choices = ", ".join(known)
            raise CommandError(f"No keys in {', '.join(unknown)}. Choose from {choices}.")
        for label in models or known:
            count = Refresh(known[label], report=self.stdout.write).run()
            self.stdout.write(f"{label}: {count} keys written")
