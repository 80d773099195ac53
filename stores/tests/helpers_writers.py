"""Writers and a polling phone at once, on whatever database is configured (A5).

Everything that a phone may see has a name of its own, so that a row that was rolled back is known
even where its key is given out again.
"""

import random
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from core.tests.helpers_threads import together
from stores import clock
from stores.constants import AssignmentState
from stores.models import Assignment, Establishment, Product
from stores.tests.factories import CityFactory, SellerFactory, TypologyFactory
from stores.tests.helpers_sync import pull_all
from users.auth.tokens import AccessToken
from users.tests.factories import SessionFactory

WRITERS = 8


class RolledBackError(Exception):
    """A writer changes its mind."""


def new_name() -> str:
    return uuid.uuid4().hex


class Writer:
    """Makes and changes rows of its own; every twentieth transaction is rolled back."""

    def __init__(self, number: int, seller: Any, city: Any, typology: Any) -> None:
        self.chance = random.Random(number)
        self.seller, self.city, self.typology = seller, city, typology
        self.is_of_products = bool(number % 2)
        self.committed: set[str] = set()
        self.rows: list[Any] = []

    def work(self, seconds: float) -> set[str]:
        """Write for so long and return the names that were ever committed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            name = new_name()
            with suppress(RolledBackError):
                with transaction.atomic():
                    row = self.write_product(name) if self.is_of_products else self.move(name)
                    if self.chance.random() < 0.05:
                        raise RolledBackError
                self.committed.add(name)
                self.rows.append(row)
        return self.committed

    def write_product(self, name: str) -> int:
        """Make a product, or give one another name; return its key."""
        if self.rows and self.chance.random() < 0.3:
            product = Product.objects.select_for_update().get(pk=self.chance.choice(self.rows))
        else:
            product = Product(sku=name)
        product.name = name
        product.save()
        clock.stamp(product)
        return product.pk

    def move(self, name: str) -> int:
        """Give the seller an establishment, rename one, take one away or give it back."""
        if not self.rows or self.chance.random() < 0.4:
            store = Establishment(
                code=name, name=name, address="Calle 1", city=self.city, typology=self.typology
            )
            store.save()
            clock.stamp(store, self.assign(store))
            return store.pk
        store = Establishment.objects.select_for_update().get(pk=self.chance.choice(self.rows))
        store.name = name
        store.save()
        active = Assignment.objects.active().filter(establishment=store).first()
        if active is None:
            clock.stamp(store, self.assign(store))
        elif self.chance.random() < 0.5:
            active.state = AssignmentState.ENDED
            active.save()
            clock.stamp(store, active)
        else:
            clock.stamp(store)
        return store.pk

    def assign(self, store: Establishment) -> Assignment:
        return Assignment.objects.create(
            seller=self.seller, establishment=store, valid_from=timezone.localdate()
        )


@dataclass
class Phone:
    """Copies what it pulls, as RxDB does."""

    client: APIClient
    checkpoints: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"products": {}, "establishments": {}}
    )
    seen: set[str] = field(default_factory=set)
    polls: int = 0

    def poll(self) -> None:
        """Pull both collections to their ends."""
        self.polls += 1
        for name, rows in self.rows.items():
            found, self.checkpoints[name] = pull_all(
                self.client, name, self.checkpoints.get(name), limit=20
            )
            for document in found:
                if document["_deleted"]:
                    rows.pop(document["id"], None)
                else:
                    rows[document["id"]] = document["name"]
                    self.seen.add(document["name"])

    def poll_until(self, done: threading.Event) -> None:
        """Pull until the writers are done, and once more."""
        while not done.is_set():
            self.poll()
        self.poll()


def race(seconds: float) -> dict[str, Any]:
    """Let eight writers and a phone run for so long; return what the phone has wrong."""
    seller, city, typology = SellerFactory(), CityFactory(), TypologyFactory()
    client = APIClient()
    token = AccessToken.of(SessionFactory(user=seller))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    phone, done = Phone(client), threading.Event()
    phone.poll()  # notes the phone: on SQLite that write would wait for its turn among the others
    left = threading.Semaphore(WRITERS - 1)

    def run(number: int) -> set[str]:
        if number == WRITERS:
            phone.poll_until(done)
            return set()
        try:
            return Writer(number, seller, city, typology).work(seconds)
        finally:
            if not left.acquire(blocking=False):  # the last one
                done.set()

    results = together(WRITERS + 1, run)
    failures = [str(result) for result in results if not isinstance(result, set)]
    committed = set().union(*(result for result in results if isinstance(result, set)))
    active = Establishment.objects.filter(assignments__state=AssignmentState.ACTIVE)
    truth = {
        "products": {str(pk): name for pk, name in Product.objects.values_list("pk", "name")},
        "establishments": {str(pk): name for pk, name in active.values_list("pk", "name")},
    }
    return {
        "failures": failures,
        "written": len(committed),
        "polls": phone.polls,
        "phantoms": sorted(phone.seen - committed),
        "wrong": {
            name: sorted(set(rows.items()) ^ set(phone.rows[name].items()))
            for name, rows in truth.items()
        },
        "rows": {name: len(rows) for name, rows in truth.items()},
    }
