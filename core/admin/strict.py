"""What the address or a form of an admin page may ask: Django's admin takes more than is good."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from core.text import UNSTORABLE, is_storable
from core.values import MAX_OFFSET, YEARS, parse_key, parse_uuid

# What the filters of a list put behind a column's name.
LOOKUPS = {"exact", "gte", "lt", "isnull", "isempty"}


def is_key(model: type[models.Model], text: str) -> bool:
    """Tell whether a row of ``model`` could have this key; Django's admin looks for any text."""
    key = model._meta.pk
    try:
        if isinstance(key, models.IntegerField):
            parse_key(text)
        elif isinstance(key, models.UUIDField):
            parse_uuid(text)
        else:
            key.clean(text, None)
    except (ValueError, ValidationError):
        return False
    return is_storable(text)


def is_comparable(field: Any, text: str) -> bool:
    """Tell whether every database can compare this column with what ``text`` spells.

    PostgreSQL knows no offset beyond 15:59, SQLite no time outside the years 1 to 9999. What
    spells nothing is Django's to refuse.
    """
    try:
        value = field.to_python(text)
    except ValidationError:
        return True
    if not isinstance(value, datetime):
        return True
    return value.year in YEARS and abs(value.utcoffset() or timedelta()) <= MAX_OFFSET


class Autocomplete(AutocompleteSelect):
    """A choice among many rows, which shows none for a text that can be no key."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        """Return the chosen options."""
        model = self.field.remote_field.model
        return super().optgroups(name, [key for key in value if is_key(model, str(key))], attr)


class StrictModelAdmin(UnfoldModelAdmin):
    """What every ModelAdmin reads of an address or a form."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the object, or None: for an address that spells its key in another way, too.

        An empty ``_to_field`` in the address is none.
        """
        if not from_field and not is_key(self.model, object_id):
            return None
        return super().get_object(request, object_id, from_field or None)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow what the list's filters ask: ``?password__startswith=`` would leak one."""
        offered = set()
        for item in self.get_list_filter(request):
            path = item[0] if isinstance(item, list | tuple) else item
            offered.add(str(getattr(path, "parameter_name", path)))
        name, _, asked = lookup.rpartition("__")
        if lookup not in offered and not (name in offered and asked in LOOKUPS):
            return False
        if asked in {"gte", "lt"} and not is_comparable(self.opts.get_field(name), value):
            return False
        return is_storable(value) and super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find rows; nothing holds a NUL, which PostgreSQL would refuse to look for."""
        return super().get_search_results(request, queryset, UNSTORABLE.sub(" ", search_term))

    def response_action(self, request: HttpRequest, queryset: models.QuerySet) -> Any:
        """Run an action on the chosen rows, or raise BadRequest when one can be no row."""
        if not all(is_key(self.model, key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest
        return super().response_action(request, queryset)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the form field of a relation."""
        if db_field.name in self.get_autocomplete_fields(request):
            widget = Autocomplete(db_field, self.admin_site, using=kwargs.get("using"))
            kwargs.setdefault("widget", widget)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
