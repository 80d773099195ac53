"""Forms of pages that do a job: whatever is changed by hand says why, and because of which case."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from unfold import forms as unfold_forms
from unfold.widgets import UnfoldAdminTextInputWidget

from core import cases, context
from core.validators import plain_text

REASON_LENGTH = 500
CASE = "case"  # the field's name; no model's form may call one of its own so
CASE_LENGTH = 64


def text_field(label: Any, length: int, **kwargs: Any) -> forms.CharField:
    """Return a line of text."""
    widget = kwargs.pop("widget", UnfoldAdminTextInputWidget())
    return forms.CharField(label=label, max_length=length, widget=widget, **kwargs)


def number_field(label: Any, maximum: int, **kwargs: Any) -> forms.IntegerField:
    """Return a whole number from 1 on."""
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"})
    return forms.IntegerField(label=label, min_value=1, max_value=maximum, widget=widget, **kwargs)


class SuggestionWidget(UnfoldAdminTextInputWidget):
    """A text input that suggests what ``suggest`` returns (a ``datalist``: no script needed)."""

    template_name = "core/admin/suggestions.html"

    def __init__(self, suggest: Callable[[], Iterable[str]], attrs: Any = None) -> None:
        self.suggest = suggest
        super().__init__(attrs)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Name the list and what it suggests."""
        found = super().get_context(name, value, attrs)
        list_id = f"{found['widget']['attrs'].get('id', name)}_suggestions"
        found["widget"]["attrs"]["list"] = list_id
        return {**found, "list_id": list_id, "suggestions": self.suggest()}


class CaseField(forms.CharField):
    """The number of a case that is not over; what follows it in a suggestion is left out."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Case"))
        widget = SuggestionWidget(cases.suggestions, kwargs.pop("attrs", {"autocomplete": "off"}))
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the case's id, or None where none is named."""
        text = super().clean(value)
        if not text:
            return None
        case_id = cases.open_case(text.split()[0][:CASE_LENGTH])
        if case_id is None:
            raise forms.ValidationError(_("No open case has this number."), code="case_not_open")
        return case_id

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell that no column of a row is changed by it."""
        return False


class NamesCase(forms.BaseForm):
    """Mixin of forms with a field ``case``: tells the page's action which one, and nothing else.

    The field is there where an app keeps cases; services are never given it.
    """

    tells_reason = True  # False where a reason may say what not everybody with cases may read

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if cases.keeper() is None:
            self.fields.pop(CASE, None)

    def full_clean(self) -> None:
        """Validate, then take the case out of the data."""
        super().full_clean()
        data = getattr(self, "cleaned_data", {})
        case_id, admin_action = data.pop(CASE, None), context.admin_action.get()
        if admin_action is not None and case_id is not None and not self.errors:
            admin_action.case_id = case_id
            admin_action.reason = data.get("reason", "") if self.tells_reason else ""


class ReasonForm(NamesCase, forms.Form):
    """Whatever is changed by hand says why; the reason goes into the journal."""

    reason = text_field(_("Reason"), REASON_LENGTH, validators=[plain_text])
    case = CaseField()

    field_order: Any = None


class ReasonActionForm(NamesCase, unfold_forms.ActionForm):
    """An action on selected rows that says why."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Reason")}),
    )
    case = CaseField(
        label="",
        attrs={"placeholder": _("Case"), "aria-label": _("Case"), "autocomplete": "off"},
    )


def seal_of(*shown: Any) -> str:
    """Return a digest of what a page previews, so that nothing else is confirmed."""
    return salted_hmac("core.admin.preview", repr(shown), algorithm="sha256").hexdigest()
