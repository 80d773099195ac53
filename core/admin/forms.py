"""Forms of pages that do a job: whatever is changed by hand says why."""

from typing import Any

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from unfold import forms as unfold_forms
from unfold.widgets import UnfoldAdminTextInputWidget

from core.validators import plain_text

REASON_LENGTH = 500


def text_field(label: Any, length: int, **kwargs: Any) -> forms.CharField:
    """Return a line of text."""
    widget = kwargs.pop("widget", UnfoldAdminTextInputWidget())
    return forms.CharField(label=label, max_length=length, widget=widget, **kwargs)


def number_field(label: Any, maximum: int, **kwargs: Any) -> forms.IntegerField:
    """Return a whole number from 1 on."""
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"})
    return forms.IntegerField(label=label, min_value=1, max_value=maximum, widget=widget, **kwargs)


class ReasonForm(forms.Form):
    """Whatever is changed by hand says why; the reason goes into the journal."""

    reason = text_field(_("Reason"), REASON_LENGTH, validators=[plain_text])

    field_order: Any = None


class ReasonActionForm(unfold_forms.ActionForm):
    """An action on selected rows that says why."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Reason")}),
    )


def seal_of(*shown: Any) -> str:
    """Return a digest of what a page previews, so that nothing else is confirmed."""
    return salted_hmac("core.admin.preview", repr(shown), algorithm="sha256").hexdigest()
