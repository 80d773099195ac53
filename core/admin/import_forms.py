"""What a page of an import asks for, and what it says of an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from core.files import CHOICES

MAX_PAGE_BYTES = 2 * 1024 * 1024  # more goes through the command, which no request's end cuts off
COUNTS: dict[str, Any] = {
    "created": _("created"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "changed_here": _("corrected here, left as it is"),
    "archived_here": _("archived here, stays so"),
    "conflicts": _("changed here and in the file, kept as it is here"),
    "overwritten": _("changed here and in the file, taken from the file"),
}
LAYOUT_LABELS: dict[str, Any] = {
    "delimiter": _("Separator"),
    "encoding": _("Encoding"),
    "date_format": _("Order of day and month"),
}


@dataclass(slots=True)
class Outcome:
    """What an import did or would do: for each file what became of how many rows."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)  # how each file was read, if not as usual

    @property
    def rows(self) -> int:
        """Return how many rows that are."""
        return sum(sum(counted.values()) for counted in self.counts.values())

    @property
    def lines(self) -> list[str]:
        """Return what to say of each file."""
        return [
            f"{name}: {', '.join(said(counted))}"
            + (f" ({layout})" if (layout := self.layouts.get(name)) else "")
            for name, counted in self.counts.items()
        ]


def said(counted: Mapping[str, int]) -> list[str]:
    """Return counts in words; what came to nothing is left out but for the usual ones."""
    usual = ("created", "updated", "unchanged")
    return [
        f"{COUNTS[name]} {number_format(number)}"
        for name, number in counted.items()
        if number or name in usual
    ]


class UploadForm(forms.Form):
    """Files, in the fields ``file_names``, and how they are written where that is not found out."""

    file_names: tuple[str, ...] = ("file",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LAYOUT_LABELS.items():
            choices = [("", _("found out")), *((one, one) for one in CHOICES[name])]
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, widget=UnfoldAdminSelectWidget()
            )

    def clean(self) -> dict[str, Any]:
        """Refuse nothing at all, and what is too large for a page."""
        data = super().clean() or {}
        given = [data[name] for name in self.file_names if data.get(name)]
        if not given and not self.errors:
            raise forms.ValidationError(_("Choose a file."))
        if sum(file.size for file in given) > MAX_PAGE_BYTES:
            limit = {"limit": MAX_PAGE_BYTES // 1024 // 1024}
            text = _("At most %(limit)d MB on this page; larger files go through the command.")
            raise forms.ValidationError(text % limit)
        return data

    @property
    def choices(self) -> dict[str, str]:
        """Return what was chosen beside the files."""
        return {
            name: str(value)
            for name, value in self.cleaned_data.items()
            if name not in self.file_names and value
        }


def file_field(label: Any, *, required: bool = True) -> forms.FileField:
    """Return the field of one file; an empty one is for the import to refuse."""
    return forms.FileField(
        label=label,
        required=required,
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(),
    )


class FileForm(UploadForm):
    """One file."""

    file = file_field(_("CSV file"))

    field_order = ("file",)
