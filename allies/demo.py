"""Demo data: 300 made-up allies, always the same ones, the brief's two among them."""

import random

from django.utils.translation import gettext_noop as noop

from allies import services
from allies.models import Ally
from core.audit import journal

ALLY_COUNT = 300
YOUNG_WOLF = "0d4f7a40-651d-44fb-8744-04d9b31ef844"
NEW_ALLY = "1f585fc9-4926-468c-a728-eb34d80e9ea1"
FIRST = ("Brave", "Calm", "Clever", "Gentle", "Golden", "Happy", "Lucky", "Quick", "Silver", "Wise")
SECOND = ("Bear", "Condor", "Fox", "Heron", "Jaguar", "Lynx", "Otter", "Puma", "Tapir", "Toucan")
TAGS = (
    "alimentos",
    "deportes",
    "finanzas",
    "hogar",
    "mascotas",
    "moda",
    "movilidad",
    "salud",
    "tecnologia",
    "viajes",
)
WITH_CREDENTIALS_COUNT = 20


def made_up(number: int, chance: random.Random) -> Ally:
    """Return one ally that is always the same for its number."""
    key = f"{chance.getrandbits(128):032x}"
    smallest = chance.randrange(1, 11) * 10_000
    return Ally(
        id="-".join((key[:8], key[8:12], f"4{key[13:16]}", f"8{key[17:20]}", key[20:])),
        name=f"{chance.choice(FIRST)}-{chance.choice(SECOND)}-{number}",
        brand_owner=f"{chance.choice(SECOND)} S.A.S.",
        tags=sorted(chance.sample(TAGS, chance.randrange(1, 5))),
        discount=chance.randrange(0, 31),
        min_amount=smallest,
        max_amount=smallest * chance.randrange(10, 101),
        allowed_origins=[f"https://store-{number}.example.com"],
    )


def everybody() -> list[Ally]:
    """Return the demo's allies."""
    chance = random.Random(20231010)
    known = [
        Ally(
            id=YOUNG_WOLF,
            name="Young-Wolf",
            brand_owner="Wolf S.A.S.",
            tags=["finanzas", "movilidad", "tecnologia"],
            discount=10,
            min_amount=50_000,
            max_amount=2_000_000,
            allowed_origins=["https://wolf.example.com"],
        ),
        Ally(
            id=NEW_ALLY,
            name="New-Owl",
            brand_owner="Owl S.A.S.",
            tags=["moda"],
            discount=5,
            min_amount=20_000,
            max_amount=1_000_000,
            allowed_origins=["https://owl.example.com"],
        ),
    ]
    return [*known, *(made_up(number, chance) for number in range(1, ALLY_COUNT - len(known) + 1))]


def load() -> str:
    """Make the demo's allies, unless there are allies already."""
    if Ally.objects.exists():
        return "allies are here already"
    allies = Ally.objects.bulk_create(everybody())
    journal.record_many(
        journal.entry(
            journal.Action.CREATE,
            ally,
            changes=journal.initial(ally),
            reason=noop("demo data"),
        )
        for ally in allies
    )
    for ally in allies[2 : 2 + WITH_CREDENTIALS_COUNT]:
        services.add_credentials(
            ally_id=ally.pk, user=f"demo_{ally.name.lower()}", password=f"demo-{ally.pk}"
        )
    return f"{len(allies)} allies, {WITH_CREDENTIALS_COUNT} of them with credentials"
