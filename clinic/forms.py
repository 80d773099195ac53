"""The admin's forms: the same rules as the API's, and suggestions for body parts."""

import re
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from clinic.constants import BODY_PARTS, REASON_LENGTH
from clinic.errors import MergeIntoItself, UnknownPatient
from clinic.models import Patient, Study
from core.admin.forms import (
    CaseField,
    NamesCase,
    ReasonForm,
    SuggestionWidget,
    number_field,
    text_field,
)
from core.validators import plain_text
from core.values import INT64_MAX

ISO = "%Y-%m-%d"
PAGE = re.compile("[1-9][0-9]{0,5}")


class RecordForm(NamesCase, forms.ModelForm):
    """A record, why it is changed, and its dates in the one spelling that is not read two ways."""

    reason = text_field(_("Reason"), REASON_LENGTH, required=False, validators=[plain_text])
    case = CaseField()
    tells_reason = False  # clinical text stays in the record's versions

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.input_formats = [ISO]
                field.widget.format = ISO


class PatientForm(RecordForm):
    """A patient."""

    class Meta:
        model = Patient
        fields = ("first_name", "last_name", "birth_date", "email")


class WhyForm(ReasonForm):
    """Why records are merged or parted; kept where the records' words are."""

    tells_reason = False


class MergeForm(WhyForm):
    """Which record stays, and why."""

    into = number_field(_("Id of the patient that stays"), INT64_MAX)

    field_order = ("into", "reason")

    def __init__(self, *args: Any, source: Patient, **kwargs: Any) -> None:
        self.source = source
        super().__init__(*args, **kwargs)

    def clean_into(self) -> Patient:
        """Return the patient that stays."""
        if self.cleaned_data["into"] == self.source.pk:
            raise forms.ValidationError(MergeIntoItself.default_detail)
        patient = Patient.objects.filter(pk=self.cleaned_data["into"]).first()
        if patient is None:
            raise forms.ValidationError(UnknownPatient.default_detail)
        return patient


class PagedFormSet(PaginationInlineFormSet):
    """A page of the rows that belong to a record."""

    def get_page_num(self) -> int:
        """Return the page that is asked for; "²" is numeric for Unfold, but no number."""
        asked = {**self.request.GET.dict(), **self.request.POST.dict()}
        text = asked.get(self.get_pagination_key(), "")
        return int(text) if PAGE.fullmatch(text) else 1


class StudyForm(RecordForm):
    """A study."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "status" in self.fields:
            self.fields["status"].required = False  # without one it stays as it is

    @cached_property
    def changed_data(self) -> list[str]:
        """Return the names of the changed fields; a status that was not sent is none of them."""
        sent = self.add_prefix("status") in self.data
        return [name for name in super().changed_data if name != "status" or sent]

    def clean_status(self) -> str:
        """Return the status, or that which the study has."""
        return str(self.cleaned_data["status"] or self.instance.status)

    class Meta:
        model = Study
        fields = (
            "patient",
            "urgency_level",
            "type",
            "body_part",
            "description",
            "performed_on",
            "status",
        )
        widgets = {"body_part": SuggestionWidget(lambda: BODY_PARTS)}
