"""A5: a polling phone loses nothing that writers commit at once, whenever they commit."""

import json
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.tests.helpers_threads import together
from stores import clock
from stores.models import Product, RejectedUpload
from stores.tests.factories import SellerFactory
from stores.tests.helpers_sync import pull_all
from stores.tests.helpers_writers import race

SECONDS = 5
RACE = """
import json
import logging
import django
django.setup()
from django.core.management import call_command
from django.test.utils import setup_test_environment
from stores.tests.helpers_writers import race
setup_test_environment()
logging.disable(logging.CRITICAL)
call_command("migrate", verbosity=0)
print(json.dumps(race(%d)))
"""


def assert_nothing_lost(found: dict[str, Any]) -> None:
    assert found["failures"] == []
    assert found["wrong"] == {"products": [], "establishments": []}
    assert found["phantoms"] == []
    assert min(found["rows"].values()) > 10, found
    assert found["written"] > 100, found
    assert found["polls"] > 3, found  # one before the writers begin, one after they are done


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a5_a_polling_phone_loses_nothing_on_postgresql():
    assert_nothing_lost(race(SECONDS))


@pytest.mark.long
def test_a5_a_polling_phone_loses_nothing_on_sqlite(boot, tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "SECRET_KEY": "x" * 50,
        "PLATFORM_APPS": "stores",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'plaza.sqlite3'}",
        "VAR_DIR": str(tmp_path),
    }
    done = boot(RACE % SECONDS, environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert_nothing_lost(json.loads(done.stdout.splitlines()[-1]))


class Held:
    """Two transactions, of which the first to write is the last to commit, if it may."""

    def __init__(self) -> None:
        self.first_wrote, self.first_may_commit = threading.Event(), threading.Event()
        self.second_committed = threading.Event()

    def run(self, first: Any, second: Any, read: Any) -> list[Any]:
        """Run both, read while the first is open and again when all is committed."""

        def begin(number: int) -> Any:
            if number == 0:
                with transaction.atomic():
                    made = first()
                    self.first_wrote.set()
                    assert self.first_may_commit.wait(20)
                return made
            assert self.first_wrote.wait(20)
            if number == 1:
                with transaction.atomic():
                    made = second()
                self.second_committed.set()
                return made
            self.second_committed.wait(1)  # in vain where it waits for the first one's clock
            seen = [read()]
            self.first_may_commit.set()
            assert self.second_committed.wait(20)
            return seen

        made_first, made_second, seen = together(3, begin)
        return [made_first, made_second, [*seen, read()]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a5_control_who_reads_by_time_loses_the_row_that_is_committed_late():
    seller = SellerFactory()
    cursor = [timezone.now()]

    def write(digest: str) -> int:
        now = timezone.now()
        row = RejectedUpload.objects.create(seller=seller, digest=digest, raw="{}", received_at=now)
        return row.pk

    def read() -> list[int]:
        rows = RejectedUpload.objects.filter(received_at__gt=cursor[0]).order_by("received_at")
        found = list(rows.values_list("pk", "received_at"))
        if found:
            cursor[0] = found[-1][1]
        return [pk for pk, _ in found]

    first, second, seen = Held().run(lambda: write("first"), lambda: write("second"), read)
    assert seen == [[second], []], "the first one is in the table and was never read"
    assert set(RejectedUpload.objects.values_list("pk", flat=True)) == {first, second}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a5_the_same_two_transactions_lose_nothing_by_the_clock(client_for):
    phone = client_for(SellerFactory())
    clock.reading()  # sets it going
    checkpoint: list[Any] = [None]

    def write(name: str) -> int:
        product = Product(sku=name, name=name)
        product.save(force_insert=True)
        clock.stamp(product)
        return product.pk

    def read() -> list[int]:
        documents, checkpoint[0] = pull_all(phone, "products", checkpoint[0])
        connection.close()
        return [int(document["id"]) for document in documents]

    first, second, seen = Held().run(lambda: write("first"), lambda: write("second"), read)
    assert seen == [[], [first, second]], "the second one waited: it became visible after the first"
