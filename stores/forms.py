"""Forms of the admin."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from core.admin.forms import text_field
from core.errors import ApplicationError
from core.roles import Role
from core.text import email_key, name_key
from core.values import YEARS, business_day
from stores.constants import MAX_PORTFOLIO_PRODUCTS, SKU_LENGTH, State, VersionState
from stores.errors import CodeTaken, GtinTaken, SkuTaken, UnknownProduct, UnknownSeller
from stores.models import Assignment, Establishment, Portfolio, Product
from stores.values import gtin_key

MAX_LINE_ERRORS = 20
EMAIL_LENGTH = 254


def date_field(label: Any, **kwargs: Any) -> forms.DateField:
    """Return a day of the years that the API takes, too; the browser has a calendar for it."""
    bounds = [
        MinValueValidator(dt.date(YEARS[0], 1, 1)),
        MaxValueValidator(dt.date(YEARS[-1], 12, 31)),
    ]
    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget, validators=bounds, **kwargs)


def refuse_taken(
    form: forms.ModelForm, column: str, key: str, error: type[ApplicationError]
) -> None:
    """Refuse a key that another row has, as the service would, but beside its field.

    Raises:
        ValidationError: it is taken.
    """
    others = form._meta.model._default_manager.exclude(pk=form.instance.pk)
    if key and others.filter(**{column: key}).exists():
        raise forms.ValidationError(str(error.default_detail), code=error.default_code)


class ProductForm(forms.ModelForm):
    """A product; whether it is in use is an action's to say."""

    class Meta:
        model = Product
        fields = ("sku", "gtin", "name", "brand", "category", "is_competitor")

    def clean_sku(self) -> str:
        """Return the SKU, unless another product has it."""
        sku: str = self.cleaned_data["sku"]
        refuse_taken(self, "sku_key", name_key(sku), SkuTaken)
        return sku

    def clean_gtin(self) -> str:
        """Return the GTIN, unless another product has it."""
        gtin: str = self.cleaned_data["gtin"]
        refuse_taken(self, "gtin_key", gtin_key(gtin), GtinTaken)
        return gtin


class EstablishmentForm(forms.ModelForm):
    """An establishment; whether it is in use is an action's to say."""

    class Meta:
        model = Establishment
        fields = (
            "code",
            "name",
            "address",
            "city",
            "typology",
            "portfolio",
            "lat",
            "lon",
            "geofence_m",
        )

    def clean_code(self) -> str:
        """Return the code, unless another establishment has it."""
        code: str = self.cleaned_data["code"]
        refuse_taken(self, "code_key", name_key(code), CodeTaken)
        return code

    def clean(self) -> dict[str, Any]:
        """Take both parts of a position or none."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, other in (("lat", "lon"), ("lon", "lat")):
            if data.get(name) is None and data.get(other) is not None and name not in self.errors:
                self.add_error(name, gettext("A position has a latitude and a longitude."))
        return data


class AssignmentForm(forms.ModelForm):
    """Who visits an establishment, and when. Neither of them changes afterwards."""

    valid_from = date_field(_("From"))
    valid_until = date_field(_("Until"), required=False)

    class Meta:
        model = Assignment
        fields = ("seller", "establishment", "valid_from", "valid_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = business_day
        if "seller" in self.fields:
            self.fields["seller"].queryset = active_sellers()  # type: ignore[attr-defined]  # a choice of rows
        if "establishment" in self.fields:
            active = Establishment.objects.filter(state=State.ACTIVE)
            self.fields["establishment"].queryset = active  # type: ignore[attr-defined]  # a choice of rows

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("valid_from"), data.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", gettext("The end lies before the beginning."))
        return data


def active_sellers() -> Any:
    """Return those who can visit establishments."""
    return get_user_model()._default_manager.filter(role=Role.SELLER, is_active=True)


class ReassignForm(forms.Form):
    """From whom an establishment goes to whom, and when."""

    former = forms.ChoiceField(label=_("From"), widget=UnfoldAdminSelectWidget())
    to = text_field(_("To"), EMAIL_LENGTH, help_text=_("The e-mail address of an active seller."))
    on = date_field(_("On"), initial=business_day)

    def __init__(self, *args: Any, establishment: Establishment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Assignment.objects.active().filter(establishment=establishment)
        sellers = active.order_by("pk").values_list("seller_id", "seller__email")
        self.fields["former"].choices = list(sellers)  # type: ignore[attr-defined]  # a ChoiceField

    def clean_to(self) -> Any:
        """Return the seller whose address it is."""
        seller = active_sellers().filter(email=email_key(self.cleaned_data["to"])).first()
        if seller is None:
            raise forms.ValidationError(
                UnknownSeller.default_detail, code=UnknownSeller.default_code
            )
        return seller


class SkusField(forms.CharField):
    """SKUs of active products, one per line and each once; an error names its line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 20})
        longest = MAX_PORTFOLIO_PRODUCTS * (SKU_LENGTH + 2)
        super().__init__(required=False, strip=False, max_length=longest, widget=widget, **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Return the SKUs in their order."""
        lines = enumerate((super().clean(value) or "").splitlines(), start=1)
        listed = [(number, line.strip()) for number, line in lines if line.strip()]
        if len(listed) > MAX_PORTFOLIO_PRODUCTS:
            limit = MAX_PORTFOLIO_PRODUCTS
            text = ngettext("At most %d product.", "At most %d products.", limit)
            raise forms.ValidationError(text % limit, code="max_length")
        errors = line_errors([(number, name_key(sku)) for number, sku in listed])
        if errors:
            raise forms.ValidationError(errors[:MAX_LINE_ERRORS])
        return [sku for _number, sku in listed]


def line_errors(keys: list[tuple[int, str]]) -> list[str]:
    """Return what is wrong with lines of SKUs, given as number and key."""
    active = Product.objects.filter(state=State.ACTIVE, sku_key__in=[key for _line, key in keys])
    known = set(active.values_list("sku_key", flat=True))
    first: dict[str, int] = {}
    errors = []
    for line, key in keys:
        if key not in known:
            about = {"line": line, "reason": UnknownProduct.default_detail}
            errors.append(gettext("Line %(line)d: %(reason)s") % about)
        elif key in first:
            about = {"line": line, "first": first[key]}
            errors.append(gettext("Line %(line)d: this SKU is on line %(first)d, too.") % about)
        first.setdefault(key, line)
    return errors


class DraftForm(forms.Form):
    """What the next version of a portfolio is to say."""

    products = SkusField(label=_("Products"), help_text=_("One SKU per line."))
    valid_from = date_field(_("Valid from"), initial=business_day)


class CompareForm(forms.Form):
    """Two versions of a portfolio."""

    before = forms.ChoiceField(label=_("From"), widget=UnfoldAdminSelectWidget())
    after = forms.ChoiceField(label=_("To"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, portfolio: Portfolio, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = portfolio.versions.order_by("-number").values_list("number", "state")
        states = dict(VersionState.choices)
        choices = [(number, f"{number} ({states[state]})") for number, state in versions]
        for name in ("before", "after"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def add_prefix(self, field_name: str) -> str:
        """Call the fields in the address what the API calls them: ``?from=1&to=2``."""
        return {"before": "from", "after": "to"}.get(field_name, field_name)


class RetireForm(forms.Form):
    """When a published version ends."""

    on = date_field(_("Last day"), initial=business_day)


class RevisionForm(forms.Form):
    """One of a visit's revisions."""

    number = forms.ChoiceField(label=_("Revision"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, numbers: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].choices = [(number, number) for number in numbers]  # type: ignore[attr-defined]  # a ChoiceField
