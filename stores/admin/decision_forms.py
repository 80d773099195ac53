"""The forms on which support says what an unrecognised product is."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget

from core.admin.forms import REASON_LENGTH, text_field
from core.admin.strict import Autocomplete
from core.validators import plain_text
from stores.constants import NAME_LENGTH, Resolution, State
from stores.models import Product, UnrecognisedGroup


def product_field(**kwargs: Any) -> forms.ModelChoiceField:
    """Return a choice among the products in use, by a search."""
    column = UnrecognisedGroup._meta.get_field("product")
    widget = Autocomplete(column, admin.site, attrs={"class": "w-full"})
    rows = Product.objects.filter(state=State.ACTIVE)
    return forms.ModelChoiceField(rows, label=_("Product"), widget=widget, **kwargs)


class DecisionForm(forms.Form):
    """Base: a decision says why. It is one about a case, so it names no other one."""

    reason = text_field(
        _("Reason"),
        REASON_LENGTH,
        validators=[plain_text],
        help_text=_("The sellers read it on their phones."),
    )

    field_order: Any = None


class AliasForm(DecisionForm):
    """Which product it is, and why."""

    product = product_field()

    field_order = ("product", "reason")

    @property
    def values(self) -> dict[str, Any]:
        """Return what the resolution takes (``core.cases.Resolution``)."""
        return {"product": self.cleaned_data["product"].pk}


class RecogniseForm(DecisionForm):
    """What it is, and why."""

    resolution = forms.ChoiceField(
        label=_("It is"), choices=Resolution, widget=UnfoldAdminRadioSelectWidget()
    )
    product = product_field(required=False)
    name = text_field(
        _("Name of the new product"), NAME_LENGTH, required=False, validators=[plain_text]
    )

    field_order = ("resolution", "product", "name", "reason")

    def clean(self) -> dict[str, Any]:
        """Want what the resolution takes, and leave out what it does not."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        resolution = data.get("resolution")
        if resolution == Resolution.ALIAS_OF:
            if data.get("product") is None and "product" not in self.errors:
                self.add_error("product", gettext("Choose the product that it is."))
        else:
            data["product"] = None
        if resolution == Resolution.NEW_PRODUCT and not data.get("name"):
            self.add_error("name", gettext("A new product has a name."))
        return data

    @property
    def values(self) -> dict[str, Any]:
        """Return what the resolution takes (``core.cases.Resolution``)."""
        resolution = self.cleaned_data["resolution"]
        if resolution == Resolution.ALIAS_OF:
            return {"product": self.cleaned_data["product"].pk}
        if resolution == Resolution.NEW_PRODUCT:
            return {"name": self.cleaned_data["name"]}
        return {}
