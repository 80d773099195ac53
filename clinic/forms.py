"""The admin's forms: the same rules as the API's, and suggestions for body parts."""

import re
from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from clinic.constants import BODY_PARTS
from clinic.models import Patient, Study

ISO = "%Y-%m-%d"
PAGE = re.compile("[1-9][0-9]{0,5}")


class SuggestionWidget(UnfoldAdminTextInputWidget):
    """A text input that suggests body parts (a ``datalist``: no script needed)."""

    template_name = "clinic/admin/suggestions.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Name the list and what it suggests."""
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_suggestions"
        context["widget"]["attrs"]["list"] = list_id
        return {**context, "list_id": list_id, "suggestions": BODY_PARTS}


class PatientForm(forms.ModelForm):
    """A patient; the birth date in the one spelling that is not read two ways."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        born = self.fields.get("birth_date")
        if isinstance(born, forms.DateField):
            born.input_formats = [ISO]
            born.widget.format = ISO

    class Meta:
        model = Patient
        fields = ("first_name", "last_name", "birth_date", "email")


class StudyFormSet(PaginationInlineFormSet):
    """A page of a patient's studies."""

    def get_page_num(self) -> int:
        """Return the page that is asked for; "²" is numeric for Unfold, but no number."""
        asked = {**self.request.GET.dict(), **self.request.POST.dict()}
        text = asked.get(self.get_pagination_key(), "")
        return int(text) if PAGE.fullmatch(text) else 1


class StudyForm(forms.ModelForm):
    """A study."""

    class Meta:
        model = Study
        fields = ("patient", "urgency_level", "type", "body_part", "description")
        widgets = {"body_part": SuggestionWidget}
