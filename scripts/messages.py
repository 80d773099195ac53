"""Collect, check and compile the translations without system gettext.

``python -m scripts.messages`` brings every text of the code and the templates into
``core/locale/es`` and compiles it; ``--check`` changes nothing and fails when a text is missing,
empty, fuzzy or not compiled. Example: ``make messages``.
"""

import argparse
import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import unfold
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from core import plugs

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", *plugs.REQUIRED_APPS, *plugs.every_optional_app())
# The admin's looks come without Spanish; of its extras we use the filters only.
UNFOLD = Path(unfold.__file__).parent
UNUSED = {"unfold_crispy", *(path.name for path in (UNFOLD / "contrib").iterdir())} - {"filters"}
CATALOG = ROOT / "core" / "locale" / "es" / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def sources() -> Iterator[tuple[str, str, str]]:
    """Yield path, babel's extractor and text of every file with texts for people.

    Django turns a template into loose calls of gettext among filler, which only the extractor of
    the most lenient language can read.
    """
    for folder in (*(ROOT / package for package in PACKAGES), UNFOLD):
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if {"tests", "migrations"} & set(parts) or (folder == UNFOLD and UNUSED & set(parts)):
                continue
            name = str(path.relative_to(folder.parent))
            if path.suffix == ".py":
                yield name, "python", path.read_text()
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                yield name, "javascript", templatize(path.read_text(), origin=name)


def said_by_django() -> set[str]:
    """Return the texts that Django itself has in Spanish."""
    texts = set()
    for path in Path(django.__file__).parent.rglob("locale/es/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            texts.update(str(message.id) for message in read_mo(file))
    return texts


def template() -> Catalog:
    """Return the catalogue of all texts, untranslated; of Unfold's those that Django lacks."""
    catalog = Catalog(project="Plaza", charset="utf-8")
    known = said_by_django()
    for name, method, text in sources():
        found = extract(method, io.BytesIO(text.encode()), keywords=KEYWORDS)
        for _line, message, _comments, context in found:
            if not (name.startswith("unfold/") and str(message) in known):
                catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def rendered(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return the .po and the .mo of a catalogue."""
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=100, omit_header=False, include_lineno=False, sort_output=True)
    write_mo(compiled, catalog)
    return text.getvalue(), compiled.getvalue()


def current() -> Catalog:
    """Return the Spanish catalogue as it stands."""
    if not CATALOG.exists():
        return Catalog(locale="es", project="Plaza", charset="utf-8")
    with CATALOG.open("rb") as file:
        return read_po(file, locale="es")


def hidden() -> list[str]:
    """Return where a text stands in an f-string: the extractor does not look into them."""
    return [
        f"in an f-string, which hides it: {name}:{call.lineno}"
        for name, method, text in sources()
        if method == "python" and not name.startswith("unfold/")
        for string in ast.walk(ast.parse(text))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in KEYWORDS
    ]


def problems(stored: Catalog, wanted: Catalog) -> list[str]:
    """Return what is not right with the stored catalogue."""
    found = hidden()
    for message in wanted:
        if not message.id:
            continue
        mine = stored.get(message.id, context=message.context)
        strings = (mine and mine.string) or []
        strings = [strings] if isinstance(strings, str) else list(strings)
        if mine is None or not strings or not all(strings):
            found.append(f"not translated: {message.id!r}")
        elif mine.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
    compiled = CATALOG.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != rendered(stored)[1]:
        found.append("not compiled: run `make messages`")
    return found


def main() -> None:
    """Update or check the Spanish catalogue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if not complete")
    options = parser.parse_args()
    stored, wanted = current(), template()
    if not options.check:
        stored.update(wanted, no_fuzzy_matching=True)
        stored.obsolete.clear()
        CATALOG.parent.mkdir(parents=True, exist_ok=True)
        text, compiled = rendered(stored)
        CATALOG.write_bytes(text)
        CATALOG.with_suffix(".mo").write_bytes(compiled)
    found = problems(stored, wanted)
    for line in found:
        print(line)  # noqa: T201 - a command line tool prints
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
