"""Texts of a Spanish page that are still English, or are code's own words."""

import re
from functools import cache
from pathlib import Path

import django
from babel.messages.mofile import read_mo

from scripts.messages import CATALOG

ADMIN_CATALOG = Path(django.__file__).parent / "contrib/admin/locale/es/LC_MESSAGES/django.mo"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
# Spanish has none of these words.
ENGLISH = re.compile(
    r"(?<![\w-])(the|and|of|is|are|was|were|not|with|from|this|that|for|by|you|your|select|view|change"
    r"|delete|search|save|which|when|nothing|there|please|yes|row|rows|list|since)(?![\w-])",
    re.IGNORECASE,
)
CODE = re.compile(
    r"\b[a-z]+\.[A-Z][a-z]+\w*\b"  # a model: clinic.Patient
    r"|\b[a-z]+(_[a-z]+)+\b"  # a name: fetch_picture
    r"|\b(GET|POST|PUT|PATCH|DELETE) /"
    r"|\b(None|True|False|null|undefined|NaN)\b"
    r"|[\[{]['\"]|%\(\w+\)"  # a list, a placeholder
)
# The demo data's own: names of people and films, keys of kinds of shops. And the menu calls a
# language by its own name.
DATA = ("admin", "City of God", "The Matrix", "liquor_store", "school_shop", "English")
# What people read and what is read to them, but for what they typed in and what they copy.
TEXTS = """
    const skipped = "script, style, template, code, pre, textarea, .font-mono, "
        + ".material-symbols-outlined";
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const found = new Set([document.title]);
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest(skipped)) {
            found.add(walker.currentNode.textContent.replace(/\\s+/g, " ").trim());
        }
    }
    for (const name of ["aria-label", "placeholder", "alt"]) {
        document.querySelectorAll(`[${name}]`).forEach((one) => found.add(one.getAttribute(name)));
    }
    // A title beside a text may be what the journal keeps, word for word.
    document.querySelectorAll("[title]").forEach((one) => {
        if (!one.innerText.trim()) found.add(one.title);
    });
    return [...found].filter((text) => text);
"""


@cache
def english():
    """A pattern of every English text that has another one in Spanish."""
    pairs = set()
    for path in (CATALOG.with_suffix(".mo"), ADMIN_CATALOG):
        with path.open("rb") as file:
            for message in read_mo(file):
                ids, texts = message.id, message.string
                ids = ids if isinstance(ids, list | tuple) else (ids,)
                texts = texts if isinstance(texts, list | tuple) else (texts,)
                pairs |= {(one, text) for one in ids for text in texts if one and text}
    spanish = {text.casefold().strip() for _one, text in pairs}
    untranslated = {one.strip() for one, _text in pairs if one.casefold().strip() not in spanish}
    patterns = (
        ".+".join(re.escape(part) for part in PLACEHOLDER.split(one))
        for one in untranslated
        if re.search(r"[a-z]{3}", PLACEHOLDER.sub("", one))
    )
    return re.compile("|".join(patterns), re.IGNORECASE)


@cache
def fault_of(text):
    """What is wrong with a text; "" for nothing."""
    for one in DATA:
        text = text.replace(one, "")
    if english().fullmatch(text):
        return "not translated"
    if ENGLISH.search(text):
        return "English"
    return "code" if CODE.search(text) else ""


def faults(driver):
    """The texts of the page that no reader of Spanish should meet, each with what is wrong."""
    found = ((text, fault_of(text)) for text in driver.execute_script(TEXTS))
    return sorted(f"{fault}: {text[:120]}" for text, fault in found if fault)
