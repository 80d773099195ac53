"""Forms of the admin: the rules that due times follow, in words and not as JSON."""

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from cases.constants import VALUE_LENGTH
from cases.forms.work import PRIORITIES
from cases.models import CalendarException, Macro, SlaPolicy, WorkCalendar
from cases.services.kinds import kind_of
from cases.validators import DAYS, intervals, week
from core import cases
from core.text import name_key

EXAMPLE = "07:00-12:00, 13:00-19:00"
DAY = "day_"  # begins the names of the fields of a week
PAIR = 2


class HoursField(forms.CharField):
    """Hours of a day: ``07:00-12:00, 13:00-19:00``; empty where nobody works."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": EXAMPLE})
        super().__init__(required=False, max_length=VALUE_LENGTH, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text to show."""
        if not isinstance(value, list):
            return value
        return ", ".join("-".join(pair) for pair in value)

    def clean(self, value: Any) -> list[list[str]]:
        """Return the pairs of times."""
        parts = [part for part in (super().clean(value) or "").split(",") if part.strip()]
        pairs = [[time.strip() for time in part.split("-")] for part in parts]
        intervals([pair if len(pair) == PAIR else None for pair in pairs])
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare hours, not their spelling."""
        try:
            return bool((initial or []) != self.clean(data))
        except forms.ValidationError:
            return True


def refuse_taken(form: forms.ModelForm, column: str, text: str) -> str:
    """Return a name, unless another row has it in some spelling.

    Raises:
        ValidationError: it has.
    """
    rows = form._meta.model._default_manager.exclude(pk=form.instance.pk)
    if rows.filter(**{column: name_key(text)}).exists():
        raise forms.ValidationError(_("This name is taken."), code="taken")
    return text


class CalendarForm(forms.ModelForm):
    """A calendar; its week is a field for each day."""

    day_0 = HoursField(label=WEEKDAYS[0])
    day_1 = HoursField(label=WEEKDAYS[1])
    day_2 = HoursField(label=WEEKDAYS[2])
    day_3 = HoursField(label=WEEKDAYS[3])
    day_4 = HoursField(label=WEEKDAYS[4])
    day_5 = HoursField(label=WEEKDAYS[5])
    day_6 = HoursField(label=WEEKDAYS[6])

    class Meta:
        model = WorkCalendar
        fields = ("name", "time_zone", "country", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, hours in enumerate(self.instance.hours):
            if DAY + str(number) in self.fields:
                self.fields[DAY + str(number)].initial = hours

    def clean_name(self) -> str:
        """Return the name, unless another calendar has it."""
        return refuse_taken(self, "name_key", self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        """Put the week together; one without any hours is refused."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        names = [DAY + str(number) for number in range(DAYS)]
        if all(name in data for name in names):
            hours = [data.pop(name) for name in names]
            week(hours)
            data["hours"] = hours
        return data

    @property
    def changed_data(self) -> list[str]:
        """Return the columns that changed."""
        found = super().changed_data
        days = [name for name in found if name.startswith(DAY)]
        return [name for name in found if name not in days] + ["hours"] * bool(days)


class ExceptionForm(forms.ModelForm):
    """A day with hours of its own."""

    intervals = HoursField(label=_("Hours"), help_text=_("Empty: nobody works."))

    class Meta:
        model = CalendarException
        fields = ("day", "name", "intervals")


def kind_choices(*first: tuple[str, Any]) -> list[tuple[str, Any]]:
    """Return the kinds of the apps that run."""
    return [*first, *((name, kind.label) for name, kind in cases.kinds().items())]


class PolicyForm(forms.ModelForm):
    """What support aims for with a kind at a priority."""

    kind = forms.ChoiceField(label=_("Kind"), widget=UnfoldAdminSelectWidget())
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=list(PRIORITIES.items()),
        coerce=int,
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = SlaPolicy
        fields = ("kind", "priority", "first_response", "solution", "calendar")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            field: Any = self.fields["kind"]
            field.choices = kind_choices()

    def clean(self) -> dict[str, Any]:
        """Refuse a first response that may come after the solution."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, solution = data.get("first_response"), data.get("solution")
        if first is not None and solution is not None and not 1 <= first <= solution:
            self.add_error("first_response", _("At least 1, and not after the solution."))
        return data


class MacroEditForm(forms.ModelForm):
    """A reply, a move and a resolution that often come together."""

    kind = forms.ChoiceField(
        label=_("Only for the kind"), required=False, widget=UnfoldAdminSelectWidget()
    )
    resolution = forms.ChoiceField(
        label=_("Resolution"), required=False, widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = Macro
        fields = ("title", "kind", "reply", "visible", "to_state", "resolution")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" not in self.fields:
            return
        choice: Any = self.fields["kind"]
        choice.choices = kind_choices(("", _("any")))
        choice = self.fields["resolution"]
        choice.choices = [("", "—"), *sorted(self.resolutions())]

    def resolutions(self) -> set[tuple[str, Any]]:
        """Return how cases of any kind can end without further values."""
        return {
            (name, f"{kind.label}: {one.label}")
            for kind in cases.kinds().values()
            for name, one in kind.resolutions.items()
            if not one.takes
        }

    def clean_title(self) -> str:
        """Return the title, unless another macro has it."""
        return refuse_taken(self, "title_key", self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        """Refuse a macro that no case could follow."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        is_end, ending = data.get("to_state") == "resolved", data.get("resolution")
        if is_end != bool(ending):
            self.add_error("resolution", _("A resolution goes with the move to resolved."))
        elif ending and data.get("kind") and ending not in kind_of(data["kind"]).resolutions:
            self.add_error("resolution", _("A case of this kind cannot end like this."))
        if not data.get("reply") and not data.get("to_state"):
            self.add_error("reply", _("A macro says or moves something."))
        return data
