"""The rules of due times, and macros: ADMIN writes the rules, SUPPORT its macros."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from cases.admin import words
from cases.admin.recomputing import RecomputePage
from cases.forms.rules import CalendarForm, ExceptionForm, MacroEditForm, PolicyForm
from cases.models import CalendarException, Macro, SlaPolicy, WorkCalendar
from cases.services.kinds import kind_of
from cases.validators import DAYS
from core.admin.base import ModelAdmin
from core.audit import journal
from core.roles import Role
from users.models import User


def is_admin(request: HttpRequest) -> bool:
    """Tell whether the person at the screen may change the rules."""
    return cast("User", request.user).role == Role.ADMIN


class RulesAdmin(ModelAdmin):
    """Base of what ADMIN writes and SUPPORT reads."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let ADMIN add."""
        return is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN change."""
        return is_admin(request)


class ExceptionInline(TabularInline):
    """Days with hours of their own."""

    model = CalendarException
    form = ExceptionForm
    fields = ("day", "name", "intervals")
    ordering = ("-day",)
    extra = 1
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN add."""
        return is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN change."""
        return is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN delete."""
        return is_admin(request)


@admin.register(WorkCalendar)
class WorkCalendarAdmin(RecomputePage, RulesAdmin):
    """When support works: hours of each weekday, holidays, exceptions."""

    form = CalendarForm
    inlines = (ExceptionInline,)
    list_display = ("called", "time_zone", "country", "is_default")
    search_fields = ("=name_key",)
    ordering = ("name_key", "id")
    fields = (
        *("name", "time_zone", "country", "is_default"),
        *(f"day_{number}" for number in range(DAYS)),
    )

    @display(description=_("name"), ordering="name_key")
    def called(self, calendar: WorkCalendar) -> str:
        """Return what people call the calendar."""
        return str(calendar)

    @display(description=_("hours"))
    def week(self, calendar: WorkCalendar) -> SafeString:
        """Return the hours of each day, for whoever gets no fields for them."""
        lines = [
            (WEEKDAYS[number], ", ".join("-".join(pair) for pair in hours) or "—")
            for number, hours in enumerate(calendar.hours)
        ]
        return format_html_join("", "{}: {}<br>", lines)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the week of somebody who may not change it in one piece: fields need a form."""
        if self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ("called", "time_zone", "country", "is_default", "week")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name what is no field of the form."""
        shown = super().get_readonly_fields(request, obj)
        return shown if self.has_change_permission(request, obj) else (*shown, "called", "week")

    def create(self, obj: WorkCalendar, fields: dict[str, Any]) -> WorkCalendar:
        """Store the calendar with its week."""
        obj.hours = fields["hours"]
        return cast("WorkCalendar", super().create(obj, fields))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write the exceptions, each with its entry."""
        formset.save(commit=False)
        formset.save_m2m = lambda: None
        for gone in formset.deleted_objects:
            journal.record(journal.Action.DELETE, gone)
            gone.delete()
        for day, _names in formset.changed_objects:
            before = journal.snapshot(CalendarException.objects.get(pk=day.pk))
            journal.record(journal.Action.CHANGE, day, changes=journal.save_changes(day, before))
        for day in formset.new_objects:
            day.save()
            journal.record(journal.Action.CREATE, day, changes=journal.initial(day))


@admin.register(SlaPolicy)
class SlaPolicyAdmin(RecomputePage, RulesAdmin):
    """What support aims for, in minutes of working time."""

    form = PolicyForm
    fields = ("kind", "priority", "first_response", "solution", "calendar")
    list_display = ("kind_label", "priority_label", "first_response", "solution", "calendar")
    list_select_related = ("calendar",)
    list_filter = ("priority",)
    search_fields = ("=kind",)
    ordering = ("kind", "priority")

    @display(description=_("kind"), ordering="kind")
    def kind_label(self, policy: SlaPolicy) -> str:
        """Return the kind in words."""
        return str(kind_of(policy.kind).label)

    @display(description=_("priority"), ordering="priority")
    def priority_label(self, policy: SlaPolicy) -> str:
        """Return the priority in words."""
        return words.priority(policy.priority)


@admin.register(Macro)
class MacroAdmin(ModelAdmin):
    """Texts that support uses often, pressed on the page of a case."""

    form = MacroEditForm
    fields = ("title", "kind", "reply", "visible", "to_state", "resolution")
    list_display = ("title", "kind_label", "to_state", "visible")
    search_fields = ("=title_key",)
    ordering = ("title_key", "id")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let who writes macros delete them: events keep what was said."""
        return self.has_change_permission(request, obj)

    @display(description=_("kind"), ordering="kind")
    def kind_label(self, macro: Macro) -> str:
        """Return the kind in words; a macro without one is for all."""
        return str(kind_of(macro.kind).label) if macro.kind else str(_("any"))
