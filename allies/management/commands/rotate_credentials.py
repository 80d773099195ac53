"""``manage.py rotate_credentials``: wrap every data key by the current key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from allies.credentials import crypto, fingerprints, rotation
from allies.errors import CredentialsKeysInvalid, KeyChanged
from core import context


class Command(BaseCommand):
    help = (
        "Wraps the data key of every credential by the first key of CREDENTIALS_KEYS. Stop it when "
        "you like: the next run goes on with what is left. "
        "Example: manage.py rotate_credentials --batch 1000"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what is left")
        parser.add_argument(
            "--batch",
            type=int,
            default=rotation.BATCH_ROWS,
            help="rows per transaction (default 1000)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["batch"] <= 10_000:  # noqa: PLR2004 - parameters of one statement
            raise CommandError("--batch is a number from 1 to 10000.")
        current = self.current_key()
        left = rotation.what_is_left()
        found = self.complain()
        if options["dry_run"]:
            self.report(current, left)
            if found:
                raise CommandError("A key is another one: see above.")
            return
        try:
            fingerprints.claim(current)  # else rows of two keys would bear one id
        except KeyChanged as error:
            raise CommandError(f"Nothing was wrapped. {error}") from error
        with (
            context.acting_as(context.Actor("command", label="rotate_credentials")),
            tqdm(total=sum(left.values()), unit="row", disable=None, file=self.stderr) as bar,
        ):
            result = rotation.rotate(batch=options["batch"], progress=bar.update)
        self.stdout.write(f"{result.rewrapped} wrapped by key {current!r}.")
        self.report(current, result.left)
        for line in result.unreadable:
            self.stderr.write(line)
        if result.unreadable_count:
            raise CommandError(f"{result.unreadable_count} credentials could not be opened.")

    def current_key(self) -> str:
        """Return the id of the key that wraps, or stop."""
        try:
            return crypto.ring().current
        except CredentialsKeysInvalid as error:
            raise CommandError(str(error)) from error

    def complain(self) -> int:
        """Name the keys that are other ones than what sealed; return how many those are."""
        found = fingerprints.changed()
        for key_id, count in found.items():
            self.stderr.write(f"{KeyChanged(key_id, count)} {KeyChanged.hint}")
        return len(found)

    def report(self, current: str, left: dict[str, int]) -> None:
        """Say which keys are still needed."""
        for key_id, count in left.items():
            self.stdout.write(f"left: {count} wrapped by key {key_id!r}")
        if not left:
            self.stdout.write(f"left: 0. Every credential is wrapped by key {current!r}.")
