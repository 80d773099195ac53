"""What fields of the app may hold, the same for the API, the admin and other apps."""

import re
from typing import Any
from zoneinfo import available_timezones

import holidays
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.text import is_clean, is_visible
from core.validators import plain_text

DAYS = 7
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
MAX_INTERVALS = 10


def readable_text(value: str) -> None:
    """Refuse what :func:`core.validators.plain_text` does, except for line breaks."""
    if not (is_clean(value, lines=True) and is_visible(value)):
        plain_text(value.replace("\n", " "))


def time_zone(value: str) -> None:
    """Refuse what is no time zone's name."""
    if value not in available_timezones():
        raise ValidationError(_("There is no such time zone."), code="unknown_time_zone")


def holiday_country(value: str) -> None:
    """Refuse a country whose holidays nobody knows."""
    if value and value not in holidays.list_supported_countries():
        raise ValidationError(
            _("The holidays of this country are unknown."), code="unknown_country"
        )


def intervals(value: Any) -> None:
    """Refuse what are no hours of one day: pairs such as ["07:00", "12:00"], in their order."""
    if not isinstance(value, list) or len(value) > MAX_INTERVALS:
        raise ValidationError(_("A list of pairs of times is wanted."), code="invalid_hours")
    end = ""
    for pair in value:
        if not isinstance(pair, list) or [type(one) for one in pair] != [str, str]:
            raise ValidationError(_("A list of pairs of times is wanted."), code="invalid_hours")
        if not all(TIME.fullmatch(one) for one in pair):
            raise ValidationError(
                _("A time is written as 07:00, up to 24:00."), code="invalid_time"
            )
        if not end <= pair[0] < pair[1]:
            raise ValidationError(
                _("Each pair of times begins before it ends, and after the one before."),
                code="invalid_order",
            )
        end = pair[1]


def week(value: Any) -> None:
    """Refuse what are no hours of a week: seven lists of pairs, Monday first, not all empty."""
    if not isinstance(value, list) or len(value) != DAYS:
        raise ValidationError(_("Seven lists are wanted, Monday first."), code="invalid_week")
    for day in value:
        intervals(day)
    if not any(value):
        raise ValidationError(_("A week without any working time counts none."), code="no_hours")
