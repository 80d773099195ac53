"""What somebody filtered, searched and ordered a list by, kept under a name: a link above the list.

A view is a list's address without its page. It is its owner's; ADMIN may show one to whoever has a
role. What people search for may be somebody's name or address, so a view that others see keeps no
search, and a list whose looks are recorded keeps none at all. The journal says that a view was
made, never what is in it.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin.filters import AttentionFilter
from core.admin.forms import text_field
from core.audit import journal
from core.models import SavedView
from core.roles import STAFF, Role
from core.text import is_storable, name_key
from core.validators import plain_text

MAX_VIEWS = 20  # of one person and list
PLACES = {ALL_VAR, ERROR_FLAG, IS_FACETS_VAR, IS_POPUP_VAR, PAGE_VAR, TO_FIELD_VAR}
NAMES: dict[str, Any] = {
    AttentionFilter.parameter_name: AttentionFilter.title,
    ORDER_VAR: _("order"),
    SEARCH_VAR: _("search"),
}

NOTHING = _("There is no filter and no order in it that could be kept.")

type_pairs = list[tuple[str, str]]


class ViewForm(forms.Form):
    """What a view is called, and who sees it; of a new one, what the list's address says."""

    name = text_field(_("Name"), SavedView.NAME_LENGTH, validators=[plain_text])
    shared_with = forms.ChoiceField(
        label=_("Who else sees it"),
        required=False,
        choices=[("", _("nobody")), *((role.value, role.label) for role in STAFF)],
        widget=UnfoldAdminSelectWidget,
        help_text=_("What others see keeps filters and order, and no search text."),
    )
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, view: SavedView, page: Any, by: Any, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.view, self.page = view, page
        if not may_share(by):
            del self.fields["shared_with"]
        if view.pk is not None:
            del self.fields["query"]

    def clean(self) -> dict[str, Any]:
        """Refuse a name that there is already, a view too many, and one of nothing, or too much."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        is_shared = bool(data.get("shared_with", self.view.shared_with))
        data["query"] = query_of(self.page, data.get("query", self.view.query), is_shared=is_shared)
        if not data["query"]:
            raise forms.ValidationError(NOTHING, code="nothing")
        if len(data["query"]) > SavedView.QUERY_LENGTH:
            raise forms.ValidationError(_("This is too long to be kept."), code="max_length")
        others = SavedView.objects.filter(owner_id=self.view.owner_id, model=self.view.model)
        others = others.exclude(pk=self.view.pk)
        if "name" in data and others.filter(name_key=name_key(data["name"])).exists():
            self.add_error("name", _("There is a view of this name already."))
        if self.view.pk is None and others.count() >= MAX_VIEWS:
            text = gettext("You have %(most)d views of this list: remove one first.")
            raise forms.ValidationError(text % {"most": MAX_VIEWS}, code="too_many")
        return data


def pairs_of(query: QueryDict | str, *, without: Iterable[str] = ()) -> type_pairs:
    """Return what an address says of a list, in one order: filters, search and order."""
    given = QueryDict(query) if isinstance(query, str) else query
    return sorted(
        (name, value)
        for name, values in given.lists()
        if name not in PLACES and name not in without
        for value in values
        if value and is_storable(name + value)
    )


def query_of(page: Any, asked: QueryDict | str, *, is_shared: bool = False) -> str:
    """Return what a view keeps of an address of the list of a ModelAdmin."""
    drops_search = is_shared or getattr(page, "has_looks", False)
    return urlencode(pairs_of(asked, without=[SEARCH_VAR] if drops_search else []))


def called(name: str, model: type[models.Model]) -> str:
    """Return what people call a filter, also one that is no more."""
    if name in NAMES:
        return str(NAMES[name])
    column, _mark, _lookup = name.partition("__")
    try:
        field = model._meta.get_field(column)
    except FieldDoesNotExist:
        return column.replace("_", " ")
    return str(getattr(field, "verbose_name", column))


def may_share(user: Any) -> bool:
    """Tell whether somebody may show views to others."""
    return getattr(user, "role", "") == Role.ADMIN


def seen_by(user: Any, model: str) -> models.QuerySet[SavedView]:
    """Return somebody's views of a list, and those that they are shown."""
    shown = models.Q(owner_id=user.pk) | models.Q(shared_with=user.role)
    return SavedView.objects.filter(shown, model=model).order_by("name_key", "pk")


def changed_by(user: Any, model: str) -> models.QuerySet[SavedView]:
    """Return the views of a list that somebody may change.

    ADMIN may change whatever is shared: who shared it may have left.
    """
    own = models.Q(owner_id=user.pk)
    if may_share(user):
        own |= ~models.Q(shared_with="")
    return SavedView.objects.filter(own, model=model).order_by("name_key", "pk")


def store(view: SavedView, data: dict[str, Any]) -> None:
    """Write a view, with an entry that says nothing of what is in it."""
    before = journal.snapshot(view)
    view.name, view.query = data["name"], data["query"]
    view.shared_with = data.get("shared_with", view.shared_with)
    if view.pk is None:
        view.save()
        journal.record(journal.Action.CREATE, view, changes=journal.initial(view))
    elif changes := journal.save_changes(view, before):
        journal.record(journal.Action.CHANGE, view, changes=changes)


def remove(view: SavedView) -> None:
    """Remove a view."""
    journal.record(journal.Action.DELETE, view)
    view.delete()
