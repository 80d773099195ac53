"""Numbers as people read them."""

from typing import Any

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

# By how far a share lies below the target, in hundredths.
FAIR, POOR = 10, 25
NOTHING = "—"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def percent(share: float | None) -> str:
    """Return a share in percent; a dash for none."""
    # Rounded here: number_format cuts off.
    return NOTHING if share is None else f"{number_format(round(share * 100, 1), 1)} %"


def number(value: float | None) -> str:
    """Return a number with its separators; a dash for none."""
    return NOTHING if value is None else number_format(value, use_l10n=True, force_grouping=True)


def duration(seconds: int | None) -> str:
    """Return how long something takes, in its two largest units; a dash for none."""
    if seconds is None:
        return NOTHING
    if seconds < MINUTE:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < HOUR:
        # Half a minute more or less is nothing that a histogram knows.
        return _("%(minutes)d min") % {"minutes": round(seconds / MINUTE)}
    if seconds < DAY:
        hours, rest = divmod(round(seconds / MINUTE), 60)
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    days, rest = divmod(round(seconds / HOUR), 24)
    return _("%(days)d d %(hours)d h") % {"days": days, "hours": rest}


def on_shelf(row: dict[str, Any]) -> float | None:
    """Return which share of the must-haves was there."""
    gone = row["out_of_stock"]
    return None if gone is None else round(1 - gone, 4)


def grade(share: float | None) -> str:
    """Return how good a share of must-haves is, for its colour: the target decides."""
    if share is None:
        return "none"
    below = settings.STORES_COMPLIANCE_TARGET - share * 100
    if below <= 0:
        return "good"
    if below <= FAIR:
        return "fair"
    return "poor" if below <= POOR else "bad"


def legend() -> list[tuple[str, str]]:
    """Return each grade with what it means."""
    target = settings.STORES_COMPLIANCE_TARGET
    fair, poor = max(target - FAIR, 0), max(target - POOR, 0)
    from_on = _("from %(share)d %%")
    return [
        ("good", from_on % {"share": target}),
        ("fair", from_on % {"share": fair}),
        ("poor", from_on % {"share": poor}),
        ("bad", _("below %(share)d %%") % {"share": poor}),
        ("none", _("not measured")),
    ]


def day(value: Any) -> str:
    """Return a day with its weekday."""
    # Translators: how a day is written, in the letters of Django's date filter.
    return date_format(value, _("D j M"))
