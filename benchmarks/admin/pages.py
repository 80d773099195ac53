"""All pages of the admin, found in its registry and by its addresses: none is named by hand.

Left out are those that take a POST, and those for who is not signed in. What is typed into a
search or a filter comes from a row that is there, and once from nowhere.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.test import RequestFactory
from django.urls import URLPattern, reverse

NOWHERE = "zzqqxx"
CHOICES = 3  # of each filter: the first, one in the middle, the last
EXPORT = "export_csv"
# Answered to a POST, or to strangers, or leading out of the admin.
NO_PAGES = {
    *("login", "logout", "set_language", "password_change_done", "admin_password_reset"),
    *("new_password", "view_on_site", "autocomplete", "app_list", "search"),
}
# What is typed into a filter for text whose name is no column of the list's rows.
TYPED = {"tag": "frescos", "missing": "SKU-5"}


class Address(NamedTuple):
    """A page: what it is, its address, and what a POST sends."""

    name: str
    path: str
    post: dict[str, Any] | None = None


def every_page(user: Any, days: tuple[str, str]) -> Iterator[Address]:
    """Yield every page as somebody sees it; ``days`` bound what is asked of ranges."""
    yield from of_the_site()
    for model, page in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label):  # noqa: SLF001 - Django offers no other way
        row = model._default_manager.order_by("pk").first()
        yield from of_list(page, row, user, days)
        yield from of_object(page, row)
        yield from of_choices(page)


def patterns(found: Any) -> Iterator[URLPattern]:
    """Yield the addresses below others."""
    for one in found:
        if isinstance(one, URLPattern):
            yield one
        else:
            yield from patterns(one.url_patterns)


def of_the_site() -> Iterator[Address]:
    """Yield the pages that are about no list, and those of each app."""
    models_pages = {
        pattern.name
        for page in admin.site._registry.values()  # noqa: SLF001 - Django offers no other way
        for pattern in patterns(page.get_urls())
    }
    for pattern in patterns(admin.site.get_urls()):
        name = pattern.name
        if not name or name in NO_PAGES or name in models_pages:
            continue
        if not pattern.pattern.converters and not pattern.pattern.regex.groups:
            yield Address(f"page: {name}", reverse(f"admin:{name}"))
    for label in sorted({model._meta.app_label for model in admin.site._registry}):  # noqa: SLF001 - Django offers no other way
        yield Address(f"page: app {label}", reverse("admin:app_list", args=[label]))


def named(page: Any) -> str:
    """Return what a list is called in the output: ``clinic.patient``."""
    return f"{page.opts.app_label}.{page.opts.model_name}"


def address_of(page: Any, what: str, *args: Any) -> str:
    """Return the address of one of a list's pages."""
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{what}", args=args)


def of_list(page: Any, row: Any, user: Any, days: tuple[str, str]) -> Iterator[Address]:
    """Yield a list as it opens, filtered, searched, sorted, its last page, and as CSV."""
    path, label = address_of(page, "changelist"), f"{named(page)}: list"
    yield Address(label, path)
    request = RequestFactory().get(path)
    request.user = user
    found = page.get_changelist_instance(request)
    for name, query in (
        *filters(found, row, days),
        *searches(page, row, user),
        *orders(found, page, request),
        ("last page", f"?p={found.paginator.num_pages}"),
    ):
        yield Address(f"{label}, {name}", path + query)
    if row is not None and EXPORT in page.get_actions(request):
        sent = {"action": EXPORT, "select_across": "1", "index": "0", ACTION_CHECKBOX_NAME: row.pk}
        yield Address(f"{named(page)}: CSV of all rows, first lines", path, sent)


def filters(found: Any, row: Any, days: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Yield some choices of each filter of a list."""
    for spec in found.filter_specs:
        choices = list(spec.choices(found))
        linked = [one for one in choices if "query_string" in one and not one.get("selected")]
        for place in sorted({0, len(linked) // 2, len(linked) - 1})[:CHOICES] if linked else ():
            yield f"{spec.title} = {linked[place]['display']}", linked[place]["query_string"]
        for one in choices:
            if "form" in one:
                yield from typed(spec, [*one["form"].fields], row, days)


def typed(
    spec: Any, names: list[str], row: Any, days: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what is typed into a filter: two days, or a text that is there and one that is not."""
    if len(names) > 1:
        yield f"{spec.title}, a range", "?" + urlencode(dict(zip(names, days, strict=False)))
        return
    for text in (TYPED.get(names[0]) or text_of(row, names[0]), NOWHERE):
        yield f"{spec.title} = {text}", "?" + urlencode({names[0]: text})


def text_of(row: Any, name: str) -> str:
    """Return what a row has below a name, or as a key below it; a word where it has nothing."""
    for attribute in (f"{name}_id", name):
        value = getattr(row, attribute, None)
        if value not in (None, ""):
            return str(value)
    return NOWHERE


def searches(page: Any, row: Any, user: Any) -> Iterator[tuple[str, str]]:
    """Yield searches that hit, one that does not, and one for an e-mail address."""
    if not page.search_fields:
        return
    hits = {found for path in page.search_fields if (found := searched(row, path.lstrip("=^@")))}
    for text in (*sorted(hits), NOWHERE, user.email):
        yield f"search {text}", "?" + urlencode({"q": text})


def searched(row: Any, path: str) -> str:
    """Return a text of a row that a search by this path finds: of a search key the last word."""
    value = row
    for name in path.split("__"):
        try:
            value = value if name in {"exact", "iexact"} else getattr(value, name, None)
        except (FieldDoesNotExist, models.ObjectDoesNotExist):
            return ""
    return str(value).split()[-1] if value not in (None, "") else ""


def orders(found: Any, page: Any, request: Any) -> Iterator[tuple[str, str]]:
    """Yield a list by each of its columns that it can be sorted by, both ways."""
    sortable = page.get_sortable_by(request)
    for number, column in enumerate(found.list_display):
        if column in sortable and found.get_ordering_field(column):
            yield f"by {column}", f"?o={number}"
            yield f"by {column}, descending", f"?o=-{number}"


def of_object(page: Any, row: Any) -> Iterator[Address]:
    """Yield all pages of a row, and those beside the list: to add, to import and the like."""
    for pattern in patterns(page.get_urls()):
        name = str(pattern.name or "")
        what = name.removeprefix(f"{page.opts.app_label}_{page.opts.model_name}_")
        asked = set(pattern.pattern.converters)
        if not name or what == "changelist":
            continue
        if not asked and not pattern.pattern.regex.groups:
            yield Address(f"{named(page)}: {what}", reverse(f"admin:{name}"))
        elif asked == {"object_id"} and row is not None:
            path = reverse(f"admin:{name}", args=[quote(row.pk)])
            yield Address(f"{named(page)}: a row, {what}", path)


def of_choices(page: Any) -> Iterator[Address]:
    """Yield the answers to who fills in a relation, before anything is typed and after."""
    path = reverse("admin:autocomplete")
    for field in page.autocomplete_fields:
        for text in ("", "1", NOWHERE):
            asked = {
                "app_label": page.opts.app_label,
                "model_name": page.opts.model_name,
                "field_name": field,
                "term": text,
            }
            yield Address(
                f"{named(page)}: choices of {field} for '{text}'", f"{path}?{urlencode(asked)}"
            )
