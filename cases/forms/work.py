"""Forms of the admin: what support does with a case."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from cases.constants import TEXT_LENGTH, VALUE_LENGTH, State
from cases.models import Case, Macro
from cases.selectors import number_of
from cases.services.kinds import kind_of
from cases.services.macros import macros_for
from cases.services.people import SUPPORT_ROLES
from cases.validators import readable_text
from core import cases
from core.admin.forms import SuggestionWidget, text_field
from core.validators import plain_text
from core.values import INT64_MAX

PRIORITIES = {1: _("high"), 2: _("normal"), 3: _("low")}
MAX_SUPPORTERS = 200
VALUE = "value_"  # begins the names of fields with what a resolution takes


class TextField(forms.CharField):
    """Some lines of text; a browser ends each with two characters."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})
        given = {"max_length": TEXT_LENGTH, "validators": [readable_text], "widget": widget}
        super().__init__(label=_("Text"), **{**given, **kwargs})

    def to_python(self, value: Any) -> str:
        """Return the text with the line breaks that are stored."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


class WorkForm(forms.Form):
    """What is done with a case: ``seen`` is the last event that the page showed of it."""

    seen = forms.IntegerField(min_value=0, max_value=INT64_MAX, widget=forms.HiddenInput())

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        self.case = case
        super().__init__(*args, **kwargs)


class AssignForm(WorkForm):
    """Whose the case is."""

    assignee = forms.ChoiceField(
        label=_("Assignee"), required=False, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = get_user_model()._default_manager.filter(role__in=SUPPORT_ROLES, is_active=True)
        found = people.order_by("email").values_list("pk", "email")[:MAX_SUPPORTERS]
        field: Any = self.fields["assignee"]
        field.choices = [("", gettext("nobody")), *found]
        field.initial = self.case.assignee_id or ""

    def clean_assignee(self) -> int | None:
        """Return the id, or None for nobody."""
        return int(self.cleaned_data["assignee"]) if self.cleaned_data["assignee"] else None


class ReplyForm(WorkForm):
    """A text; the button says for whom it is."""

    text = TextField()


class WaitForm(WorkForm):
    """For whom the case waits, and what for."""

    to = forms.TypedChoiceField(
        label=_("Wait for"),
        choices=[
            (State.WAITING_SELLER.value, _("the seller")),
            (State.WAITING_VENDOR.value, _("the vendor")),
        ],
        coerce=State,
        widget=UnfoldAdminSelectWidget(),
    )
    text = TextField(required=False, help_text=_("A seller reads it; a vendor does not."))

    def clean(self) -> dict[str, Any]:
        """Want a question where somebody is to answer it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("to") == State.WAITING_SELLER and data.get("text") == "":
            self.add_error("text", gettext("Say what the seller is to answer."))
        return data


class ResolveForm(WorkForm):
    """How the case ends, with what that takes."""

    resolution = forms.ChoiceField(label=_("Resolution"), widget=UnfoldAdminSelectWidget())
    text = TextField(required=False, help_text=_("The reporter reads it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = resolutions_of(self.case)
        field: Any = self.fields["resolution"]
        field.choices = [(name, one.label) for name, one in offered.items()]
        self.taken = sorted({name for one in offered.values() for name in one.takes})
        for name in self.taken:
            self.fields[VALUE + name] = text_field(
                gettext(name), VALUE_LENGTH, required=False, validators=[plain_text]
            )
        self.order_fields(["seen", "resolution", *(VALUE + name for name in self.taken), "text"])

    def values(self) -> dict[str, Any]:
        """Return what is given for what resolutions take, as it was typed."""
        given = {name: self.cleaned_data[VALUE + name] for name in self.taken}
        return {name: text for name, text in given.items() if text}


class ReopenForm(WorkForm):
    """Why the case goes on."""

    text = TextField(required=False, help_text=_("The reporter reads it."))


class DuplicateForm(WorkForm):
    """Which case says the same."""

    of = text_field(
        _("Duplicate of"),
        VALUE_LENGTH,
        widget=SuggestionWidget(cases.suggestions, {"autocomplete": "off"}),
        help_text=_("The number of the case that stays."),
    )

    def clean_of(self) -> int:
        """Return the id that the number is; whether there is such a case, the service says."""
        found = number_of(self.cleaned_data["of"].split()[0])
        if found is None:
            raise forms.ValidationError(_("There is no such case."), code="unknown_case")
        return found


class PriorityForm(WorkForm):
    """How much the case matters."""

    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=list(PRIORITIES.items()),
        coerce=int,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["priority"].initial = self.case.priority


class MacroForm(WorkForm):
    """A reply, a move and a resolution that often come together."""

    macro = forms.ModelChoiceField(queryset=Macro.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["macro"]
        field.queryset = macros_for(self.case)


def resolutions_of(case: Case) -> dict[str, cases.Resolution]:
    """Return how a case can end here: what takes values is decided on the kind's page, if any."""
    kind = kind_of(case.kind)
    has_page = kind.page is not None and bool(case.object_id and kind.page(case.object_id))
    return {name: one for name, one in kind.resolutions.items() if not (has_page and one.takes)}
