"""Phones that were in use yesterday: a session each, and what the last question brought.

``python -m benchmarks.day.people COUNT FILE`` with the server's environment: one JSON line a phone.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.utils import timezone  # noqa: E402 - after setup

from benchmarks.sync.data import FIRST_SELLER, STORES  # noqa: E402 - after setup
from stores.models import SyncSeen  # noqa: E402 - after setup
from users.auth.tokens import pair_of  # noqa: E402 - after setup
from users.models import Session, SessionKind, User  # noqa: E402 - after setup

KNOWN_STORES = 3  # of each seller's 40, to visit
PORTFOLIOS = """
SELECT e.id, e.lat, e.lon, p.id FROM stores_establishment AS e
JOIN stores_city AS c ON c.code = e.city_id JOIN stores_department AS d ON d.code = c.department_id
JOIN stores_portfolio AS p ON p.typology_id = e.typology_id AND p.region_id = d.region_id
WHERE e.id <= %s AND (e.id - 1) %% %s < %s
"""


def main(count: int, path: Path) -> None:
    """Write the file."""
    now = timezone.now()
    users = list(User.objects.filter(role="SELLER", pk__gte=FIRST_SELLER).order_by("pk")[:count])
    sessions = Session.objects.bulk_create(
        [
            Session(
                user=user,
                kind=SessionKind.API,
                created_at=now,
                rotated_at=now,
                expires_at=now + timedelta(days=1),
            )
            for user in users
        ],
        batch_size=1000,
    )
    stores: dict[int, list[tuple[int, float, float, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(PORTFOLIOS, [count * STORES, STORES, KNOWN_STORES])
        for key, lat, lon, portfolio in cursor.fetchall():
            stores.setdefault((key - 1) // STORES, []).append((key, lat, lon, portfolio))
    client = Client()
    with path.open("w") as file:
        for session in sessions:
            pair = pair_of(session)
            answer = client.get(
                "/api/sync", headers={"Host": "localhost", "Authorization": f"Bearer {pair.access}"}
            )
            news = answer.json()
            phone = {
                "seller": session.user_id,
                "access": pair.access,
                "refresh": pair.refresh,
                "tag": answer["ETag"],
                "epoch": news["epoch"],
                "seq": news["heads"]["visits"],
                "stores": stores[session.user_id - FIRST_SELLER],
            }
            file.write(json.dumps(phone, default=float) + "\n")
    # Seen yesterday: the first question of the day is noted again.
    SyncSeen.objects.update(last_pull_at=now - timedelta(days=1))


main(int(sys.argv[1]), Path(sys.argv[2]))
