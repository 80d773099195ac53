"""``manage.py bi_schema``: the views that analysts read, and the role that may read them."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction

from core import bi

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
REFUSED = (
    "The database refuses: {error}. Roles are made by whoever may: give them the output of"
    " manage.py bi_schema --sql."
)


class Command(BaseCommand):
    help = (
        "Makes the schema bi anew: views without personal data for Metabase, Grafana and the like,"
        " and the role plaza_reader that may read these only. Safe to repeat; run it after each"
        " upgrade. PostgreSQL only. Example: manage.py bi_schema --login grafana"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--login", metavar="NAME", help="also make a role that signs in")
        parser.add_argument("--drop", action="store_true", help="take the views away")
        parser.add_argument("--sql", action="store_true", help="print the SQL, and run nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        login = options["login"]
        if login is not None and not NAME.fullmatch(login):
            raise CommandError("--login: lower-case letters, digits and underscores.")
        statements = bi.drop() if options["drop"] else [*bi.make_reader(), *bi.make()]
        if login is not None:
            statements += bi.make_login(login)
        if options["sql"]:
            self.stdout.write("".join(f"{one};\n" for one in ["BEGIN", *statements, "COMMIT"]))
            return
        if connection.vendor != "postgresql":
            raise CommandError("The schema bi is for PostgreSQL; this is another database.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for one in statements:
                    cursor.execute(one)
        except ProgrammingError as error:
            raise CommandError(REFUSED.format(error=str(error).splitlines()[0])) from error
        done = "none" if options["drop"] else ", ".join(sorted(bi.views()))
        self.stdout.write(f"views in {bi.SCHEMA}: {done}")
