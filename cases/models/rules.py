"""What cases go by: when support works, what it aims for, and texts that it uses often."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.constants import NAME_LENGTH, PRIORITIES, TEXT_LENGTH, WAITING, State
from cases.validators import holiday_country, intervals, readable_text, time_zone, week
from core.fields import FoldedField
from core.validators import plain_text

# States that a macro can move a case to.
MACRO_STATES = [(one.value, one.label) for one in (*WAITING, State.RESOLVED)]


def default_hours() -> list[list[list[str]]]:
    """Return the hours of a week from Monday to Saturday, seven to seven."""
    return [[["07:00", "19:00"]] for _day in range(6)] + [[]]


class WorkCalendar(models.Model):
    """When support works: hours of each weekday in a time zone, except on holidays.

    ``hours`` has a list for each weekday, Monday first, of pairs of times: a lunch break is what
    lies between two pairs. The days of ``country`` (ISO 3166) that the package ``holidays`` knows
    are free; an empty one has none.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    name_key = FoldedField(source="name")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="America/Bogota", validators=[time_zone]
    )
    hours = models.JSONField(_("hours"), default=default_hours, validators=[week])
    country = models.CharField(
        _("holidays of"), max_length=2, default="CO", blank=True, validators=[holiday_country]
    )
    is_default = models.BooleanField(_("holds where nothing else is said"), default=False)

    class Meta:
        verbose_name = _("work calendar")
        verbose_name_plural = _("work calendars")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name_key"], name="cases_calendar_name_unique"),
            models.CheckConstraint(condition=~Q(name_key=""), name="cases_calendar_named"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="cases_calendar_one_default",
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.name)  # that of the reference data has a Spanish one


class CalendarException(models.Model):
    """A day with hours of its own; without any, nobody works. It wins over holidays."""

    calendar = models.ForeignKey(
        WorkCalendar, models.CASCADE, related_name="exceptions", verbose_name=_("calendar")
    )
    day = models.DateField(_("day"))
    intervals = models.JSONField(_("hours"), default=list, blank=True, validators=[intervals])
    name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True, validators=[plain_text])

    class Meta:
        verbose_name = _("exception of a calendar")
        verbose_name_plural = _("exceptions of calendars")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "day"], name="cases_exception_day_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class SlaPolicy(models.Model):
    """What support aims for with a kind of cases at a priority, in minutes of working time.

    Without a row the kind says it (:class:`core.cases.Kind`).
    """

    kind = models.CharField(_("kind"), max_length=40)
    priority = models.PositiveSmallIntegerField(_("priority"))
    first_response = models.PositiveIntegerField(_("first response in minutes"))
    solution = models.PositiveIntegerField(_("solution in minutes"))
    calendar = models.ForeignKey(
        WorkCalendar,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("calendar"),
        help_text=_("Without one: the calendar that holds where nothing else is said."),
    )

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "priority"], name="cases_target_unique"),
            models.CheckConstraint(
                condition=Q(priority__in=PRIORITIES), name="cases_target_priority_known"
            ),
            models.CheckConstraint(
                condition=Q(first_response__gte=1, solution__gte=models.F("first_response")),
                name="cases_target_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.priority}"


class Macro(models.Model):
    """A reply, a move and a resolution that often come together."""

    title = models.CharField(_("title"), max_length=NAME_LENGTH, validators=[plain_text])
    title_key = FoldedField(source="title")
    kind = models.CharField(_("only for the kind"), max_length=40, blank=True)
    reply = models.TextField(
        _("reply"), max_length=TEXT_LENGTH, blank=True, validators=[readable_text]
    )
    visible = models.BooleanField(_("for the reporter"), default=True)
    to_state = models.CharField(_("moves to"), max_length=14, choices=MACRO_STATES, blank=True)
    resolution = models.CharField(_("resolution"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("macro")
        verbose_name_plural = _("macros")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["title_key"], name="cases_macro_title_unique"),
            models.CheckConstraint(condition=~Q(title_key=""), name="cases_macro_titled"),
            models.CheckConstraint(
                condition=Q(to_state=State.RESOLVED.value) & ~Q(resolution="")
                | ~Q(to_state=State.RESOLVED.value) & Q(resolution=""),
                name="cases_macro_resolves_somehow",
            ),
            models.CheckConstraint(
                condition=~Q(reply="") | ~Q(to_state=""), name="cases_macro_does_something"
            ),
        ]

    def __str__(self) -> str:
        return self.title
