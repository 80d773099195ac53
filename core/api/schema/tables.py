"""The words of an app's ``contract.py``: what the contract says that no rule knows.

A view names its table as ``resource``; an app's ``FIELDS`` says what fields and parameters mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import APIException


@dataclass(frozen=True, slots=True)
class Operation:
    """One action of a view, as far as the rules of :mod:`core.api.schema.operations` do not do.

    ``name`` is the operation's id, in camel case; the summary is made of it. ``description`` takes
    the place of the handler's docstring. ``errors`` are the domain's own refusals. ``example`` is a
    body that is accepted, ``headers`` are names of :data:`core.api.schema.headers.HEADERS`.
    ``untagged`` answers have no entity tag: they are shown once, or nothing else shows the same.
    """

    name: str = ""
    summary: str = ""
    description: str = ""
    errors: tuple[type[APIException], ...] = ()
    example: Any = None
    headers: tuple[str, ...] = ()
    token_is_optional: bool = False
    untagged: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """What a view is about: the noun in names and texts, and the actions that say more.

    ``parameters`` are the descriptions of those in the address, with an example of each.
    """

    noun: str
    operations: Mapping[str, Operation] = field(default_factory=dict)
    parameters: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    plural: str = ""
    one: str = ""

    @property
    def many(self) -> str:
        """Return the noun in the plural."""
        if self.plural:
            return self.plural
        if self.noun.endswith("y"):
            return f"{self.noun[:-1]}ies"
        return f"{self.noun}s"

    @property
    def a(self) -> str:
        """Return the noun with its article."""
        return self.one or f"{'an' if self.noun[:1] in 'aeiou' else 'a'} {self.noun}"


def camel(words: str) -> str:
    """Return words as one name: ``adopted dog`` is ``AdoptedDog``."""
    return "".join(word[:1].upper() + word[1:] for word in words.replace("_", " ").split())
