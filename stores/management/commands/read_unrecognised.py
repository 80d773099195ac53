"""``manage.py read_unrecognised``: what phones could not name in visits of before."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from core import context
from stores.services import older_items


class Command(BaseCommand):
    help = (
        "Reads what phones could not name out of visits that were stored before items were kept,"
        " and lets open groups resolve themselves whose name is a product's by now. Stopped in"
        " between, it goes on; twice changes nothing."
        " Example: manage.py read_unrecognised --dry-run"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, but write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        sellers = older_items.sellers()
        visits = items = known = 0
        with context.acting_as(context.Actor("command", label="read_unrecognised")):
            for seller in tqdm(sellers, unit="seller", disable=None, file=sys.stderr):
                found = older_items.read_seller(seller_id=seller, dry_run=dry_run)
                visits, items = visits + found.visits, items + found.items
            if not dry_run:
                known = older_items.mark_known()
        if dry_run:
            self.stdout.write("Dry run, nothing was written.")
        self.stdout.write(f"visits {visits}, items {items}, groups known by now {known}")
