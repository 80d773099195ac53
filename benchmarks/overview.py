"""The overview of the field at full size: ``python -m benchmarks.overview``.

It opens the page on the database that ``python -m benchmarks.figures`` left, for the country and
narrowed step by step, after counting the months of all 12,000 sellers (minutes, the first time).
"""

import os
import time

from benchmarks.figures import NAME, address, measure, say, show

PAGES = (
    "",
    "&region=centro",
    "&region=antioquia-eje&department=05&typology=minimarket",
    "&product=5",
)


def count() -> None:
    """Count what waits."""
    from django.db import connection

    from core.patience import patience
    from stores.figures import counting
    from stores.models import CoverageMonth, ProductDay, StoreMonth, Visit

    with patience(None), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        counting.count_days()
        counting.count_areas()
        counting.count_months()
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    models = (Visit, ProductDay, StoreMonth, CoverageMonth)
    say("rows:", *(f"{model.__name__} {model._default_manager.count()}" for model in models))


def main() -> None:
    """Count, open and print."""
    os.environ["DATABASE_URL"] = address(NAME)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    import django

    django.setup()
    from django.test import Client, override_settings

    from core.roles import Role
    from users.models import User

    count()
    manager = User.objects.create_user(f"manager{time.time()}@bench.invalid", "x", role=Role.ADMIN)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(manager)

    unanswered = 0

    def look(query: str):
        def get(_number: int) -> None:
            nonlocal unanswered
            answer = client.get(f"/admin/field/?from=2026-11-01&to=2026-11-30{query}")
            if answer.status_code != 200:
                raise SystemExit(answer.content)
            unanswered += answer.content.count(b"could not be counted")

        return get

    with override_settings(ALLOWED_HOSTS=["*"]):
        for query in PAGES:
            look(query)(0)
            show(query or "the country", measure(look(query), 10))
    say("parts that took longer than they may:", unanswered)


if __name__ == "__main__":
    main()
