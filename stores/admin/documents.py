"""What pages show of phones' documents: as text that people read and no browser runs."""

import json
from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from core.errors import ApplicationError
from core.text import is_storable
from core.values import INT64_MAX
from stores.constants import Flag
from stores.errors import NotProcessable
from stores.models import Product

MAX_SHOWN_PRODUCTS = 100
MAX_SHOWN_CHARACTERS = 100_000
MAX_CELL_CHARACTERS = 500


def clipped(text: str, limit: int) -> str:
    """Return a text, or its beginning."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def preformatted(text: str) -> SafeString:
    """Return a text from outside as it is, escaped."""
    return format_html(
        '<pre class="whitespace-pre-wrap break-words text-xs">{}</pre>',
        clipped(text, MAX_SHOWN_CHARACTERS),
    )


def as_json(value: Any, **kwargs: Any) -> str:
    """Return a value of a document as people read it; what is no text stays an escape."""
    text = json.dumps(value, ensure_ascii=False, **kwargs)
    return text if is_storable(text) else json.dumps(value, **kwargs)


def document_of(doc: str) -> dict[str, Any]:
    """Return a phone's document; of one that cannot be read, nothing."""
    try:
        found = json.loads(doc)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def flag_labels(flags: Sequence[str]) -> list[str]:
    """Return flags as people read them."""
    labels = dict(Flag.choices)
    return [str(labels.get(flag, flag)) for flag in flags]


def product_list(keys: Sequence[int]) -> str | SafeString:
    """Return the first of some products by name; a key that no product has, too."""
    shown = keys[:MAX_SHOWN_PRODUCTS]
    possible = [key for key in shown if 0 < key <= INT64_MAX]
    found = Product.objects.in_bulk(possible) if possible else {}
    rows = [(str(found.get(key) or gettext("unknown: %s") % key),) for key in shown]
    if more := len(keys) - len(shown):
        rows.append((ngettext("and %d more", "and %d more", more) % more,))
    return format_html_join("", "{}<br>", rows)


def differences(before: str, after: str) -> list[tuple[str, str, str]]:
    """Return the fields that two documents spell otherwise, each with both values."""
    old, new = document_of(before), document_of(after)
    return [
        (name, cell(old, name), cell(new, name))
        for name in dict.fromkeys([*old, *new])
        if name not in old or name not in new or old[name] != new[name]
    ]


def cell(document: dict[str, Any], name: str) -> str:
    """Return a field of a document as a table shows it."""
    return clipped(as_json(document[name]), MAX_CELL_CHARACTERS) if name in document else "—"


def words_of(error: ApplicationError) -> str:
    """Return a refusal as people read it, with what is still wrong."""
    if not isinstance(error, NotProcessable):
        return str(error.detail)
    return f"{error.detail} {problem_text(error.extra['errors'])}"


def problem_text(problems: Sequence[Any]) -> str:
    """Return problems on one line."""
    return ", ".join(f"{one.get('field', '')}: {one.get('code', '')}" for one in problems)
